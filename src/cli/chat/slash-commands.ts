/** What a line that begins with a slash does in a chat. */
import { didYouMean } from "../../config/nearest.ts";
import type { ShownModel, StatusLine } from "../client/replies.ts";
import { modelsOf, modelTable } from "../model-table.ts";
import type { ChatRoom } from "./chat-room.ts";
import { setCommand, setHelp } from "./set-command.ts";
import { showCommand, showHelp } from "./show-command.ts";

/** Ends the chat. */
export const LEAVE = Symbol("leave");

/** What to say; LEAVE where the chat is over. */
type Outcome = string | typeof LEAVE;

interface SlashCommand {
  readonly usage: string;
  readonly about: string;
  /** Throws AppError. */
  run(this: void, room: ChatRoom, rest: string, signal: AbortSignal): Outcome | Promise<Outcome>;
}

const COMMANDS: Readonly<Record<string, SlashCommand>> = {
  "/set": { usage: "/set", about: "Set session variables", run: setCommand },
  "/show": { usage: "/show", about: "Show model information", run: showCommand },
  "/list": { usage: "/list", about: "List the models", run: async ({ client }) => modelTable(await modelsOf(client), Date.now()) },
  "/load": { usage: "/load <model>", about: "Load a session or model", run: load },
  "/save": { usage: "/save <model>", about: "Save your current session as a model", run: save },
  "/clear": { usage: "/clear", about: "Clear session context", run: clear },
  "/bye": { usage: "/bye, /exit", about: "Exit", run: () => LEAVE },
  "/?": { usage: "/?, /help", about: "Help for a command", run: (_room, rest) => help(rest) },
};

const ALIASES: Readonly<Record<string, string>> = { "/exit": "/bye", "/help": "/?", "/ls": "/list" };

/** Does what the line says. @returns what to say, or LEAVE. Throws AppError, and what the signal was aborted with. */
export async function slashCommand(room: ChatRoom, line: string, signal: AbortSignal): Promise<Outcome> {
  const [, given = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
  const name = ALIASES[given] ?? given;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    return `Unknown command '${given}'.${didYouMean(given, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)])} Type /? for help`;
  }
  return command.run(room, rest, signal);
}

function help(topic: string): string {
  const name = topic.trim().replace(/^\//, "");
  if (name === "set") return setHelp();
  if (name === "show") return showHelp();
  return [
    "Available Commands:",
    ...Object.values(COMMANDS).map(({ usage, about }) => `  ${usage.padEnd(16)} ${about}`),
    "",
    'Use """ to begin a multi-line message.',
    "Ctrl + c stops an answer, Ctrl + d leaves.",
  ].join("\n");
}

async function load({ client, conversation }: ChatRoom, rest: string, signal: AbortSignal): Promise<string> {
  const model = rest.trim();
  if (model === "") return "Usage: /load <model>";
  const shown = await client.post<ShownModel>("/api/show", { model }, { signal });
  await client.post("/api/chat", { model, messages: [] }, { signal });
  conversation.load(model, shown);
  return [`Loaded model '${model}'`, ...storedTurns(shown)].join("\n");
}

/** The conversation that a model was saved with, as it stood on the screen. */
export function storedTurns({ messages = [] }: ShownModel): string[] {
  return messages.flatMap(({ role, content }) => (role === "user" ? [`>>> ${content}`] : role === "assistant" ? [content, ""] : []));
}

async function save({ client, conversation }: ChatRoom, rest: string, signal: AbortSignal): Promise<string> {
  const model = rest.trim();
  if (model === "" || /\s/.test(model)) return "Usage: /save <model>";
  for await (const line of client.stream<StatusLine>("/api/create", conversation.recipe(model), signal)) void line;
  return `Created new model '${model}'`;
}

function clear({ conversation }: ChatRoom): string {
  conversation.clear();
  return "Cleared session context";
}
