import { describe, expect, test } from "bun:test";
import { type Reading, THINK, understood } from "./answer-pieces.ts";

describe("Hostile answers are read in linear time", () => {
  const many = 100_000;
  const hostile: readonly (readonly [says: string, answer: string, how: Reading])[] = [
    ["open braces in a call", `<tool_call>${"{".repeat(many)}`, {}],
    ["open braces alone", "{".repeat(many), {}],
    ["open brackets behind a leading call's beginning", `{"name":"get_weather","arguments":${"[".repeat(many)}`, {}],
    ["markers that never end", "<tool_ca".repeat(many / 8), {}],
    ["empty calls", "<tool_call></tool_call>".repeat(many / 23), {}],
    ["nested tags", "<tool_call>".repeat(many / 11), {}],
    ["nested thoughts", "<think>".repeat(many / 7), { reasoning: THINK }],
    ["closing tags in a string", `<tool_call>{"a": "${"</tool_call>".repeat(many / 12)}`, {}],
    ["quotes and blanks", `<tool_call>{"a": "${`" ${" ".repeat(100)}`.repeat(many / 100)}`, {}],
    ["blanks in a leading call", `add${" ".repeat(many)}(`, { syntax: "llama" }],
    ["blanks in a fence", `<tool_call>\`\`\`${" ".repeat(many)}x</tool_call>`, {}],
    ["leading calls that are none, and calls among them", '{"arguments":{"<tool_call>{}</tool_call>"'.repeat(many / 40), {}],
    ["Python's brackets", `<|python_tag|>f(${"[(".repeat(many / 2)}`, { syntax: "llama" }],
    ["parameters", `<tool_call><function=f>${"<parameter=a>".repeat(many / 13)}`, { syntax: "qwen-xml" }],
    ["separators", `[TOOL_CALLS]${"[ARGS]".repeat(many / 6)}`, { syntax: "mistral" }],
  ];
  for (const [says, answer, how] of hostile) {
    test(says, () => {
      const { events, stopSequence } = understood(answer.split(""), how);
      expect([events.every((event) => event.kind !== "tool_call" || event.arguments.startsWith("{")), stopSequence]).toEqual([true, null]);
    });
  }
});
