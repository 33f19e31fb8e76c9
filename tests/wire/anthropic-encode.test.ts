/** Anthropic's encoders as pure functions: events in, exact bytes out. */
import { describe, expect, test } from "bun:test";
import { messageReply } from "../../src/api/anthropic/encode.ts";
import { createMessageStreamEncoder } from "../../src/api/anthropic/stream-encode.ts";
import { collectAnswer } from "../../src/api/collected-answer.ts";
import { namedSse } from "../../src/api/framing/named-sse.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";
import { readable } from "../support/generation.ts";
import { CALLS, CUT, finishEvent, HELLO, recite } from "../support/scripted-engine.ts";
import { expectGolden, jsonText, streamText } from "./golden.ts";

const HEADING = { id: "msg_A", model: "qwen3-0.6b" };

const TOOLS: readonly GenerationEvent[] = [
  ...CALLS,
  finishEvent({ reason: "tool_calls", usage: { promptTokens: 11, cachedTokens: 4, completionTokens: 9, reasoningTokens: 2 } }),
];
const reply = async (events: readonly GenerationEvent[]) => messageReply(HEADING, await collectAnswer(readable(recite(events))));
const stream = (events: readonly GenerationEvent[]) => streamText(namedSse, createMessageStreamEncoder(HEADING, 11), events);

describe("a stream", () => {
  test("has the message's start, a ping, one text block, the end's reason with the counts, and the message's stop", async () => {
    await expectGolden("anthropic-text.txt", stream(HELLO));
  });

  test("gives thoughts, text and calls blocks of their own, one after another, and a call without arguments an empty object", async () => {
    await expectGolden("anthropic-tools.txt", stream(TOOLS));
  });

  test("leaves a call that the token limit cut off as it is", async () => {
    await expectGolden("anthropic-cut.txt", stream(CUT));
  });

  test("names the stop sequence that ended it", () => {
    expect(stream([{ kind: "text", text: "a" }, finishEvent({ stopSequence: "END" })])).toContain(
      '"delta":{"stop_reason":"stop_sequence","stop_sequence":"END"}',
    );
  });

  test("of an empty answer has no block", () => {
    const names = stream([{ kind: "text", text: "" }, { kind: "reasoning", text: "" }, finishEvent()]).match(/(?<=^event: ).*$/gm);
    expect(names).toEqual(["message_start", "ping", "message_delta", "message_stop"]);
  });

  test("opens a new block where text comes again after a call", () => {
    const events: readonly GenerationEvent[] = [
      { kind: "text", text: "a" },
      { kind: "tool_call_start", index: 0, id: "call_a", name: "f" },
      { kind: "text", text: "b" },
      { kind: "reasoning", text: "c" },
      finishEvent({ reason: "tool_calls" }),
    ];
    const blocks = [...stream(events).matchAll(/^data: (\{"type":"content_block_st(?:art|op)".*)$/gm)].map(
      ([, json]) => JSON.parse(json ?? "") as unknown,
    );
    expect(blocks).toEqual([
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "call_a", name: "f", input: {} } },
      { type: "content_block_stop", index: 1 },
      { type: "content_block_start", index: 2, content_block: { type: "text", text: "" } },
      { type: "content_block_stop", index: 2 },
      { type: "content_block_start", index: 3, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_stop", index: 3 },
    ]);
  });
});

describe("a whole answer", () => {
  test("has thoughts, text, calls with their arguments as objects, and counts that leave out what the cache held", async () => {
    await expectGolden("anthropic-whole.json", jsonText(await reply(TOOLS)));
  });

  test("leaves out the call that was cut off, and says that the limit was reached", async () => {
    expect(await reply(CUT)).toMatchObject({
      content: [{ type: "tool_use", id: "call_a", name: "get_weather", input: { city: "Oslo" } }],
      stop_reason: "max_tokens",
      stop_sequence: null,
    });
  });

  test("names the stop sequence that ended it", async () => {
    expect(await reply([finishEvent({ stopSequence: "END" })])).toMatchObject({
      content: [],
      stop_reason: "stop_sequence",
      stop_sequence: "END",
    });
  });

  test("gives arguments that are no object as text, and does not say that a tool is to be used", async () => {
    const events: readonly GenerationEvent[] = [
      { kind: "tool_call_start", index: 0, id: "call_a", name: "add" },
      { kind: "tool_call_arguments", index: 0, text: "1, 2" },
      finishEvent({ reason: "tool_calls" }),
    ];
    expect(await reply(events)).toMatchObject({ content: [{ type: "text", text: "add(1, 2)" }], stop_reason: "end_turn" });
  });
});
