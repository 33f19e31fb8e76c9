/** Reads flags: `--key value`, `--key=value`, `--switch`, `--no-switch`, and several of a list. */
import type { Candidate, Layer } from "./candidate.ts";
import { type Key, KEYS } from "./known-keys.ts";
import { didYouMean } from "./nearest.ts";

/** A flag that is no key of the configuration. */
export interface OwnFlag {
  readonly flag: string;
  /** Completes "it takes …"; absent on a switch. */
  readonly takes?: string;
  /** Its value may be left out, and then counts as "". */
  readonly optional?: true;
}

/** An argument list taken apart, before any value is looked at. */
export interface FlagScan {
  readonly settings: readonly { readonly key: Key; readonly text: string }[];
  /** Own flags that were given; switches with the value "". */
  readonly own: ReadonlyMap<string, string>;
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** Unknown flags, missing values, values too many: whole sentences. */
  readonly problems: readonly string[];
}

/** What a flag that we know stands for. */
interface KnownFlag {
  readonly key?: Key;
  readonly takes: string;
  /** The value of a switch that is given without one. */
  readonly implied?: string;
  /** A switch that takes no value at all. */
  readonly bare?: boolean;
}

const KEY_FLAGS: ReadonlyMap<string, KnownFlag> = new Map(KEYS.flatMap(flagsOfKey));

function flagsOfKey(key: Key): [string, KnownFlag][] {
  if (key.type.placeholder !== "") return [[key.flag, { key, takes: key.type.takes }]];
  return [
    [key.flag, { key, takes: key.type.takes, implied: "true" }],
    [key.flag.replace("--", "--no-"), { key, takes: "no value", implied: "false", bare: true }],
  ];
}

/** Takes an argument list apart. `--` ends the flags: what follows is words. */
export function scanFlags(argv: readonly string[], ownFlags: readonly OwnFlag[]): FlagScan {
  const settings: { key: Key; text: string }[] = [];
  const own = new Map<string, string>();
  const words: string[] = [];
  const problems: string[] = [];
  const rest = [...argv];

  const readFlag = (argument: string): void => {
    const equals = argument.indexOf("=");
    const flag = equals === -1 ? argument : argument.slice(0, equals);
    const known = KEY_FLAGS.get(flag) ?? ownFlag(flag, ownFlags);
    let text = equals === -1 ? undefined : argument.slice(equals + 1);
    if (known === undefined) {
      problems.push(`${flag}: unknown flag.${didYouMean(flag, [...KEY_FLAGS.keys(), ...ownFlags.map((entry) => entry.flag)])}`);
      return;
    }
    if (known.bare === true && text !== undefined) {
      problems.push(`${flag}: this flag takes ${known.takes}.`);
      return;
    }
    // A negative number is a value, so only a double dash says that the value was forgotten.
    if (known.implied === undefined && text === undefined && rest[0]?.startsWith("--") === false) text = rest.shift();
    text ??= known.implied;
    if (text === undefined) problems.push(`${flag}: its value is missing; it takes ${known.takes}.`);
    else if (known.key === undefined) own.set(flag, text);
    else settings.push({ key: known.key, text });
  };

  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--") return { settings, own, words: [...words, ...rest], problems };
    if (argument.startsWith("-") && argument !== "-") readFlag(argument);
    else words.push(argument);
  }
  return { settings, own, words, problems };
}

function ownFlag(flag: string, ownFlags: readonly OwnFlag[]): KnownFlag | undefined {
  const found = ownFlags.find((entry) => entry.flag === flag);
  if (found === undefined) return undefined;
  if (found.takes === undefined) return { takes: "no value", implied: "", bare: true };
  return { takes: found.takes, ...(found.optional === true ? { implied: "" } : {}) };
}

/** The configuration's flags as a layer. Of a flag given twice the last one counts; a list adds them up. */
export function flagLayer(argv: readonly string[]): Layer {
  const scan = scanFlags(argv, []);
  const byKey = new Map<Key, string[]>();
  for (const { key, text } of scan.settings) byKey.set(key, key.type.list ? [...(byKey.get(key) ?? []), text] : [text]);
  const candidates = [...byKey].map(([key, texts]): Candidate => ({
    key,
    value: key.type.fromText(texts.join(",")),
    source: { kind: "flag", name: key.flag },
    place: key.flag,
  }));
  return { candidates, problems: [...scan.problems, ...scan.words.map((word) => `${word}: this argument is not expected here.`)] };
}
