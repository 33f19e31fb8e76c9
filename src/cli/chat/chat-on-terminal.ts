/** Sets up a chat on the terminal of this process, and gives the terminal back. */
import { join } from "node:path";
import type { ServerClient } from "../client/server-client.ts";
import type { CommandContext } from "../command-context.ts";
import type { Conversation } from "./conversation.ts";
import { ChatHistory } from "./history.ts";
import { chat } from "./interactive.ts";
import { LineReader } from "./line-reader.ts";

/** Greyed, where nothing has been typed yet. */
const PLACEHOLDER = "Send a message (/? for help)";

/** Chats until the person leaves, or the terminal goes. */
export async function chatOnTerminal(
  client: ServerClient,
  conversation: Conversation,
  { loaded, out, err }: CommandContext,
): Promise<void> {
  const history = new ChatHistory(join(loaded.config.server.cache_dir, "history"));
  const placeholder = out.hasColours ? PLACEHOLDER : "";
  const lines = new LineReader({ input: process.stdin, output: process.stdout, history, placeholder });
  const end = (): void => {
    lines.onInterrupt?.();
    lines.close();
  };
  for (const signal of ["SIGTERM", "SIGHUP"]) process.once(signal, end);
  try {
    await chat({ client, conversation, history, out }, lines, err);
  } finally {
    end();
  }
}
