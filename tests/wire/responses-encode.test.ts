/** Responses as pure functions: events of the model in, exact bytes out. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { collectAnswer } from "../../src/api/collected-answer.ts";
import type { JsonObject } from "../../src/api/dialect.ts";
import { namedSse } from "../../src/api/framing/named-sse.ts";
import { createResponseStreamEncoder, wholeResponse } from "../../src/api/openai/responses/response-encode.ts";
import type { ResponseEncoding } from "../../src/api/openai/responses/response-encode.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";
import type { StoredItem } from "../../src/core/stored-response.ts";
import { readable } from "../support/generation.ts";
import { finishEvent } from "../support/scripted-engine.ts";
import { expectGolden, jsonText, streamText } from "./golden.ts";

/** Thinks, speaks, calls one function in pieces and one without arguments. */
const TOOLS: readonly GenerationEvent[] = [
  { kind: "reasoning", text: "Weather" },
  { kind: "reasoning", text: " first." },
  { kind: "text", text: "Let me see. 漢字 😀" },
  { kind: "tool_call_start", index: 0, id: "call_a", name: "get_weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":' },
  { kind: "tool_call_arguments", index: 0, text: '"Oslo"}' },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "now" },
  finishEvent({ reason: "tool_calls", usage: { promptTokens: 11, cachedTokens: 4, completionTokens: 9, reasoningTokens: 3 } }),
];

/** The token limit falls into a call. */
const CUT: readonly GenerationEvent[] = [...TOOLS.slice(2, 5), finishEvent({ reason: "length" })];

interface Ended {
  readonly response: JsonObject;
  readonly output: readonly StoredItem[];
}

function encoding(ended: Ended[] = [], packThoughts = false): ResponseEncoding {
  return {
    heading: { id: "resp_A", created: 1_767_323_045, model: "qwen3-0.6b", body: { input: "Weather?", metadata: { a: "b" } }, store: true },
    requestId: "A",
    packThoughts,
    now: () => 1_767_323_046,
    onEnd: (response, output) => void ended.push({ response, output }),
  };
}

function objectsOf(events: readonly GenerationEvent[]): JsonObject[] {
  const encoder = createResponseStreamEncoder(encoding());
  return [...encoder.open(0), ...events.flatMap((event) => encoder.event(event, 0))];
}

test("a stream tells of every item from its beginning to its end", async () => {
  await expectGolden("responses-tools.txt", streamText(namedSse, createResponseStreamEncoder(encoding([], true)), TOOLS));
});

test("a stream that the token limit ends says nothing of the call it fell into", async () => {
  await expectGolden("responses-cut.txt", streamText(namedSse, createResponseStreamEncoder(encoding()), CUT));
});

test("a whole response has its items in the order of a stream", async () => {
  await expectGolden("responses-whole.json", jsonText(wholeResponse(encoding([], true), await collectAnswer(readable(play(TOOLS))))));
});

test("the response is handed over before the last event is told", () => {
  const ended: Ended[] = [];
  const encoder = createResponseStreamEncoder(encoding(ended));
  const before = [...encoder.open(0), ...TOOLS.slice(0, -1).flatMap((event) => encoder.event(event, 0))].length;
  const endedBefore = ended.length;
  const last = encoder.event(TOOLS.at(-1) ?? finishEvent(), 0).at(-1);
  expect([before > 0, endedBefore, ended.map(({ response }) => response), ended[0]?.output.length]).toEqual([
    true,
    0,
    [last?.["response"] as JsonObject],
    4,
  ]);
});

test("a call whose arguments were complete when the token limit came is a call", () => {
  const events: GenerationEvent[] = [
    { kind: "tool_call_start", index: 0, id: "call_a", name: "now" },
    { kind: "tool_call_arguments", index: 0, text: "{}" },
    finishEvent({ reason: "length" }),
  ];
  expect(objectsOf(events).at(-1)?.["response"]).toMatchObject({
    status: "incomplete",
    output: [{ type: "function_call", status: "completed" }],
  });
});

test("an answer of nothing is a response without items", () => {
  expect(objectsOf([{ kind: "text", text: "" }, finishEvent()]).map(({ type }) => type)).toEqual([
    "response.created",
    "response.in_progress",
    "response.completed",
  ]);
});

test("a failed response keeps what was done and says why in OpenAI's codes", () => {
  const encoder = createResponseStreamEncoder(encoding());
  const events = TOOLS.slice(0, 3).flatMap((event) => encoder.event(event, 0));
  const reply = (status: number, code: string) => ({ status, headers: {}, body: { error: { code, message: "Words." } } });
  const failed = [encoder.failed(reply(500, "engine_lost")), encoder.failed(reply(400, "context_length_exceeded"))];
  expect(failed).toMatchObject([
    {
      type: "response.failed",
      sequence_number: events.length,
      response: { status: "failed", error: { code: "server_error", message: "Words." }, output: [{ type: "reasoning" }], usage: null },
    },
    { response: { error: { code: "context_length_exceeded" } } },
  ]);
});

/** The items of the last object's response. */
function outputOf(objects: readonly JsonObject[]): readonly StoredItem[] {
  const response = objects.at(-1)?.["response"] as { readonly output: readonly StoredItem[] } | undefined;
  return response?.output ?? [];
}

async function* play(events: readonly GenerationEvent[]): AsyncGenerator<GenerationEvent> {
  yield* events;
}

/** Whatever a model does: pieces of text and thought in any order, calls with and without arguments, ended in any way. */
const anyAnswer = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.record({ kind: fc.constantFrom("text" as const, "reasoning" as const), text: fc.string({ maxLength: 3 }) }),
        fc.record({ kind: fc.constant("call" as const), pieces: fc.array(fc.constantFrom("", " ", "{", "}", '"a":1'), { maxLength: 3 }) }),
      ),
      { maxLength: 8 },
    ),
    fc.constantFrom("stop" as const, "length" as const, "tool_calls" as const),
  )
  .map(([steps, reason]) => {
    let calls = 0;
    const events = steps.flatMap((step): GenerationEvent[] => {
      if (step.kind !== "call") return [step];
      const index = calls++;
      const pieces = step.pieces.map((text): GenerationEvent => ({ kind: "tool_call_arguments", index, text }));
      return [{ kind: "tool_call_start", index, id: `call_${index}`, name: "f" }, ...pieces];
    });
    return [...events, finishEvent({ reason })];
  });

describe("whatever a model does", () => {
  test("events are numbered without a gap, and one of an end comes last", () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const objects = objectsOf(events);
        expect(objects.map((each) => each["sequence_number"])).toEqual(objects.map((_, index) => index));
        const ends = objects.filter((each) => /^response\.(completed|incomplete)$/.test(String(each["type"])));
        expect(ends).toEqual(objects.slice(-1));
      }),
    );
  });

  test("items are added one after another, each done before the next and as it then stands in the response", () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const objects = objectsOf(events);
        const done = objects.filter(({ type }) => type === "response.output_item.done");
        const added = objects.filter(({ type }) => type === "response.output_item.added");
        const output = outputOf(objects);
        expect(done.map(({ item }) => item)).toEqual([...output]);
        expect(added.map((each) => each["output_index"])).toEqual(added.map((_, index) => index));
        expect(new Set(added.map(({ item }) => (item as StoredItem).id)).size).toBe(added.length);
        // The call that the token limit cut off was added and is never done.
        expect(added.length - done.length).toBeWithin(0, 2);
      }),
    );
  });

  test("the pieces of an item together are the item, and arguments are never empty", () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const pieces = new Map<string, string>();
        for (const { item_id: id, delta } of objectsOf(events) as { item_id?: string; delta?: string }[]) {
          if (id !== undefined && delta !== undefined) pieces.set(id, (pieces.get(id) ?? "") + delta);
        }
        for (const item of outputOf(objectsOf(events))) {
          const [part] = (item["content"] ?? []) as { text: string }[];
          expect(pieces.get(item.id)).toBe(item["type"] === "function_call" ? String(item["arguments"]) : part?.text);
          if (item["type"] === "function_call") expect(String(item["arguments"]).trim()).not.toBe("");
        }
      }),
    );
  });
});
