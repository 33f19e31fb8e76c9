/** The answer for screen readers while it is made: whole paragraphs, so that words are neither cut nor said twice. */
import { useRef } from "preact/hooks";
import type { Message } from "../conversation/conversation.ts";

const PARAGRAPHS = /\n{2,}/;

/** A region that is read out politely; it is not seen. */
export function SpokenAnswer({ message, status }: { readonly message: Message | undefined; readonly status: string }) {
  const isMaking = message?.role === "assistant" && message.ending === undefined;
  // Not what was made before: it would be read out whenever somebody comes back to its conversation.
  const made = useRef<string | undefined>(undefined);
  if (isMaking) made.current = message.id;
  const paragraphs = message?.role === "assistant" && message.id === made.current ? message.content.split(PARAGRAPHS) : [];
  const whole = isMaking ? paragraphs.slice(0, -1) : paragraphs;
  return (
    <>
      <div class="unseen" aria-live="polite" aria-relevant="additions">
        {whole.map((text, index) => (
          <p key={`${message?.id ?? ""}-${index}`}>{text}</p>
        ))}
      </div>
      <div class="unseen" role="status">
        {status}
      </div>
    </>
  );
}
