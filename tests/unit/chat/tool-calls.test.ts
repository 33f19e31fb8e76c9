import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { callOpening } from "../../../src/chat/tool-syntax/call-opening.ts";
import type { OutputEvent } from "../../../src/chat/output-stream.ts";
import type { ToolSyntax } from "../../../src/core/runtime.ts";
import { cut, understood } from "./answer-pieces.ts";
import { ANSWERS, call, PARIS } from "./family-answers.ts";

describe("Calls are understood as each family writes them", () => {
  for (const { says, answer, events, ...how } of ANSWERS) {
    test(`${how.syntax}: ${says}`, () => {
      expect(understood(answer, how).events).toEqual([...events]);
    });
  }
});

test("However an answer is cut, its events are the same", () => {
  const fragments = [
    "{",
    "}",
    '"',
    "<tool_call>",
    "</tool_call>",
    "\n",
    "<think>",
    "[",
    "```",
    "\ud83d",
    "'",
    " ",
    "STOP",
    ">>>all\n",
    "</think>",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...ANSWERS),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...fragments)), { maxLength: 3 }),
      fc.nat(400),
      fc.array(fc.nat(), { maxLength: 12 }),
      ({ answer, ...how }, insertions, missing, cuts) => {
        let text = answer.slice(0, Math.max(1, answer.length - Math.max(0, missing - 200)));
        for (const [at, fragment] of insertions)
          text = text.slice(0, at % (text.length + 1)) + fragment + text.slice(at % (text.length + 1));
        const settings = { ...how, stop: ["STOP"] };
        const whole = understood(text, settings);
        expect(understood(cut(text, cuts), settings)).toEqual(whole);
        expect(understood(text.split(""), settings)).toEqual(whole);
        for (const event of whole.events) if (event.kind === "tool_call") expect(typeof JSON.parse(event.arguments)).toBe("object");
      },
    ),
    { numRuns: 3000 },
  );
});

const OPENED: readonly (readonly [syntax: ToolSyntax, rest: string])[] = [
  ["hermes", ' {"city": "Paris"}}\n</tool_call>'],
  ["qwen-xml", "<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>"],
  ["llama", ' {"city": "Paris"}}'],
  ["mistral", ' {"city": "Paris"}}]'],
  ["mistral-args", '{"city": "Paris"}'],
  ["deepseek", '{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'],
  ["gemma", '(city="Paris")\n```'],
  ["function-gemma", "city:<escape>Paris<escape>}<end_function_call>"],
  ["gemma-4", 'city:<|"|>Paris<|"|>}<tool_call|>'],
  ["functionary", '{"city": "Paris"}'],
  ["function-tag", '{"city": "Paris"}</function>'],
];

describe("A call that the answer was made to begin is understood with its opening", () => {
  for (const [syntax, rest] of OPENED) {
    test(syntax, () => {
      const opening = callOpening(syntax, "get_weather");
      expect([understood(rest, { syntax, opening }), understood(rest.split(""), { syntax, opening })]).toEqual([
        { events: [PARIS], stopSequence: null },
        { events: [PARIS], stopSequence: null },
      ]);
    });
  }
});

test("A begun call of any function is understood too", () => {
  const rests: readonly (readonly [ToolSyntax, string])[] = [
    ["hermes", ' "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'],
    ["qwen-xml", "=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>"],
    ["llama", ' "get_weather", "parameters": {"city": "Paris"}}'],
    ["mistral", '[{"name": "get_weather", "arguments": {"city": "Paris"}}]'],
    ["mistral-args", 'get_weather[ARGS]{"city": "Paris"}'],
    ["deepseek", 'get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>'],
    ["gemma", 'get_weather(city="Paris")\n```'],
    ["function-gemma", "get_weather{city:<escape>Paris<escape>}<end_function_call>"],
    ["gemma-4", 'get_weather{city:<|"|>Paris<|"|>}<tool_call|>'],
    ["functionary", 'get_weather\n{"city": "Paris"}'],
    ["function-tag", '=get_weather>{"city": "Paris"}</function>'],
  ];
  expect(rests.map(([syntax, rest]) => understood(rest.split(""), { syntax, opening: callOpening(syntax) }).events)).toEqual(
    rests.map(() => [PARIS]),
  );
});

test("A begun call that becomes none is malformed, not text", () => {
  expect(understood(" I would rather not.", { syntax: "llama", opening: callOpening("llama", "get_weather") }).events).toEqual([
    { kind: "malformed_call", text: '{"name": "get_weather", "parameters": I would rather not.', fault: "the call does not end" },
  ]);
});

test("An opening in words is read with the answer but never repeated", () => {
  expect([
    understood('lo <tool_call>{"name": "launch"}</tool_call>', { opening: "Hel <tool" }).events,
    understood(' "a": 1}', { opening: "{" }).events,
  ]).toEqual([[{ kind: "text", text: "lo" }, call("launch", "{}")], [{ kind: "text", text: ' "a": 1}' }]]);
});

test("A call that lacks only its end is completed, a cut one is malformed", () => {
  const ends = ['{"city": "Paris"}}', '{"city": "Paris"}', '{"city": "Paris"', '{"city": "Par', '{"city":', ""];
  const fault = (text: string): OutputEvent => ({ kind: "malformed_call", text, fault: "the call does not end" });
  const begun = '<tool_call>\n{"name": "get_weather", "arguments": ';
  expect(ends.map((end) => understood(begun + end).events)).toEqual([
    [PARIS],
    [PARIS],
    [PARIS],
    [fault(`${begun}{"city": "Par`)],
    [fault(`${begun}{"city":`)],
    [fault(begun)],
  ]);
});

describe("JSON without any marker", () => {
  const fallback: readonly (readonly [says: string, answer: string, events: readonly OutputEvent[]])[] = [
    ["a call of an offered function", '{"name": "get_weather", "arguments": {"city": "Paris"}}', [PARIS]],
    [
      "in a fence, with words behind it",
      '```json\n{"name": "get_weather", "parameters": {"city": "Paris"}}\n```\nOk',
      [PARIS, { kind: "text", text: "Ok" }],
    ],
    [
      "as the API itself writes it",
      '[{"type": "function", "function": {"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}}]',
      [PARIS],
    ],
    ["behind the function's name", 'get_weather\n{"city": "Paris"}', [PARIS]],
    [
      "of nobody's function is text",
      '{"name": "Bob", "arguments": {"city": "Paris"}} so',
      [{ kind: "text", text: '{"name": "Bob", "arguments": {"city": "Paris"}} so' }],
    ],
    ["with arguments first and no name is text", '{"arguments": {"a": 1}}', [{ kind: "text", text: '{"arguments": {"a": 1}}' }]],
    [
      "in the middle of words is text",
      'So: {"name": "get_weather", "arguments": {}}',
      [{ kind: "text", text: 'So: {"name": "get_weather", "arguments": {}}' }],
    ],
  ];
  for (const [says, answer, events] of fallback) {
    test(says, () => {
      expect(understood(answer).events).toEqual([...events]);
    });
  }

  test("whose first key is not a call's goes out at once", () => {
    expect([understood(['{"title', '": 1}']).events, understood(["[1", ", 2]"]).events, understood(["```py", "\nx```"]).events]).toEqual([
      [{ kind: "text", text: '{"title": 1}' }],
      [{ kind: "text", text: "[1, 2]" }],
      [{ kind: "text", text: "```py\nx```" }],
    ]);
  });

  test("is text when no function is on offer", () => {
    const answer = '{"name": "get_weather", "arguments": {}}<tool_call>{"name": "get_weather"}</tool_call>';
    expect(understood(answer, { tools: [] }).events).toEqual([{ kind: "text", text: answer }]);
  });
});
