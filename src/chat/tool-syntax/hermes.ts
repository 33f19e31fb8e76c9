/**
 * JSON between tags: Hermes, Qwen 2.5 and 3, SmolLM, and what this server asks for where a template knows no tools.
 * source: https://github.com/NousResearch/Hermes-Function-Calling and the chat templates of the models named below
 */
import { readAnyCalls } from "./call-values.ts";
import { readMarkup } from "./qwen-xml.ts";
import type { BodyContext, CallMarker, CallOutcome, Syntax } from "./syntax.ts";

/** Tags of the same make: Phi-4-mini and Granite 3, LFM2 and MiniCPM, InternLM 2.5, Nemotron. */
const TAGS = [
  ["<tool_call>", "</tool_call>"],
  ["<|tool_call|>", "<|/tool_call|>"],
  ["<|tool_call_start|>", "<|tool_call_end|>"],
  ["<|action_start|><|plugin|>", "<|action_end|>"],
  ["<TOOLCALL>", "</TOOLCALL>"],
] as const;

const markers: readonly CallMarker[] = TAGS.map(([open, close]) => ({
  text: open,
  body: { close: [close, open], balanced: false, quoted: true },
  read: readTagged,
}));

/** The tags say where a call is, and models mix up what belongs between them. */
function readTagged(body: string, context: BodyContext): readonly CallOutcome[] {
  const inner = body.trim();
  if (inner.startsWith("<")) return readMarkup(inner, context);
  return readAnyCalls(inner, context);
}

/** Hermes and all that took its tags over. */
export const hermes: Syntax = {
  markers: () => markers,
  noise: TAGS.map(([, close]) => close),
  leading: () => [],
  leadingAny: [],
  opening: (name) => (name === undefined ? '<tool_call>\n{"name":' : `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments":`),
};
