/** `/set` in a chat: how answers are made and shown. */
import { didYouMean } from "../../config/nearest.ts";
import { OPTION_NAMES, optionValue } from "../option-values.ts";
import type { ChatRoom } from "./chat-room.ts";
import { canThink } from "./conversation.ts";
import { readFormat, readThink } from "./run-settings.ts";

/** What can be set, each with how it is called and what it does. */
interface Setting {
  readonly usage: string;
  readonly about: string;
  /** @returns what is said of it; "" for nothing. Throws AppError for a value that it cannot have */
  apply(this: void, room: ChatRoom, rest: string): string;
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  parameter: { usage: "parameter <name> <value>", about: "an option of the model, such as temperature", apply: setParameter },
  system: { usage: "system <text>", about: "who the model is to be", apply: setSystem },
  history: { usage: "history", about: "keeps what is typed for other chats", apply: switched(({ history }) => (history.isOn = true)) },
  nohistory: { usage: "nohistory", about: "does not", apply: switched(({ history }) => void (history.isOn = false)) },
  wordwrap: {
    usage: "wordwrap",
    about: "breaks lines between words",
    apply: mode("wordwrap", ({ settings }) => void (settings.wordWrap = true)),
  },
  nowordwrap: { usage: "nowordwrap", about: "does not", apply: mode("nowordwrap", ({ settings }) => void (settings.wordWrap = false)) },
  format: { usage: "format json", about: "answers are JSON; a JSON Schema or its file may stand there, too", apply: setFormat },
  noformat: {
    usage: "noformat",
    about: "answers are free text",
    apply: ({ conversation }) => {
      conversation.settings.format = null;
      return "Disabled format.";
    },
  },
  verbose: {
    usage: "verbose",
    about: "shows how long answers took",
    apply: mode("verbose", ({ settings }) => void (settings.verbose = true)),
  },
  quiet: { usage: "quiet", about: "does not", apply: mode("quiet", ({ settings }) => void (settings.verbose = false)) },
  think: { usage: "think [level]", about: "lets the model think: low, medium, high, max", apply: setThink },
  nothink: { usage: "nothink", about: "has it answer at once", apply: mode("nothink", ({ settings }) => void (settings.think = false)) },
};

/** Sets something. @returns what to say */
export function setCommand(room: ChatRoom, rest: string): string {
  const [, name = "", value = ""] = /^(\S+)\s*([\s\S]*)$/.exec(rest.trim()) ?? [];
  if (name === "") return setHelp();
  const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (setting === undefined) return `Unknown command '/set ${name}'.${didYouMean(name, Object.keys(SETTINGS))} Type /? for help`;
  return setting.apply(room, value);
}

/** What can be set, a line each. */
export function setHelp(): string {
  const rows = Object.values(SETTINGS).map(({ usage, about }) => `  /set ${usage.padEnd(26)} ${about}`);
  return ["Available Commands:", ...rows].join("\n");
}

function switched(change: (room: ChatRoom) => unknown): Setting["apply"] {
  return (room) => {
    change(room);
    return "";
  };
}

function mode(name: string, change: (conversation: ChatRoom["conversation"]) => void): Setting["apply"] {
  return ({ conversation }) => {
    change(conversation);
    return `Set '${name}' mode.`;
  };
}

function setParameter({ conversation }: ChatRoom, rest: string): string {
  const [name = "", ...values] = [...rest.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
  if (name === "" || values.length === 0) return `Usage: /set parameter <name> <value>. The names are ${OPTION_NAMES.join(", ")}.`;
  conversation.settings.options[name] = optionValue(name, values);
  return `Set parameter '${name}' to '${values.join(", ")}'`;
}

function setSystem({ conversation }: ChatRoom, rest: string): string {
  if (rest.trim() === "") return "Usage: /set system <text>";
  conversation.settings.system = rest.trim();
  return "Set system message.";
}

function setFormat({ conversation }: ChatRoom, rest: string): string {
  if (rest.trim() === "") return "Usage: /set format json";
  conversation.settings.format = readFormat(rest.trim());
  return `Set format to '${typeof conversation.settings.format === "string" ? conversation.settings.format : "schema"}' mode.`;
}

function setThink({ conversation }: ChatRoom, rest: string): string {
  if (!canThink(conversation.shown)) return `"${conversation.settings.model}" does not support thinking.`;
  conversation.settings.think = readThink(rest.trim());
  return rest.trim() === "" ? "Set 'think' mode." : `Set 'think' mode to '${rest.trim()}'.`;
}
