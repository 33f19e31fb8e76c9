/** Asks a model, and hands on the answer while it comes. */
import { AppError } from "../../core/errors.ts";
import type { ChatLine, ChatTurn } from "../client/replies.ts";
import type { ServerClient } from "../client/server-client.ts";

/** An answer, whole or as far as it came. */
export interface Answer {
  readonly turn: ChatTurn;
  /** The last line, with the figures; null where it was cut off. */
  readonly last: ChatLine | null;
}

/** What is told of an answer on the way. */
export interface AnswerListener {
  /** The first piece has come. */
  begin(this: void): void;
  think(text: string): void;
  speak(text: string): void;
}

/** Asks. An answer that the signal cuts off is returned as far as it came. Throws AppError. */
export async function ask(client: ServerClient, request: object, listener: AnswerListener, signal: AbortSignal): Promise<Answer> {
  let content = "";
  let thinking = "";
  let last: ChatLine | null = null;
  try {
    for await (const line of client.stream<ChatLine>("/api/chat", request, signal)) {
      const words = line.message?.content ?? "";
      const thoughts = line.message?.thinking ?? "";
      if (words + thoughts !== "" || line.done === true) listener.begin();
      listener.think(thoughts);
      listener.speak(words);
      content += words;
      thinking += thoughts;
      if (line.done === true) last = line;
    }
    if (last === null) throw new AppError("engine_lost", "The answer was cut off: the server did not say that it was done.");
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
  return { turn: { role: "assistant", content, ...(thinking === "" ? {} : { thinking }) }, last };
}
