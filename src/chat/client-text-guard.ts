/**
 * Keeps client text from becoming control tokens while it goes through a template.
 *
 * A template sees client text and its own as one kind of string, so the difference has to travel inside the text: before rendering, an
 * invisible character that occurs nowhere in the input is put where a control token could come about; afterwards it is taken out.
 */
import { AppError } from "../core/errors.ts";
import type { ControlText, TemplateWords } from "./control-text.ts";

/** Nesting of client JSON beyond which a request is refused, so that no walk over it can exhaust the stack. */
const JSON_DEPTH_MAX = 200;

/** Unicode keeps U+FDD0..U+FDEF for internal use; no honest text holds them. Found as themselves or as digits of a JSON escape. */
const NONCHARACTERS = /[\uFDD0-\uFDEF]/g;
const NONCHARACTER_ESCAPES = /u(fd[de][0-9a-f])/gi;

/** Marks client text and takes the marks out again. */
export interface ClientTextGuard {
  /** The text with guards where they are needed, and only there. */
  protect(this: void, text: string): string;
  /** A text without guards, written plainly or as JSON escapes. */
  remove(this: void, text: string): string;
}

/** Every string of a JSON value, keys included, through a function; the order of keys stays. Throws AppError invalid_request beyond JSON_DEPTH_MAX. */
export function mapStrings(value: unknown, change: (text: string) => string, depth = 0): unknown {
  if (depth > JSON_DEPTH_MAX) {
    throw new AppError(
      "invalid_request",
      `The request's JSON is nested deeper than ${JSON_DEPTH_MAX} levels. Flatten the tool schema or arguments.`,
    );
  }
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change, depth + 1)]));
}

/**
 * A guard for one rendering.
 * @param inputs Everything whose text can reach the prompt: the guard character occurs in none of it.
 * Throws AppError invalid_request when the input uses up all 32 candidates.
 */
export function createClientTextGuard(inputs: readonly unknown[], control: ControlText, look: TemplateWords): ClientTextGuard {
  const character = freeNoncharacter(inputs);
  const escape = `\\u${character.charCodeAt(0).toString(16)}`;
  return {
    protect(text) {
      let guarded = "";
      let from = 0;
      for (const point of control.guardPoints(text, look)) {
        guarded += text.slice(from, point) + character;
        from = point;
      }
      return from === 0 && guarded === "" ? text : guarded + text.slice(from);
    },
    remove: (text) => text.replaceAll(character, "").replaceAll(escape, ""),
  };
}

function freeNoncharacter(inputs: readonly unknown[]): string {
  const used = new Set<number>();
  const look = (text: string): string => {
    for (const [found] of text.matchAll(NONCHARACTERS)) used.add(found.charCodeAt(0));
    for (const [, digits = ""] of text.matchAll(NONCHARACTER_ESCAPES)) used.add(Number.parseInt(digits, 16));
    return text;
  };
  for (const input of inputs) mapStrings(input, look);
  for (let code = 0xfdd0; code <= 0xfdef; code++) {
    if (!used.has(code)) return String.fromCharCode(code);
  }
  throw new AppError(
    "invalid_request",
    "The request uses all 32 Unicode noncharacters U+FDD0 to U+FDEF, one of which the server needs. Remove them.",
  );
}
