/** From what a body says to calls, shared by all syntaxes. */
import type { ToolDefinition } from "../../core/generation.ts";
import { type JsonNode, jsonText } from "../json-node.ts";
import { type RepairedJson, repairJson, withoutFence } from "../json-repair.ts";
import { readPythonicCalls } from "../pythonic-call.ts";
import { type BodyContext, type CallOutcome, CUT_FAULT } from "./syntax.ts";

type Entries = Extract<JsonNode, { kind: "object" }>["entries"];

const NAME_KEYS = ["name", "function", "tool_name"];
const ARGUMENT_KEYS = ["arguments", "parameters", "args"];
/** Keys beside the call that are no arguments. */
const ENVELOPE_KEYS = new Set([...NAME_KEYS, ...ARGUMENT_KEYS, "type", "id"]);

/** A body of which nobody knows what it holds: JSON, Python, or a name and JSON behind it. */
export function readAnyCalls(body: string, context: BodyContext): readonly CallOutcome[] {
  const text = body.trim();
  const headed = /^(?:call:)?([\w.-]+)\s*(?:(?:\[ARGS\]|```json)\s*)?(?=\{)/.exec(text);
  if (headed !== null) {
    // "function" is DeepSeek's word in front of the name, and may be the beginning of one.
    const name = context.tools.find((tool) => headed[1] === `function${tool.name}`)?.name ?? headed[1] ?? "";
    return [readNamedCall(name, text.slice(headed[0].length), context)];
  }
  const python = /^\[?\s*[A-Za-z_][\w.-]*\s*\(/.test(withoutFence(text).trimStart());
  return python ? readPythonBody(text, context) : readJsonCalls(text, context);
}

/** A body of JSON: a call, a list of calls, or several one after the other. */
export function readJsonCalls(body: string, context: BodyContext): readonly CallOutcome[] {
  const json = repairJson(body);
  if (json === null) return [{ kind: "fault", fault: "it is not valid JSON" }];
  const nodes = json.values.flatMap(itemsOf);
  if (nodes.length === 0) return [{ kind: "fault", fault: "the list of calls is empty" }];
  return nodes.map((node, i) => callOf(node, i === nodes.length - 1 ? json.ending : "whole", context));
}

/** A body of Python, in a code fence or not. Arguments without a name get the names of the function's parameters, in their order. */
export function readPythonBody(body: string, { tools, cut }: BodyContext): readonly CallOutcome[] {
  const read = readPythonicCalls(withoutFence(body));
  if (read === null) return [{ kind: "fault", fault: "it is not a call of the form name(key=value)" }];
  return read.calls.map((call, i): CallOutcome => {
    const { name } = call;
    if (read.cut && i === read.calls.length - 1)
      return { kind: "fault", fault: cut ? CUT_FAULT : "a bracket or string does not end", name };
    const names = Object.keys(propertiesOf(tools.find((tool) => tool.name === name)));
    if (call.positional.length > names.length) return { kind: "fault", fault: "its arguments have no names", name };
    return callWith(name, [...call.positional.map((value, at) => [names[at] ?? "", value] as const), ...call.named]);
  });
}

/** A call whose name stands in front of its arguments. */
export function readNamedCall(name: string, text: string, { cut }: BodyContext): CallOutcome {
  const named = name.trim();
  if (text.trim() === "") return cut ? { kind: "fault", fault: CUT_FAULT, name: named } : { kind: "call", name: named, arguments: "{}" };
  const json = repairJson(text);
  return json === null ? { kind: "fault", fault: "its arguments are not valid JSON", name: named } : callFrom(named, json, cut);
}

/** A call with arguments that were read one by one. */
export function callWith(name: string, entries: Entries): Extract<CallOutcome, { kind: "call" }> {
  return { kind: "call", name, arguments: jsonText({ kind: "object", entries, source: "" }) };
}

/** The properties that a function's schema names. */
export function propertiesOf(tool: ToolDefinition | undefined): Readonly<Record<string, unknown>> {
  const properties = tool?.parameters?.["properties"];
  return typeof properties === "object" && properties !== null ? { ...properties } : {};
}

function itemsOf(node: JsonNode): readonly JsonNode[] {
  if (node.kind === "array") return node.items;
  const list = node.kind === "object" ? find(node.entries, ["tool_calls"]) : undefined;
  return list?.kind === "array" ? list.items : [node];
}

function callOf(node: JsonNode, ending: RepairedJson["ending"], { cut }: BodyContext): CallOutcome {
  if (node.kind !== "object") return { kind: "fault", fault: ending === "cut" && cut ? CUT_FAULT : "it is not a JSON object" };
  const inner = find(node.entries, ["function"]);
  const entries = inner?.kind === "object" ? inner.entries : node.entries;
  const name = find(entries, NAME_KEYS);
  const named = name?.kind === "string" && name.value.trim() !== "" ? { name: name.value.trim() } : {};
  const given = find(entries, ARGUMENT_KEYS);
  // An end before the arguments is one that lost them.
  if (ending === "cut" || (ending === "unclosed" && given === undefined)) {
    return { kind: "fault", fault: cut ? CUT_FAULT : "a string or bracket does not end", ...named };
  }
  if (named.name === undefined) return { kind: "fault", fault: 'it names no function: "name" is missing' };
  if (given !== undefined) return argumentsOutcome(named.name, given);
  // Small models leave the arguments' key out and write them beside the name.
  const beside = entries.filter(([key]) => !ENVELOPE_KEYS.has(key));
  return { ...callWith(named.name, beside), bare: true };
}

function callFrom(name: string, json: RepairedJson, cut: boolean): CallOutcome {
  const value = json.values[0];
  if (json.ending === "cut") return { kind: "fault", fault: cut ? CUT_FAULT : "a string or bracket does not end", name };
  return value === undefined || json.values.length > 1
    ? { kind: "fault", fault: "its arguments are not one JSON object", name }
    : argumentsOutcome(name, value);
}

/** Arguments as an object, as JSON text of one, or as nothing at all. */
function argumentsOutcome(name: string, node: JsonNode): CallOutcome {
  if (node.kind === "object") return { kind: "call", name, arguments: jsonText(node) };
  const nothing =
    (node.kind === "plain" && node.text === "null") ||
    (node.kind === "array" && node.items.length === 0) ||
    (node.kind === "string" && node.value.trim() === "");
  if (nothing) return { kind: "call", name, arguments: "{}" };
  const within = node.kind === "string" ? repairJson(node.value) : null;
  const value = within?.ending === "whole" && within.values.length === 1 ? within.values[0] : undefined;
  return value?.kind === "object"
    ? { kind: "call", name, arguments: jsonText(value) }
    : { kind: "fault", fault: "its arguments are not a JSON object", name };
}

function find(entries: Entries, keys: readonly string[]): JsonNode | undefined {
  for (const key of keys) {
    const entry = entries.find(([name]) => name === key);
    if (entry !== undefined) return entry[1];
  }
  return undefined;
}
