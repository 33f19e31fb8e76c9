/** What the commands of a chat work with. */
import type { ServerClient } from "../client/server-client.ts";
import type { Terminal } from "../terminal.ts";
import type { Conversation } from "./conversation.ts";
import type { ChatHistory } from "./history.ts";

/** One chat on a terminal. */
export interface ChatRoom {
  readonly client: ServerClient;
  readonly conversation: Conversation;
  readonly history: ChatHistory;
  readonly out: Terminal;
}
