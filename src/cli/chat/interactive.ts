/** A chat on a terminal: questions are edited lines, answers come as they are made, slashes begin commands. */
import { AppError } from "../../core/errors.ts";
import { shownText, textFor, type Terminal } from "../terminal.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { ask } from "./ask.ts";
import type { ChatRoom } from "./chat-room.ts";
import { figuresText } from "./figures.ts";
import type { LineReader } from "./line-reader.ts";
import { MultiLine } from "./multi-line.ts";
import { LEAVE, slashCommand, storedTurns } from "./slash-commands.ts";
import { startSpinner } from "./spinner.ts";

const PROMPT = ">>> ";
const PROMPT_MORE = "... ";
const HOW_TO_LEAVE = "\nUse Ctrl + d or /bye to exit.\n";

/** Talks until the person leaves. What goes wrong in between is told, and the chat goes on. */
export async function chat(room: ChatRoom, lines: LineReader, err: Terminal): Promise<void> {
  const multiLine = new MultiLine();
  for (const line of storedTurns(room.conversation.shown)) room.out.write(`${textFor(room.out, line)}\n`);
  for (;;) {
    const input = await lines.read(multiLine.isOpen ? PROMPT_MORE : PROMPT);
    if (input.kind === "end") {
      room.out.write("\n");
      return;
    }
    if (input.kind === "interrupt") {
      room.out.write(input.wasEmpty && !multiLine.isOpen ? HOW_TO_LEAVE : "\n");
      multiLine.cancel();
      continue;
    }
    const text = multiLine.push(input.text);
    if (text === null || text.trim() === "") continue;
    const stop = new AbortController();
    lines.onInterrupt = () => stop.abort();
    try {
      if (!text.startsWith("/")) await answer(room, text, stop.signal);
      else if ((await obey(room, text, stop.signal)) === LEAVE) return;
    } catch (thrown) {
      const { code, message } = AppError.from(thrown);
      if (stop.signal.aborted) room.out.write("\n");
      else if (code === "internal") throw thrown;
      else err.write(`Error: ${shownText(message)}\n`);
    } finally {
      lines.onInterrupt = null;
    }
  }
}

/** Does what a line with a slash says, and writes what there is to say of it. */
async function obey(room: ChatRoom, line: string, signal: AbortSignal): Promise<typeof LEAVE | null> {
  const endSpinner = startSpinner(room.out);
  try {
    const outcome = await slashCommand(room, line, signal);
    endSpinner();
    if (outcome === LEAVE) return LEAVE;
    if (outcome !== "") room.out.write(`${textFor(room.out, outcome)}\n`);
    return null;
  } finally {
    endSpinner();
  }
}

/** Asks, and writes the answer. Where the signal ends it, what came counts as said. */
async function answer({ client, conversation, out }: ChatRoom, question: string, signal: AbortSignal): Promise<void> {
  const { settings } = conversation;
  const writer = new AnswerWriter(out, settings);
  const endSpinner = startSpinner(out);
  try {
    const listener = { begin: endSpinner, think: writer.think.bind(writer), speak: writer.speak.bind(writer) };
    const { turn, last } = await ask(client, conversation.request(question), listener, signal);
    if (turn.content !== "") conversation.answered(question, turn);
    endSpinner();
    writer.end();
    out.write("\n");
    if (settings.verbose && last !== null) out.write(`${figuresText(last)}\n`);
  } finally {
    endSpinner();
    writer.end();
  }
}
