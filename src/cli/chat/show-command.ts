/** `/show` in a chat: what is known of the model, and what was set. */
import { didYouMean } from "../../config/nearest.ts";
import { modelOverview } from "../model-overview.ts";
import type { ChatRoom } from "./chat-room.ts";

const PARTS: Readonly<Record<string, (room: ChatRoom) => string>> = {
  info: ({ conversation }) => modelOverview(conversation.shown, false),
  license: ({ conversation }) => conversation.shown.license || "No license was specified for this model.",
  modelfile: ({ conversation }) => conversation.shown.modelfile || "No modelfile is known for this model.",
  parameters: shownParameters,
  system: shownSystem,
  template: ({ conversation }) => conversation.shown.template || "No prompt template was specified for this model.",
};

/** One part. @returns what to say */
export function showCommand(room: ChatRoom, rest: string): string {
  const name = rest.trim();
  if (name === "") return showHelp();
  const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (part === undefined) return `Unknown command '/show ${name}'.${didYouMean(name, Object.keys(PARTS))} Type /? for help`;
  return part(room).trimEnd();
}

/** What can be shown. */
export function showHelp(): string {
  return ["Available Commands:", ...Object.keys(PARTS).map((name) => `  /show ${name}`)].join("\n");
}

function shownParameters({ conversation: { shown, settings } }: ChatRoom): string {
  const own = Object.entries(settings.options).map(([name, value]) => `  ${name.padEnd(30)} ${JSON.stringify(value)}`);
  const model = (shown.parameters ?? "").split("\n").filter((line) => line.trim() !== "");
  if (own.length + model.length === 0) return "No parameters were specified for this model.";
  return [
    ...(model.length === 0 ? [] : ["Model defined parameters:", ...model.map((line) => `  ${line}`)]),
    ...(own.length === 0 ? [] : ["User defined parameters:", ...own]),
  ].join("\n");
}

function shownSystem({ conversation: { shown, settings } }: ChatRoom): string {
  return settings.system ?? (shown.system || "No system message was specified for this model.");
}
