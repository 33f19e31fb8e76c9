/** Where the person writes. Enter sends, Shift and Enter make a line, Escape stops the answer. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { answerers, models, modelsFault } from "../models/models.ts";

interface ComposerParts {
  readonly isBusy: boolean;
  onSend(this: void, text: string): void;
  onStop(this: void): void;
}

/** The box at the foot of the chat. */
export function Composer({ isBusy, onSend, onStop }: ComposerParts) {
  const text = useSignal("");
  /** It was to be sent before the server had said what models there are. */
  const isEarly = useSignal(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const send = (): void => {
    const said = text.value.trim();
    if (said === "" || isBusy) return;
    isEarly.value = models.value.length === 0 && modelsFault.value === null;
    if (answerers.value.length === 0) return;
    text.value = "";
    onSend(said);
  };
  useEffect(() => {
    if (isEarly.value && answerers.value.length > 0) send();
  }, [answerers.value.length]);
  useEffect(() => {
    // As high as what is written; the style sheet sets the limit.
    if (area.current === null) return;
    area.current.style.height = "auto";
    area.current.style.height = `${area.current.scrollHeight}px`;
  }, [text.value]);
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="unseen" for="message">
        Message
      </label>
      <textarea
        id="message"
        ref={area}
        rows={1}
        placeholder="Write a message"
        enterkeyhint="send"
        value={text}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          isEarly.value = false;
        }}
        onKeyDown={(event) => {
          // While a word is being put together (Chinese, Japanese), Enter belongs to that.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      {isBusy ? (
        <button type="button" class="stop" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button type="submit" class="primary" disabled={text.value.trim() === "" || answerers.value.length === 0}>
          Send
        </button>
      )}
    </form>
  );
}
