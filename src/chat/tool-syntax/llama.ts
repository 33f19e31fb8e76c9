/**
 * Llama 3.x: a whole message of JSON or of Python, <|python_tag|> before it or not.
 * source: chat_template of meta-llama/Llama-3.2-1B-Instruct and https://github.com/meta-llama/llama-models (Llama 3.2's prompt format)
 */
import { readJsonCalls, readPythonBody } from "./call-values.ts";
import type { BodyContext, CallMarker, CallOutcome, Syntax } from "./syntax.ts";

const TAGS = ["<|python_tag|>", "<|python_start|>"];

function readTagged(body: string, context: BodyContext): readonly CallOutcome[] {
  if (/^\s*(?:\{|\[\s*\{)/.test(body)) return readJsonCalls(body, context);
  // The built-in tools are called as methods: brave_search.call(query="…").
  return readPythonBody(body, context).map((outcome) =>
    outcome.kind === "call" ? { ...outcome, name: outcome.name.replace(/\.call$/, "") } : outcome,
  );
}

const markers: readonly CallMarker[] = TAGS.map((text) => ({
  text,
  body: { close: ["<|eom_id|>", "<|python_end|>"], balanced: true, quoted: true },
  read: readTagged,
}));

/** Llama 3.x. */
export const llama: Syntax = {
  markers: () => markers,
  noise: ["<|eom_id|>", "<|python_end|>"],
  leading: (name) => [`${name}(`],
  leadingAny: ['{"name":', '{"type":"function","name":', '{"function":"', '{"type":"function","function":'],
  opening: (name) => (name === undefined ? '{"name":' : `{"name": ${JSON.stringify(name)}, "parameters":`),
};
