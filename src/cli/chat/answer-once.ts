/** One answer to one prompt, for people, pipes and programs. */
import type { ServerClient } from "../client/server-client.ts";
import type { CommandContext } from "../command-context.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { ask } from "./ask.ts";
import type { Conversation } from "./conversation.ts";
import { figuresText } from "./figures.ts";
import { startSpinner } from "./spinner.ts";

/** Asks and writes. Throws AppError, and what the signal was aborted with, behind what came. */
export async function answerOnce(
  client: ServerClient,
  conversation: Conversation,
  { flags, out, err }: CommandContext,
  prompt: string,
  signal: AbortSignal,
): Promise<void> {
  const isJson = "json" in flags;
  const writer = new AnswerWriter(out, conversation.settings);
  const endSpinner = startSpinner(err);
  const nothing = (): void => {};
  const listener = {
    begin: endSpinner,
    think: isJson ? nothing : writer.think.bind(writer),
    speak: isJson ? nothing : writer.speak.bind(writer),
  };
  try {
    const { turn, last } = await ask(client, conversation.request(prompt), listener, signal);
    endSpinner();
    writer.end();
    if (last !== null && isJson) out.write(`${JSON.stringify({ ...last, message: turn })}\n`);
    if (out.isTerminal && !isJson) out.write("\n");
    if (last !== null && conversation.settings.verbose) err.write(figuresText(last));
  } finally {
    endSpinner();
    writer.end();
  }
  signal.throwIfAborted();
}
