/** The list of all keys with every name each of them has, made from the two schemas. */
import type { TSchema } from "@sinclair/typebox";
import { InferenceSchema, type InferenceValues } from "./inference-schema.ts";
import { ServerSchema, type ServerConfig } from "./server-schema.ts";
import { type Setting, settingOf } from "./setting.ts";

/** The two parts of the configuration; each has its own file. */
export type ConfigPart = "server" | "inference";

/** Name of a key, in either file. */
export type KeyName = keyof ServerConfig | keyof InferenceValues;

/** Names of the two files, by part. */
export const CONFIG_FILES: Readonly<Record<ConfigPart, string>> = { server: "server.json", inference: "inference_config.json" };

/** Every variable of ours starts so. */
export const VARIABLE_PREFIX = "ROCKCHIP_LLAMA_";

/** The folder of the configuration files is named by a flag or a variable only: it cannot stand in a file. */
export const CONFIG_DIR_FLAG = "--config-dir";
/** Names that folder in the environment. */
export const CONFIG_DIR_VARIABLE = `${VARIABLE_PREFIX}CONFIG_DIR`;

/** One key under all its names. Keys of the inference part may be overridden per model. */
export interface Key extends Setting {
  readonly name: KeyName;
  readonly part: ConfigPart;
  readonly flag: string;
  readonly variable: string;
  /** The schema of its value in a file. */
  readonly schema: TSchema;
}

function keysOf(part: ConfigPart, properties: Readonly<Record<string, TSchema>>): Key[] {
  const keys: Key[] = [];
  for (const [name, schema] of Object.entries(properties)) {
    const flag = `--${name.replaceAll("_", "-")}`;
    keys.push({ ...settingOf(schema), name: name as KeyName, part, flag, variable: VARIABLE_PREFIX + name.toUpperCase(), schema });
  }
  return keys;
}

/** Every key, in the order in which help and docs list them. */
export const KEYS: readonly Key[] = [...keysOf("server", ServerSchema.properties), ...keysOf("inference", InferenceSchema.properties)];
