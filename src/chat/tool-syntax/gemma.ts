/**
 * Gemma 2 and 3, which are asked for Python in a fence, and FunctionGemma and Gemma 4, which have tokens of their own for calls and
 * for the quotes in them.
 * source: https://ai.google.dev/gemma/docs/capabilities/function-calling and chat_template of google/functiongemma-270m-it
 */
import { readJsonCalls, readNamedCall, readPythonBody } from "./call-values.ts";
import { type BodyContext, type CallOutcome, CUT_FAULT, type Syntax } from "./syntax.ts";

const FENCE = "```tool_code";

function readFenced(body: string, context: BodyContext): readonly CallOutcome[] {
  return /^\s*[{[]\s*["{]/.test(body) ? readJsonCalls(body, context) : readPythonBody(body, context);
}

/** Gemma 2 and 3. */
export const gemma: Syntax = {
  markers: () => [{ text: FENCE, body: { close: ["```"], balanced: false, quoted: true }, read: readFenced }],
  noise: [],
  leading: (name) => [`${name}(`],
  leadingAny: [],
  opening: (name) => `${FENCE}\n${name ?? ""}`,
};

/** @param response What the model goes on with when nobody stops it: the beginning of the result. */
function tokenSyntax(open: string, close: string, quote: string, response: string): Syntax {
  const read = (body: string, context: BodyContext): readonly CallOutcome[] => {
    // Between two quote tokens stands bare text.
    const pieces = body.split(quote);
    const text = pieces.map((piece, i) => (i % 2 === 0 ? piece : JSON.stringify(piece))).join("");
    const brace = text.indexOf("{");
    const name = text.slice(0, brace === -1 ? undefined : brace).replace(/^\s*call:/, "");
    if (context.cut && pieces.length % 2 === 0) return [{ kind: "fault", fault: CUT_FAULT, name }];
    return [readNamedCall(name, brace === -1 ? "" : text.slice(brace), context)];
  };
  return {
    markers: () => [{ text: open, body: { close: [close, open], balanced: false, quoted: false }, read }],
    noise: [close, response],
    leading: (name) => [`call:${name}{`],
    leadingAny: [],
    opening: (name) => (name === undefined ? `${open}call:` : `${open}call:${name}{`),
  };
}

/** FunctionGemma. */
export const functionGemma: Syntax = tokenSyntax("<start_function_call>", "<end_function_call>", "<escape>", "<start_function_response>");

/** Gemma 4. */
export const gemma4: Syntax = tokenSyntax("<|tool_call>", "<tool_call|>", '<|"|>', "<|tool_response>");
