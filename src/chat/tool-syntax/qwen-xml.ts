/**
 * `<function=name><parameter=key>value</parameter></function>`, inside <tool_call> or without it: values are bare text, and the
 * function's schema says what they are.
 * source: chat_template of Qwen/Qwen3-Coder-30B-A3B-Instruct
 */
import type { JsonNode } from "../json-node.ts";
import { repairJson } from "../json-repair.ts";
import { callWith, propertiesOf } from "./call-values.ts";
import { type BodyContext, type CallOutcome, CUT_FAULT, type Syntax } from "./syntax.ts";

const FUNCTION = "<function=";
const FUNCTION_END = "</function>";
const PARAMETER = "<parameter=";
const PARAMETER_END = "</parameter>";

/** The functions called in a body; `inner` begins with a tag. */
export function readMarkup(inner: string, context: BodyContext): readonly CallOutcome[] {
  if (!inner.startsWith(FUNCTION)) {
    return [{ kind: "fault", fault: context.cut ? CUT_FAULT : "it does not begin with <function=" }];
  }
  const functions = inner.split(FUNCTION).slice(1);
  return functions.map((text, i) => readFunction(text, { ...context, cut: context.cut && i === functions.length - 1 }));
}

/** @param text What stands behind `<function=`. */
function readFunction(text: string, { tools, cut }: BodyContext): CallOutcome {
  const nameEnd = text.search(/[>\n]/);
  const name = text.slice(0, Math.max(0, nameEnd)).trim();
  if (name === "") return { kind: "fault", fault: cut ? CUT_FAULT : "it names no function" };
  const end = text.lastIndexOf(FUNCTION_END);
  const parameters = text
    .slice(nameEnd + 1, end === -1 ? undefined : end)
    .split(PARAMETER)
    .slice(1);
  const last = parameters.at(-1);
  // Without its end the last value may have been going on, and without any there may have been some to come.
  if (cut && end === -1 && !last?.includes(PARAMETER_END)) return { kind: "fault", fault: CUT_FAULT, name };
  const properties = propertiesOf(tools.find((tool) => tool.name === name));
  return callWith(
    name,
    parameters.map((parameter) => readParameter(parameter, properties)),
  );
}

function readParameter(text: string, properties: Readonly<Record<string, unknown>>): [string, JsonNode] {
  const keyEnd = text.indexOf(">");
  const key = text.slice(0, Math.max(0, keyEnd)).trim();
  const end = text.lastIndexOf(PARAMETER_END);
  // One line break on either side belongs to the markup; more are the value's.
  const value = text
    .slice(keyEnd + 1, end === -1 ? undefined : end)
    .replace(/^\r?\n/, "")
    .replace(/\n$/, "");
  return [key, valueOf(value, Object.hasOwn(properties, key) ? properties[key] : undefined)];
}

/** Text stays text where the schema allows it; otherwise what reads as JSON is JSON. */
function valueOf(text: string, schema: unknown): JsonNode {
  const types = typesIn(schema);
  const string: JsonNode = { kind: "string", value: text };
  if (types.includes("string") && !(text === "null" && types.includes("null"))) return string;
  const json = repairJson(text);
  const value = json?.ending === "cut" || json?.values.length !== 1 ? undefined : json.values[0];
  if (value === undefined) return string;
  // Quoted text of a parameter without a type keeps its quotes: nobody asked for JSON.
  return value.kind === "string" && types.length === 0 ? string : value;
}

function typesIn(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, anyOf, oneOf, enum: values } = { type: undefined, anyOf: undefined, oneOf: undefined, enum: undefined, ...schema };
  const named: unknown[] = Array.isArray(type) ? type : [type];
  const alternatives: unknown[] = [anyOf, oneOf].flatMap((list: unknown) => (Array.isArray(list) ? list : []));
  const listed: unknown[] = Array.isArray(values) ? values : [];
  return [
    ...named.filter((one) => typeof one === "string"),
    ...alternatives.flatMap((one) => (typeof one === "object" && one !== null && "type" in one ? typesIn({ type: one.type }) : [])),
    ...listed.map((one) => (typeof one === "string" ? "string" : "")).filter((one) => one !== ""),
  ];
}

/** Qwen3-Coder and Qwen3.5. */
export const qwenXml: Syntax = {
  markers: () => [
    {
      text: FUNCTION,
      body: { close: [FUNCTION_END, FUNCTION], balanced: false, quoted: false },
      read: (body, context) => [readFunction(context.cut ? body : body + FUNCTION_END, context)],
    },
  ],
  noise: [],
  leading: () => [],
  leadingAny: [],
  opening: (name) => (name === undefined ? "<tool_call>\n<function" : `<tool_call>\n<function=${name}>\n`),
};
