/** Reads calls written as Python: `f(a=1, b="x")`, alone, in a list, in print(), or one a line. Nothing is evaluated. */
import type { JsonNode } from "./json-node.ts";
import { TolerantReader } from "./tolerant-reader.ts";

/** A call as it was written. */
export interface PythonicCall {
  readonly name: string;
  /** Arguments with a name, and before them those without. */
  readonly positional: readonly JsonNode[];
  readonly named: readonly (readonly [name: string, value: JsonNode])[];
}

/** The calls of a text, and whether the last one was cut off. */
export interface PythonicCalls {
  readonly calls: readonly PythonicCall[];
  readonly cut: boolean;
}

const NAME = /[A-Za-z_][\w.-]*/y;

/** Around and between calls: a list's brackets, print()'s, separators. */
const LOOSE = new Set(["[", "]", ")", ",", ";"]);

/** @returns null when the text is anything but calls. */
export function readPythonicCalls(text: string): PythonicCalls | null {
  const reader = new TolerantReader(text);
  const calls: PythonicCall[] = [];
  while (reader.peek() !== "") {
    if (LOOSE.has(reader.peek())) {
      reader.at++;
      continue;
    }
    const name = nameAt(reader);
    if (name === null || reader.tooDeep) return null;
    if (!reader.take("(")) return reader.peek() === "" && calls.length > 0 ? { calls, cut: true } : null;
    // What a model prints is the call's result.
    if (name !== "print") calls.push(argumentsOf(name, reader));
  }
  return calls.length === 0 || reader.tooDeep ? null : { calls, cut: reader.cut };
}

function argumentsOf(name: string, reader: TolerantReader): PythonicCall {
  const positional: JsonNode[] = [];
  const named: [string, JsonNode][] = [];
  while (!reader.take(")")) {
    if (reader.take(",")) continue;
    if (reader.peek() === "") {
      // Only the bracket is missing, unless nothing was given yet.
      reader.cut ||= named.length + positional.length === 0;
      break;
    }
    const before = reader.at;
    const key = nameAt(reader);
    const isNamed = key !== null && reader.take("=");
    if (!isNamed) reader.at = before;
    const value = reader.value();
    if (value !== null && isNamed) named.push([key, value]);
    else if (value !== null) positional.push(value);
    else if (reader.at === before) reader.at++;
  }
  return { name, positional, named };
}

function nameAt(reader: TolerantReader): string | null {
  reader.peek();
  NAME.lastIndex = reader.at;
  const name = NAME.exec(reader.text)?.[0] ?? null;
  if (name !== null) reader.at += name.length;
  return name;
}
