/**
 * Calls without a marker: an answer (or what follows a call) that begins as one, because its syntax has none, because the runtime
 * dropped it as a special token, or because the model forgot it. Whether it is a call is known when it is complete; until then it waits.
 */
import type { ToolDefinition } from "../core/generation.ts";
import type { ToolSyntax } from "../core/runtime.ts";
import { readAnyCalls } from "./tool-syntax/call-values.ts";
import type { BodyContext, CallOutcome } from "./tool-syntax/syntax.ts";
import { SYNTAXES } from "./tool-syntax/table.ts";

/** Fences that a call may stand in. A longer one is tried first. */
const FENCES = ["```json", "```python", "```"];

/** What a beginning is: a call's, no call's, or not yet known. */
export type Verdict = "call" | "text" | "open";

/** The beginnings that are calls of the functions on offer; none any more in an answer of which one turned out to be text. */
export class LeadingCalls {
  readonly #openers: string[];
  readonly #names: ReadonlySet<string>;
  readonly #passesAny: boolean;

  constructor(name: ToolSyntax, tools: readonly ToolDefinition[]) {
    const syntax = SYNTAXES[name];
    this.#names = new Set(tools.map((tool) => tool.name));
    this.#passesAny = syntax.leadingAny.length > 0;
    const own = [...syntax.leadingAny, ...tools.flatMap((tool) => syntax.leading(tool.name))];
    this.#openers = tools.length === 0 ? [] : [...own.map(compact), ...tools.flatMap((tool) => jsonOpeners(compact(tool.name)))];
  }

  /** @param beginning The text so far, blanks left out. */
  judge(beginning: string): Verdict {
    if (this.#openers.length === 0) return "text";
    let rest = beginning;
    const fence = FENCES.find((one) => rest.startsWith(one));
    if (fence !== undefined) rest = rest.slice(fence.length);
    if (rest.startsWith("[")) rest = rest.slice(1);
    if (this.#openers.some((opener) => rest.startsWith(opener))) return "call";
    const open = FENCES.some((one) => one.startsWith(beginning)) || this.#openers.some((opener) => opener.startsWith(rest));
    return open ? "open" : "text";
  }

  /**
   * What came of a beginning that was judged a call.
   * @param forced The answer was made to begin so: then it is a call, whatever became of it.
   * @returns null when it is text after all.
   */
  read(body: string, context: BodyContext, forced: boolean): readonly CallOutcome[] | null {
    const outcomes = readAnyCalls(body, context);
    const isCall = (outcome: CallOutcome): boolean =>
      (outcome.name !== undefined && this.#names.has(outcome.name)) || (this.#passesAny && outcome.kind === "call" && !outcome.bare);
    if (forced || outcomes.every(isCall)) return outcomes;
    // One mistake is enough: reading held text again and again would take forever.
    this.#openers.length = 0;
    return null;
  }
}

/** The ways in which JSON that calls a function may begin: with its name in front of it (GLM-4), or in it. */
function jsonOpeners(name: string): readonly string[] {
  const quoted = [`"${name}"`, `'${name}'`];
  const inside = ['"', "'", ""].flatMap((quote) => {
    const key = (word: string): string => `{${quote}${word}${quote}:`;
    return [
      ...quoted.flatMap((value) => [`${key("name")}${value}`, `${key("function")}${value}`]),
      ...['{"', "{'", "{n"].map((object) => `${key("function")}${object}`),
      ...["'function'", '"function"'].map((value) => `${key("type")}${value}`),
      ...["arguments", "parameters"].map((word) => `${key(word)}{`),
      `${key("tool_calls")}[`,
      `${key("id")}"call`,
    ];
  });
  return [`${name}{`, ...inside];
}

function compact(text: string): string {
  return text.replaceAll(/\s/g, "");
}
