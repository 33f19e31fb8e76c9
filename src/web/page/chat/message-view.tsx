/** One message, and what can be done with it. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Ending, Message } from "../conversation/conversation.ts";
import { CodeBlock } from "../markdown/code-block.tsx";
import { Markdown } from "../markdown/markdown.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { count, seconds, short } from "../parts/format.ts";
import { editMessage, regenerate } from "./answering.ts";
import { ToolCalls } from "./tool-calls.tsx";

interface MessageParts {
  readonly conversationId: string;
  readonly message: Message;
  /** What came back from its calls. */
  readonly results: readonly Message[];
  readonly isLast: boolean;
  /** Whether an answer is being made in this conversation. */
  readonly isBusy: boolean;
}

/** What the person said. */
export function Question({ conversationId, message, isBusy }: MessageParts) {
  const draft = useSignal<string | null>(null);
  if (draft.value !== null) {
    const save = (): void => {
      const text = draft.value?.trim() ?? "";
      draft.value = null;
      if (text !== "") editMessage(conversationId, message.id, text);
    };
    return (
      <article class="message question" aria-label="You">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") draft.value = null;
          }}
        >
          <label class="field">
            Your message
            <textarea rows={4} autofocus ref={focus} value={draft.value} onInput={(event) => (draft.value = event.currentTarget.value)} />
          </label>
          <p class="hint">What came after this message is replaced.</p>
          <div class="actions">
            <button type="button" onClick={() => (draft.value = null)}>
              Cancel
            </button>
            <button type="submit" class="primary">
              Send again
            </button>
          </div>
        </form>
      </article>
    );
  }
  return (
    <article class="message question" aria-label="You">
      <div class="said">{message.content}</div>
      <div class="message-actions">
        <CopyButton text={message.content} label="Copy the message" />
        <button type="button" class="quiet" disabled={isBusy} onClick={() => (draft.value = message.content)}>
          Edit
        </button>
      </div>
    </article>
  );
}

function focus(area: HTMLTextAreaElement | null): void {
  if (area !== null && document.activeElement !== area) area.focus();
}

/** What the model said. */
export function Answer({ conversationId, message, results, isLast, isBusy }: MessageParts) {
  const { content, reasoning, toolCalls, ending, error, note, model } = message;
  const isMaking = ending === undefined && isBusy && isLast;
  const words = useMemo(() => {
    const json = isMaking ? null : indentedJson(content);
    return json === null ? <Markdown text={content} /> : <CodeBlock code={json} language="json" />;
  }, [content, isMaking]);
  const again = (label: string) => (
    <button type="button" class="quiet" disabled={isBusy} onClick={() => regenerate(conversationId, message.id)}>
      {label}
    </button>
  );
  return (
    <article class="message answer" aria-label={model ?? "Model"} aria-busy={isMaking}>
      <p class="speaker">{model}</p>
      {reasoning !== undefined && <Thoughts text={reasoning} isThinking={isMaking && content === "" && toolCalls === undefined} />}
      {content !== "" && words}
      {toolCalls !== undefined && (
        <ToolCalls
          conversationId={conversationId}
          calls={toolCalls}
          results={results}
          isOpen={isLast && ending === "tool_calls" && results.length === 0}
        />
      )}
      {error !== undefined && (
        <div class="fault" role="alert">
          <p>{error}</p>
          {again("Try again")}
        </div>
      )}
      {note !== undefined && <p class="hint">{note}</p>}
      {!isMaking && (
        <div class="message-actions">
          {content !== "" && <CopyButton text={content} label="Copy the answer" />}
          {error === undefined && again("Regenerate")}
          <Tail message={message} />
        </div>
      )}
    </article>
  );
}

/** An answer that is a JSON object or array, on several lines; null for any other. */
function indentedJson(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** Thoughts are folded: they are long, and not the answer. */
function Thoughts({ text, isThinking }: { readonly text: string; readonly isThinking: boolean }) {
  return (
    <details class="thoughts">
      <summary>{isThinking ? "Thinking…" : "Thoughts"}</summary>
      <div class="thought">{text.trim()}</div>
    </details>
  );
}

const ENDINGS: Readonly<Record<Ending, string | undefined>> = {
  stop: undefined,
  tool_calls: undefined,
  failed: undefined,
  length: "cut off: the longest answer or the context was reached",
  stopped: "stopped",
};

/** How the answer ended and what it took. */
function Tail({ message: { ending, figures } }: { readonly message: Message }) {
  const said = ending === undefined ? "broken off" : ENDINGS[ending];
  const parts = [
    ...(said === undefined ? [] : [said]),
    ...(figures === undefined
      ? []
      : [
          `${count(figures.completionTokens)} tokens`,
          `${short(figures.tokensPerS)} per second`,
          `first after ${seconds(figures.firstTokenMs)}`,
        ]),
  ];
  return <span class="figures">{parts.join(" · ")}</span>;
}
