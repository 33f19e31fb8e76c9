/**
 * Mistral: `[TOOL_CALLS]` and a JSON list, or since Mistral Small 3.2 `[TOOL_CALLS]name[ARGS]{…}`, one marker a call.
 * source: https://github.com/mistralai/mistral-common (instruct tokenizers v3 to v13)
 */
import { readJsonCalls, readNamedCall } from "./call-values.ts";
import type { BodyContext, CallOutcome, Syntax } from "./syntax.ts";

const MARKER = "[TOOL_CALLS]";
const ARGUMENTS = "[ARGS]";

function readBody(body: string, context: BodyContext): readonly CallOutcome[] {
  if (/^\s*[[{]/.test(body)) return readJsonCalls(body, context);
  const brace = body.indexOf("{");
  const header = brace === -1 ? body : body.slice(0, brace);
  const [name = ""] = header.split("[");
  return [readNamedCall(name, brace === -1 ? "" : body.slice(brace), context)];
}

const shared: Omit<Syntax, "opening"> = {
  markers: () => [{ text: MARKER, body: { close: [MARKER], balanced: true, quoted: true }, read: readBody }],
  noise: [],
  leading: (name) => [`${name}${ARGUMENTS}{`],
  leadingAny: [],
};

/** Mistral until Small 3.1. */
export const mistral: Syntax = {
  ...shared,
  opening: (name) => (name === undefined ? MARKER : `${MARKER}[{"name": ${JSON.stringify(name)}, "arguments":`),
};

/** Mistral since Small 3.2. */
export const mistralArgs: Syntax = { ...shared, opening: (name) => (name === undefined ? MARKER : `${MARKER}${name}${ARGUMENTS}`) };
