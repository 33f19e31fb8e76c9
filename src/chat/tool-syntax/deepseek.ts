/**
 * DeepSeek R1 and V3, whose calls hold a name and fenced JSON, and V3.1, whose calls hold a name and JSON.
 * source: chat_template of deepseek-ai/DeepSeek-R1-0528, DeepSeek-V3-0324 and DeepSeek-V3.1
 */
import { readNamedCall } from "./call-values.ts";
import type { BodyContext, CallMarker, CallOutcome, Syntax } from "./syntax.ts";

const [CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR] = [
  "tool▁calls▁begin",
  "tool▁calls▁end",
  "tool▁call▁begin",
  "tool▁call▁end",
  "tool▁sep",
].map((words) => `<｜${words}｜>`) as [string, string, string, string, string];

function readBody(body: string, context: BodyContext): readonly CallOutcome[] {
  const [kind = "", ...rest] = body.split(SEPARATOR);
  // Until V3 the type of the call stands first, and its name behind the separator.
  const call = kind.trim() === "function" && rest.length > 0 ? rest.join(SEPARATOR) : [kind, ...rest].join("");
  const brace = call.indexOf("{");
  const head = brace === -1 ? call : call.slice(0, brace);
  const name = head.trim().split(/[\s`]/)[0] ?? "";
  return [readNamedCall(name, brace === -1 ? "" : call.slice(brace), context)];
}

/** A call may follow the first marker without its own: R1 leaves it out at times. */
const markers: readonly CallMarker[] = [CALLS_BEGIN, CALL_BEGIN].map((text) => ({
  text,
  body: { close: [CALL_END, CALLS_END, CALL_BEGIN], balanced: false, quoted: true },
  read: readBody,
}));

/** DeepSeek R1, V3 and V3.1. */
export const deepseek: Syntax = {
  markers: () => markers,
  noise: [CALL_END, CALLS_END],
  leading: (name) => [`function${name}\`\`\`json{`, `function${name}{`, `${name}\`\`\`json{`],
  leadingAny: [],
  opening: (name) => `${CALLS_BEGIN}${CALL_BEGIN}function${SEPARATOR}${name === undefined ? "" : `${name}\n\`\`\`json\n`}`,
};
