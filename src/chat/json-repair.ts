/** Finds the JSON that a model meant. */
import type { JsonNode } from "./json-node.ts";
import { TolerantReader } from "./tolerant-reader.ts";

/** What was read. */
export interface RepairedJson {
  /** The values, one after the other: usually one. Never empty. */
  readonly values: readonly JsonNode[];
  /** `whole`; `unclosed`: only closing brackets were missing at the end; `cut`: the text ends inside a value, and that value is not to be trusted. */
  readonly ending: "whole" | "unclosed" | "cut";
}

/**
 * Reads JSON with the faults that models make: single quotes, unquoted keys and words, trailing and doubled commas, True, False and None,
 * comments, raw line breaks and unescaped quotes in strings, code fences around it, brackets missing at the end or one too many.
 * @returns null for what is not JSON at all: prose, nothing, or nesting beyond reason.
 */
export function repairJson(text: string): RepairedJson | null {
  const reader = new TolerantReader(withoutFence(text));
  const values: JsonNode[] = [];
  while (skipLoose(reader)) {
    const next = reader.peek();
    // Outside brackets a bare word is prose.
    if (!/[[{"'\d-]/.test(next) && !/^(?:true|false|null|True|False|None)\b/.test(reader.text.slice(reader.at, reader.at + 6))) return null;
    const value = reader.value();
    if (value === null || reader.tooDeep) return null;
    values.push(value);
  }
  if (values.length === 0) return null;
  const number = values.length === 1 && values[0]?.kind === "plain";
  if (reader.cut && !number) return { values, ending: "cut" };
  return { values, ending: reader.unclosed ? "unclosed" : "whole" };
}

/** The text inside a code fence when it is all in one; an end without its fence counts too. */
export function withoutFence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("```")) return trimmed.endsWith("```") ? trimmed.slice(0, -3) : trimmed;
  const inner = trimmed.slice(3).replace(/^[a-z_]+(?=[\s{[])/, "");
  return inner.endsWith("```") ? inner.slice(0, -3) : inner;
}

/** Skips separators and brackets that close nothing; false at the end. */
function skipLoose(reader: TolerantReader): boolean {
  while ([",", ";", "}", "]"].includes(reader.peek())) reader.at++;
  return !reader.done;
}
