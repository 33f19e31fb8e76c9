import { expect, test } from "bun:test";
import { createOutputStream } from "../../../src/chat/output-stream.ts";
import { THINK, understood } from "./answer-pieces.ts";

const BEGUN = { ...THINK, begun: true };

test("A thought at the beginning is told from the answer, and the blanks around both are dropped", () => {
  expect(understood("\n<think>\nHm, \n so.\n</think>\n\nYes.\n", { reasoning: THINK }).events).toEqual([
    { kind: "reasoning", text: "Hm, \n so." },
    { kind: "text", text: "Yes.\n" },
  ]);
});

test("A thought that the prompt began needs no tag, and one written all the same is dropped", () => {
  const events = [
    { kind: "reasoning", text: "Hm." },
    { kind: "text", text: "Yes." },
  ] as const;
  expect([
    understood("\nHm.\n</think>\nYes.", { reasoning: BEGUN, tools: [] }).events,
    understood("<think>Hm.</think>Yes.", { reasoning: BEGUN }).events,
  ]).toEqual([[...events], [...events]]);
});

test("An empty thought yields nothing", () => {
  expect([
    understood("<think>\n\n</think>\n\nYes.", { reasoning: THINK }).events,
    understood("\n</think>\n\nYes.", { reasoning: BEGUN }).events,
    understood("<think>  ", { reasoning: THINK }).events,
  ]).toEqual([[{ kind: "text", text: "Yes." }], [{ kind: "text", text: "Yes." }], []]);
});

test("Tags in the middle of prose, and tags of models that mark no thoughts, are text", () => {
  expect([
    understood("Write <think> first.", { reasoning: THINK }).events,
    understood("<think>a</think>b", { tools: [] }).events,
    understood("<thinner>", { reasoning: THINK }).events,
  ]).toEqual([
    [{ kind: "text", text: "Write <think> first." }],
    [{ kind: "text", text: "<think>a</think>b" }],
    [{ kind: "text", text: "<thinner>" }],
  ]);
});

test("A thought's end without its beginning is dropped, and what stood before it stays text", () => {
  expect([
    understood("So it is.\n</think>\n\nYes.", { reasoning: THINK }).events,
    understood("</think>\n\nYes, </think> too.", { reasoning: THINK }).events,
    understood('Hm.</think>{"name": "add", "arguments": {}}', { reasoning: THINK }).events,
  ]).toEqual([
    [{ kind: "text", text: "So it is.\n\nYes." }],
    [{ kind: "text", text: "Yes, </think> too." }],
    [
      { kind: "text", text: "Hm." },
      { kind: "tool_call", name: "add", arguments: "{}" },
    ],
  ]);
});

test("Stop sequences end prose, not thoughts, calls or the blanks behind a thought", () => {
  const call = '<tool_call>{"name": "add", "arguments": {"a": "STOP"}}</tool_call>';
  expect(understood(`<think>STOP\n\n</think>\n\n${call}\n\nNow STOP it`, { reasoning: THINK, stop: ["STOP", "\n\n"] })).toEqual({
    events: [
      { kind: "reasoning", text: "STOP" },
      { kind: "tool_call", name: "add", arguments: '{"a": "STOP"}' },
      { kind: "text", text: "Now " },
    ],
    stopSequence: "STOP",
  });
});

test("A thought streams as it comes, and it can be seen that the model thinks", () => {
  const stream = createOutputStream({ stop: [], format: { reasoning: THINK, toolSyntax: "hermes" }, tools: [], opening: "" });
  const seen = ["<thi", "nk>\n", "Hm", " so </", "think", ">", "\nYes"].map((piece) => [stream.push(piece).events, stream.thinking]);
  expect(seen).toEqual([
    [[], false],
    [[], true],
    [[{ kind: "reasoning", text: "Hm" }], true],
    [[{ kind: "reasoning", text: " so" }], true],
    [[], true],
    [[], false],
    [[{ kind: "text", text: "Yes" }], false],
  ]);
});

test("Other tags work alike", () => {
  const reasoning = { open: "[THINK]", close: "[/THINK]", begun: false };
  expect(understood("[THINK]Hm[/THINK]Yes[PAD12]", { reasoning }).events).toEqual([
    { kind: "reasoning", text: "Hm" },
    { kind: "text", text: "Yes" },
  ]);
});
