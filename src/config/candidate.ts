/** A value that some source proposes for a key, and the check every one of them goes through. */
import { Value } from "@sinclair/typebox/value";
import type { Key } from "./known-keys.ts";

/** Where a value came from: `--port`, `OLLAMA_HOST`, the path of a file, or "" for the default. */
export interface ConfigSource {
  readonly kind: "flag" | "environment" | "file" | "default";
  readonly name: string;
}

/** A value that one source gives a key, before it is known whether it is good and whether it wins. */
export interface Candidate {
  readonly key: Key;
  /** As a file would spell it; not checked yet. */
  readonly value: unknown;
  readonly source: ConfigSource;
  /** How an error names the source: with the line, if it is a file. */
  readonly place: string;
}

/** What one source holds, and what is wrong with it, as whole sentences. */
export interface Layer {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly string[];
}

/** Longest value that an error repeats in full, characters. */
const SHOWN_VALUE_MAX = 80;

/** What is wrong with a candidate, as a sentence; undefined if nothing is. */
export function valueProblem(candidate: Candidate): string | undefined {
  const { key, value, place } = candidate;
  if (Value.Check(key.schema, value)) return undefined;
  return `${place}: ${key.name} cannot be ${key.secret === true ? "this (not shown)" : shown(value)}; it takes ${key.type.takes}.`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > SHOWN_VALUE_MAX ? `${json.slice(0, SHOWN_VALUE_MAX)}…` : json;
}
