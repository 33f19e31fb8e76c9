/**
 * Functionary: 3.2 writes `>>>name` and JSON on the next lines (its prompt ends with the first `>>>`, and `all` is the user);
 * 3.1 and Llama 3.1's user-defined functions are `<function=name>{…}</function>`.
 * source: https://github.com/MeetKai/functionary
 */
import { readNamedCall } from "./call-values.ts";
import { type BodyContext, type CallOutcome, CUT_FAULT, type Syntax } from "./syntax.ts";

const RECIPIENT = ">>>";
const FUNCTION = "<function=";
const FUNCTION_END = "</function>";

function readFunction(body: string, context: BodyContext): readonly CallOutcome[] {
  const end = body.indexOf(">");
  if (end === -1) return [{ kind: "fault", fault: context.cut ? CUT_FAULT : "it names no function" }];
  return [readNamedCall(body.slice(0, end), body.slice(end + 1), context)];
}

/** Functionary 3.1 and Llama 3.1. */
export const functionTag: Syntax = {
  markers: () => [{ text: FUNCTION, body: { close: [FUNCTION_END, FUNCTION], balanced: false, quoted: true }, read: readFunction }],
  noise: [FUNCTION_END],
  leading: () => [],
  leadingAny: [],
  opening: (name) => (name === undefined ? "<function" : `${FUNCTION}${name}>`),
};

/** Functionary 3.2. Only offered functions are called with it: `>>>` in prose is a prompt of Python's. */
export const functionary: Syntax = {
  markers: (names) =>
    names.map((name) => ({
      text: `${RECIPIENT}${name}\n`,
      body: { close: [], balanced: true, quoted: true },
      read: (body, context) => [readNamedCall(name, body, context)],
    })),
  noise: [`${RECIPIENT}all\n`],
  begun: RECIPIENT,
  leading: () => [],
  leadingAny: [],
  // Nothing can begin a call of any function: the prompt already ends with what would.
  opening: (name) => (name === undefined ? "" : `${name}\n`),
};
