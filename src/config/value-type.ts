/**
 * The kinds of value a key can have. A kind knows what a file may hold (a TypeBox schema), how a flag or variable spells the same in
 * text, and what the program gets in the end. Everything that is said about a value, in an error, in --help or in the docs, is said here.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { FormatRegistry, type TSchema, Type } from "@sinclair/typebox";
import { type Network, networkText, parseNetwork } from "../core/network.ts";
import { parseDurationS } from "./duration.ts";

/** Where relative paths and the per-user cache folder start. */
export interface ValueContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How values of one kind are checked, read from text and settled. */
export interface ValueType<T> {
  /** What a file may hold. */
  readonly schema: TSchema;
  /** Completes "it takes …". */
  readonly takes: string;
  /** Stands for the value in --help; "" marks a switch, which needs none. */
  readonly placeholder: string;
  /** A flag that is repeated adds to the value instead of replacing it. */
  readonly list: boolean;
  /** The value a file would hold for this text; what makes no sense is handed back as it is, for the schema to refuse. */
  fromText(text: string): unknown;
  /** What the program works with, from a value the schema has accepted. */
  settle(value: unknown, context: ValueContext): T;
  /** A settled value as a file would hold it; absent: the value itself. */
  show?(settled: T): unknown;
}

/** What a number counts, where it counts something. */
type Unit = "seconds" | "milliseconds" | "bytes" | "tokens";

const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const BOOLEAN_TEXTS: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  1: true,
  0: false,
  yes: true,
  no: false,
  on: true,
  off: false,
};

/** A kind whose file form is already what the program works with. */
function plain<T>(schema: TSchema, takes: string, placeholder: string, fromText: (text: string) => unknown): ValueType<T> {
  return { schema, takes, placeholder, list: false, fromText, settle: (value) => value as T };
}

function numberFromText(text: string): unknown {
  return NUMBER_TEXT.test(text.trim()) ? Number(text) : text;
}

function listFromText(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Any text that is not empty; `takes` says what it names. */
export function text(takes: string, placeholder: string): ValueType<string> {
  return plain(Type.String({ minLength: 1 }), takes, placeholder, (given) => given);
}

/** Text of a fixed shape; `takes` describes the shape. */
export function patternText(pattern: string, takes: string, placeholder: string): ValueType<string> {
  return plain(Type.String({ pattern }), takes, placeholder, (given) => given);
}

/** A whole number within bounds. */
export function integer(minimum: number, maximum: number, unit?: Unit): ValueType<number> {
  const takes = `a whole number ${unit === undefined ? "" : `of ${unit} `}from ${minimum} to ${maximum}`;
  return plain(Type.Integer({ minimum, maximum }), takes, unit ?? "number", numberFromText);
}

/** A port, 0 for any free one, or the word that says there is none. */
export function portOrOff(): ValueType<number | "off"> {
  const schema = Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.Literal("off")]);
  return plain<number | "off">(schema, 'a whole number from 0 to 65535, or "off"', "port|off", (given) => numberFromText(given.trim()));
}

/** A number within bounds. */
export function number(minimum: number, maximum: number, unit?: Unit): ValueType<number> {
  const takes = `a number ${unit === undefined ? "" : `of ${unit} `}from ${minimum} to ${maximum}`;
  return plain(Type.Number({ minimum, maximum }), takes, unit ?? "number", numberFromText);
}

/** true or false; as a flag `--key`, `--no-key` or `--key=false`. */
export function boolean(): ValueType<boolean> {
  return plain(Type.Boolean(), "true or false", "", (given) => BOOLEAN_TEXTS[given.trim().toLowerCase()] ?? given);
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly [T, T, ...T[]]): ValueType<T> {
  const takes = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(words.map((word) => JSON.stringify(word)));
  return plain(Type.Union(words.map((word) => Type.Literal(word))), takes, words.join("|"), (given) => given.trim());
}

/** Several texts: a list in a file, comma-separated or repeated as a flag. */
export function list(takes: string, placeholder: string): ValueType<readonly string[]> {
  const schema = Type.Array(Type.String({ minLength: 1 }));
  return { ...plain<readonly string[]>(schema, takes, placeholder, listFromText), list: true };
}

/** Editors do not know this format and leave such texts alone; the start does not. */
const NETWORK_FORMAT = "network";
FormatRegistry.Set(NETWORK_FORMAT, (given) => parseNetwork(given) !== null);

/** Networks and single addresses. */
export function networkList(): ValueType<readonly Network[]> {
  const schema = Type.Array(Type.String({ format: NETWORK_FORMAT }));
  const takes = "a list of networks such as 192.168.0.0/16 or fd00::/8, or of addresses";
  return {
    ...plain<readonly Network[]>(schema, takes, "networks", listFromText),
    list: true,
    settle: (value) => (value as readonly string[]).map(parseNetwork).filter((network) => network !== null),
    show: (networks) => networks.map(networkText),
  };
}

/** A path; it becomes absolute. A relative one starts at the working directory, `~/` at the home directory. */
function path(): ValueType<string> {
  return {
    ...plain<string>(Type.String({ minLength: 1 }), "a path", "path", (given) => given),
    settle: (value, context) => absolutePath(value as string, context),
  };
}

/** One path or several; they become a list of absolute paths. */
export function pathList(): ValueType<readonly string[]> {
  const one = Type.String({ minLength: 1 });
  return {
    schema: Type.Union([one, Type.Array(one, { minItems: 1 })]),
    takes: "a path or a list of paths",
    placeholder: "paths",
    list: true,
    fromText: listFromText,
    settle: (value, context) => (Array.isArray(value) ? value : [value]).map((item) => absolutePath(item as string, context)),
  };
}

/** A folder of the user's own cache; null stands for $XDG_CACHE_HOME/rockchip-llama or ~/.cache/rockchip-llama. */
export function cacheDirectory(): ValueType<string> {
  return {
    ...nullable(path()),
    settle: (value, context) => {
      if (value !== null) return absolutePath(value as string, context);
      return join(context.env["XDG_CACHE_HOME"] || join(homeDirectory(context), ".cache"), "rockchip-llama");
    },
  };
}

/** A file of the user's own data; null stands for its place below $XDG_DATA_HOME/rockchip-llama or ~/.local/share/rockchip-llama. */
export function dataFile(name: string): ValueType<string> {
  return {
    ...nullable(path()),
    settle: (value, context) => {
      if (value !== null) return absolutePath(value as string, context);
      return join(context.env["XDG_DATA_HOME"] || join(homeDirectory(context), ".local/share"), "rockchip-llama", name);
    },
  };
}

/** How long: seconds, or a duration such as "5m" or "1h30m". Anything negative, or longer than a timer can run, is -1: for ever. */
export function keepAlive(): ValueType<number> {
  return {
    schema: Type.Union([Type.Number(), Type.String({ pattern: "^-?(\\d+(\\.\\d+)?(ms|s|m|h))+$" })]),
    takes: 'a number of seconds or a duration such as "5m" or "1h30m"; a negative one means for ever',
    placeholder: "duration",
    list: false,
    fromText: numberFromText,
    settle: (value) => {
      const seconds = typeof value === "string" ? (parseDurationS(value) ?? -1) : (value as number);
      return seconds < 0 || seconds > TIMER_S_MAX ? -1 : seconds;
    },
  };
}

/** JavaScript timers hold 2^31 - 1 ms. */
const TIMER_S_MAX = 2_147_483;

/** A bit per CPU core, as a number or in hexadecimal. */
export function cpuMask(): ValueType<number> {
  const bits = Type.Integer({ minimum: 1, maximum: 0xffff_ffff });
  return {
    schema: Type.Union([bits, Type.String({ pattern: "^0[xX]0*[1-9a-fA-F][0-9a-fA-F]{0,7}$" })]),
    takes: 'a CPU mask such as "0xF0" (cores 4 to 7)',
    placeholder: "mask",
    list: false,
    fromText: numberFromText,
    settle: (value) => Number(value),
  };
}

/** The same kind, or null for "automatic". */
export function nullable<T>(type: ValueType<T>): ValueType<T | null> {
  return {
    ...type,
    schema: Type.Union([type.schema, Type.Null()]),
    takes: `${type.takes}, or null`,
    fromText: (given) => (given.trim() === "null" ? null : type.fromText(given)),
    settle: (value, context) => (value === null ? null : type.settle(value, context)),
  };
}

function homeDirectory(context: ValueContext): string {
  return context.env["HOME"] || homedir();
}

function absolutePath(given: string, context: ValueContext): string {
  if (given === "~" || given.startsWith("~/")) return join(homeDirectory(context), given.slice(1));
  return resolve(context.cwd, given);
}
