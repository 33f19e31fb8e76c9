/** Calls of functions: what the model wants called, and what it was told. The page calls nothing itself; the person says what came out. */
import { useSignal } from "@preact/signals";
import type { Message, ToolCall } from "../conversation/conversation.ts";
import { CodeBlock } from "../markdown/code-block.tsx";
import { answerCalls } from "./answering.ts";

interface ToolCallsParts {
  readonly conversationId: string;
  readonly calls: readonly ToolCall[];
  /** What came back so far. */
  readonly results: readonly Message[];
  /** Whether the conversation waits for the results. */
  readonly isOpen: boolean;
}

/** The calls of one message. */
export function ToolCalls({ conversationId, calls, results, isOpen }: ToolCallsParts) {
  const typed = useSignal<Readonly<Record<string, string>>>({});
  return (
    <form
      class="calls"
      onSubmit={(event) => {
        event.preventDefault();
        answerCalls(conversationId, new Map(calls.map(({ id }) => [id, typed.value[id] ?? ""])));
      }}
    >
      {calls.map((call) => {
        const result = results.find(({ toolCallId }) => toolCallId === call.id);
        return (
          <section class="call" role="group" aria-label={`Call of ${call.name}`}>
            <p class="call-name">
              Calls <code>{call.name}</code>
            </p>
            <CodeBlock code={indented(call.arguments)} language="json" />
            {result !== undefined && (
              <>
                <p class="call-name">Returned</p>
                <pre class="result" tabIndex={0} role="group" aria-label={`Result of ${call.name}`}>
                  {result.content}
                </pre>
              </>
            )}
            {isOpen && (
              <label class="field">
                What {call.name} returns
                <textarea
                  rows={2}
                  required
                  value={typed.value[call.id] ?? ""}
                  onInput={(event) => (typed.value = { ...typed.value, [call.id]: event.currentTarget.value })}
                />
              </label>
            )}
          </section>
        );
      })}
      {isOpen && (
        <div class="actions">
          <button type="submit">{calls.length === 1 ? "Send the result" : "Send the results"}</button>
        </div>
      )}
    </form>
  );
}

/** Arguments on several lines, where they are JSON already. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
