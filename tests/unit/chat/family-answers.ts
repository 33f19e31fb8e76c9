/** Answers with calls as models of each family write them. */
import type { OutputEvent } from "../../../src/chat/output-stream.ts";
import type { ToolSyntax } from "../../../src/core/runtime.ts";
import { type Reading, THINK } from "./answer-pieces.ts";

/** A call as an event. */
export function call(name: string, args: string): OutputEvent {
  return { kind: "tool_call", name, arguments: args };
}

export const PARIS = call("get_weather", '{"city": "Paris"}');
const BOTH = [PARIS, call("add", '{"a": 1, "b": 2}')];

/** An answer and what it consists of. */
export interface Answer extends Reading {
  readonly syntax: ToolSyntax;
  readonly says: string;
  readonly answer: string;
  readonly events: readonly OutputEvent[];
}

export const ANSWERS: readonly Answer[] = [
  {
    syntax: "hermes",
    says: "Qwen's two calls behind a sentence",
    answer:
      'I\'ll look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\n<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>',
    events: [{ kind: "text", text: "I'll look." }, ...BOTH],
  },
  {
    syntax: "hermes",
    says: "a thought, a call and words behind it",
    reasoning: THINK,
    answer: '<think>\nParis, then.\n</think>\n\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\nDone.',
    events: [{ kind: "reasoning", text: "Paris, then." }, PARIS, { kind: "text", text: "Done." }],
  },
  {
    syntax: "hermes",
    says: "arguments that hold the closing tag",
    answer: '<tool_call>{"name": "get_weather", "arguments": {"city": "a </tool_call> b"}}</tool_call>',
    events: [call("get_weather", '{"city": "a </tool_call> b"}')],
  },
  {
    syntax: "hermes",
    says: "Python's quotes and words, with an apostrophe",
    answer: "<tool_call>\n{'name': 'get_weather', 'arguments': {'city': 'L'Aquila', 'now': True}}\n</tool_call>",
    events: [call("get_weather", '{"city": "L\'Aquila", "now": true}')],
  },
  {
    syntax: "hermes",
    says: "a brace too few, a brace too many, and a closing tag left out",
    answer:
      '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}\n</tool_call>\n<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}}\n<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}',
    events: [...BOTH, PARIS],
  },
  {
    syntax: "hermes",
    says: "arguments as text, beside the name, and behind the name",
    answer:
      '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call><tool_call>{"name": "get_weather", "city": "Paris"}</tool_call><tool_call>\nget_weather\n{"city": "Paris"}\n</tool_call>',
    events: [PARIS, PARIS, PARIS],
  },
  {
    syntax: "hermes",
    says: "a function that nobody offered, without arguments",
    answer: '<tool_call>{"name": "launch"}</tool_call>',
    events: [call("launch", "{}")],
  },
  {
    syntax: "hermes",
    says: "a string without its end, and the call after it",
    answer:
      '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris}}\n</tool_call>\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    events: [
      {
        kind: "malformed_call",
        text: '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris}}\n</tool_call>',
        fault: "a string or bracket does not end",
      },
      PARIS,
    ],
  },
  {
    syntax: "hermes",
    says: "LFM2's and Phi-4-mini's tags",
    answer:
      '<|tool_call_start|>[get_weather(city="Paris"), add(a=1, b=2)]<|tool_call_end|><|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]<|/tool_call|>',
    events: [...BOTH, PARIS],
  },
  {
    syntax: "qwen-xml",
    says: "values by their types",
    answer:
      '<tool_call>\n<function=get_weather>\n<parameter=city>\nthe "Big\nApple"\n</parameter>\n<parameter=days>\n3\n</parameter>\n<parameter=options>\n{"x": [true]}\n</parameter>\n<parameter=unit>\nnull\n</parameter>\n</function>\n</tool_call>',
    events: [call("get_weather", '{"city": "the \\"Big\\nApple\\"", "days": 3, "options": {"x": [true]}, "unit": null}')],
  },
  {
    syntax: "qwen-xml",
    says: "a call without its outer tags, then one without parameters",
    answer:
      "Fine.\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
    events: [{ kind: "text", text: "Fine." }, PARIS, call("now", "{}")],
  },
  {
    syntax: "llama",
    says: "a whole message of JSON, of a function not offered too",
    answer: '{"name": "get_weather", "parameters": {"city": "Paris"}}; {"name": "other", "parameters": {"a": "1"}}<|eom_id|>',
    events: [PARIS, call("other", '{"a": "1"}')],
  },
  {
    syntax: "llama",
    says: "Python in a list",
    answer: '[get_weather(city="Paris"), add(a=1, b=2)]',
    events: BOTH,
  },
  {
    syntax: "llama",
    says: "the tag with JSON and with a built-in tool",
    answer:
      '<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"city": "Paris"}}<|eom_id|><|python_tag|>brave_search.call(query="a (b")',
    events: [PARIS, call("brave_search", '{"query": "a (b"}')],
  },
  {
    syntax: "mistral",
    says: "a list",
    answer:
      'Sure. [TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "VvvODy9mT"}, {"name": "add", "arguments": {"a": 1, "b": 2}}]',
    events: [{ kind: "text", text: "Sure." }, ...BOTH],
  },
  {
    syntax: "mistral",
    says: "a list whose marker the runtime dropped",
    answer: ' [{"name": "get_weather", "arguments": {"city": "Paris"}}]',
    events: [PARIS],
  },
  {
    syntax: "mistral-args",
    says: "names and arguments, one marker a call",
    answer: '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]add[CALL_ID]a1b2c3d4e[ARGS]{"a": 1, "b": 2}',
    events: BOTH,
  },
  {
    syntax: "mistral-args",
    says: "names and arguments, all markers dropped",
    answer: 'get_weather{"city": "Paris"}add{"a": 1, "b": 2}',
    events: BOTH,
  },
  {
    syntax: "deepseek",
    says: "R1's fenced JSON behind a thought that the prompt began",
    reasoning: { ...THINK, begun: true },
    answer:
      'Two calls.\n</think>\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{"a": 1, "b": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    events: [{ kind: "reasoning", text: "Two calls." }, ...BOTH],
  },
  {
    syntax: "deepseek",
    says: "V3.1's bare JSON",
    answer:
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{"a": 1, "b": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    events: BOTH,
  },
  {
    syntax: "deepseek",
    says: "the first call without its own marker",
    answer:
      '<｜tool▁calls▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    events: [PARIS],
  },
  {
    syntax: "deepseek",
    says: "all markers dropped",
    answer: 'functionget_weather\n```json\n{"city": "Paris"}\n```\nfunctionadd\n```json\n{"a": 1, "b": 2}\n```',
    events: BOTH,
  },
  {
    syntax: "gemma",
    says: "Python in a fence",
    answer: 'Let me see.\n```tool_code\nget_weather(city="Paris")\nadd(1, b=2)\n```\nThere.',
    events: [{ kind: "text", text: "Let me see." }, ...BOTH, { kind: "text", text: "There." }],
  },
  {
    syntax: "gemma",
    says: "a printed call",
    answer: '```tool_code\nprint(get_weather(city="Paris"))\n```',
    events: [PARIS],
  },
  {
    syntax: "function-gemma",
    says: "bare text between its own quotes",
    answer:
      '<start_function_call>call:get_weather{city:<escape>it\'s "P" {<escape>,days:3}<end_function_call><start_function_call>call:add{a:1,b:2}<end_function_call><start_function_response>',
    events: [call("get_weather", '{"city": "it\'s \\"P\\" {", "days": 3}'), call("add", '{"a": 1, "b": 2}')],
  },
  {
    syntax: "gemma-4",
    says: "the same with other tokens",
    answer: '<|tool_call>call:get_weather{city:<|"|>Paris<|"|>}<tool_call|><|tool_call>call:add{a:1,b:2}<tool_call|><|tool_response>',
    events: BOTH,
  },
  {
    syntax: "functionary",
    says: "words to all, then two calls, the first recipient's mark being in the prompt",
    answer: 'all\nI\'ll look.\n>>>get_weather\n{"city": "Paris"}\n>>>add\n{"a": 1, "b": 2}',
    events: [{ kind: "text", text: "I'll look." }, ...BOTH],
  },
  {
    syntax: "functionary",
    says: "the first recipient's mark written by the model",
    answer: '>>>all\nI\'ll look.\n>>>get_weather\n{"city": "Paris"}',
    events: [{ kind: "text", text: "I'll look." }, PARIS],
  },
  {
    syntax: "functionary",
    says: "a call at once",
    answer: 'get_weather\n{"city": "Paris"}',
    events: [PARIS],
  },
  {
    syntax: "function-tag",
    says: "a tag with the name in it",
    answer: '<function=get_weather>{"city": "Paris"}</function><function=add>{"a": 1, "b": 2}</function>',
    events: BOTH,
  },
];
