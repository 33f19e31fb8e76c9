/** The `run` command: a chat on a terminal, else one answer. */
import { AppError } from "../core/errors.ts";
import { answerOnce } from "./chat/answer-once.ts";
import { chatOnTerminal } from "./chat/chat-on-terminal.ts";
import { Conversation } from "./chat/conversation.ts";
import { findModel } from "./chat/find-model.ts";
import { printVector } from "./chat/print-vector.ts";
import { runSettings } from "./chat/run-settings.ts";
import { startSpinner } from "./chat/spinner.ts";
import { connect } from "./client/connect.ts";
import type { ServerClient } from "./client/server-client.ts";
import type { CommandContext } from "./command-context.ts";
import { interruptible } from "./interruptible.ts";

/** Talks with a model. @returns the exit status: 0, or 130 where Ctrl-C ended an only answer. Throws AppError. */
export async function runModelCommand(context: CommandContext): Promise<number> {
  const { words, flags, loaded, environment, out, err } = context;
  const settings = runSettings(context);
  const isChat = words.length === 1 && process.stdin.isTTY && out.isTerminal;
  if (isChat && "json" in flags) throw new AppError("config_invalid", 'With --json it answers once: run <model> --json "<prompt>"');
  const prompt = isChat ? "" : await promptOf(words.slice(1));
  return interruptible(async (signal, release) => {
    await using connection = await connect(loaded, environment);
    const { client } = connection;
    const shown = await findModel(client, settings.model, err, signal);
    const conversation = new Conversation(settings, shown);
    if (isEmbedding(shown.capabilities)) await printVector(client, context, prompt, signal);
    else if (prompt !== "") await answerOnce(client, conversation, context, prompt, signal);
    else {
      await load(client, conversation, context, signal);
      release();
      if (isChat) await chatOnTerminal(client, conversation, context);
    }
  });
}

/** What is piped in, or typed where nothing else is given, then what was given as arguments. */
async function promptOf(words: readonly string[]): Promise<string> {
  const isTyped = process.stdin.isTTY && words.length > 0;
  const piped = isTyped ? "" : (await Bun.stdin.text()).trimEnd();
  return [piped, words.join(" ")].filter((text) => text !== "").join("\n\n");
}

function isEmbedding(capabilities: readonly string[] = []): boolean {
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}

/** Loads it, so that the first answer does not have to wait; what keeps it from running is told now. */
async function load(client: ServerClient, conversation: Conversation, { err }: CommandContext, signal: AbortSignal): Promise<void> {
  const endSpinner = startSpinner(err);
  try {
    await client.post("/api/chat", conversation.request(null), { signal });
  } finally {
    endSpinner();
  }
}
