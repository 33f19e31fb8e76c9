/** From the flags of `run` to the settings of a chat. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KeyName } from "../../config/known-keys.ts";
import { AppError } from "../../core/errors.ts";
import type { CommandContext } from "../command-context.ts";
import type { ChatSettings } from "./conversation.ts";

/** Keys of the configuration that a request can say, too, under the names that requests have for them. */
const REQUEST_NAMES: Readonly<Partial<Record<KeyName, string>>> = {
  temperature: "temperature",
  top_k: "top_k",
  top_p: "top_p",
  repeat_penalty: "repeat_penalty",
  frequency_penalty: "frequency_penalty",
  presence_penalty: "presence_penalty",
  mirostat: "mirostat",
  mirostat_tau: "mirostat_tau",
  mirostat_eta: "mirostat_eta",
  max_new_tokens: "num_predict",
};

const LEVELS: readonly string[] = ["low", "medium", "high", "max"];

/** The settings. Throws AppError config_invalid for values that make no sense. */
export function runSettings({ words: [model = ""], flags, loaded }: CommandContext): ChatSettings {
  return {
    model,
    system: flags["system"] ?? null,
    options: flaggedOptions(loaded),
    format: flags["format"] === undefined ? null : readFormat(flags["format"]),
    think: flags["think"] === undefined ? null : readThink(flags["think"]),
    keepAlive: flags["keepalive"] ?? null,
    verbose: "verbose" in flags,
    wordWrap: !("nowordwrap" in flags),
    hideThinking: "hidethinking" in flags,
  };
}

/** A flag means this command, whichever server answers it: what is given as one is sent. */
function flaggedOptions({ config, sources }: CommandContext["loaded"]): Record<string, unknown> {
  const flagged = (Object.keys(REQUEST_NAMES) as (keyof typeof config.inference)[]).filter(
    (key) => sources[key as KeyName].kind === "flag" && config.inference[key] !== null,
  );
  return Object.fromEntries(flagged.map((key) => [REQUEST_NAMES[key as KeyName] ?? key, config.inference[key]]));
}

/** `json`, a JSON Schema, or the file of one; null for "". Throws AppError config_invalid. */
export function readFormat(text: string): unknown {
  if (text === "" || text === "json") return text || null;
  if (text.startsWith("{")) return parsedSchema(text, "The format");
  const path = text.startsWith("~/") ? join(homedir(), text.slice(2)) : text;
  if (!existsSync(path)) throw new AppError("config_invalid", `${text}: a format is json, a JSON Schema, or the path of a file with one.`);
  return parsedSchema(readFileSync(path, "utf8"), path);
}

function parsedSchema(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("config_invalid", `${where} is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** Whether to think, or how much. Throws AppError config_invalid. */
export function readThink(text: string): boolean | string {
  if (text === "" || text === "true") return true;
  if (text === "false") return false;
  if (LEVELS.includes(text)) return text;
  throw new AppError("config_invalid", `${text}: --think takes true, false, ${LEVELS.join(", ")}.`);
}
