/** Encoders as pure functions: events in, exact bytes out. */
import { expect, test } from "bun:test";
import { collectAnswer } from "../../src/api/collected-answer.ts";
import { ndjson } from "../../src/api/framing/ndjson.ts";
import { sse } from "../../src/api/framing/sse.ts";
import { chatPiece, createOllamaStreamEncoder, generatePiece, ollamaAnswer, ollamaLoaded } from "../../src/api/ollama/encode.ts";
import { chatCompletion, createChatStreamEncoder } from "../../src/api/openai/chat-encode.ts";
import { createCompletionStreamEncoder, textCompletion } from "../../src/api/openai/completion-encode.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";
import { readable } from "../support/generation.ts";
import { CALLS, CUT, finishEvent, HELLO, recite } from "../support/scripted-engine.ts";
import { expectGolden, jsonText, streamText } from "./golden.ts";

const OPENAI = { id: "chatcmpl-A", created: 1_767_323_045, model: "qwen3-0.6b", system_fingerprint: "fp_0123456789" };
const FORM = { answers: 1, includeUsage: false, functionCall: false, inlineThoughts: false };
const COMPLETION_FORM = { echoes: ["Say: "], answersPerPrompt: 1, includeUsage: true };
const OLLAMA = { model: "Qwen3", nowMs: () => Date.parse("2026-01-02T03:04:05.678Z") };

const TOOLS: readonly GenerationEvent[] = [
  ...CALLS,
  finishEvent({ reason: "tool_calls", usage: { promptTokens: 11, cachedTokens: 0, completionTokens: 9, reasoningTokens: 2 } }),
];
const collected = (events: readonly GenerationEvent[]) => collectAnswer(readable(recite(events)));

test("a chat stream has a role chunk, deltas, a finish chunk, a usage chunk with timings and without choices, and [DONE]", async () => {
  await expectGolden("openai-chat-usage.txt", streamText(sse, createChatStreamEncoder(OPENAI, { ...FORM, includeUsage: true }), HELLO));
});

test("a chat stream carries reasoning and tool calls, and gives a call without arguments an empty object", async () => {
  await expectGolden("openai-chat-tools.txt", streamText(sse, createChatStreamEncoder(OPENAI, FORM), TOOLS));
});

test("a call that the token limit cut off stays cut off in a stream", async () => {
  await expectGolden("openai-chat-cut.txt", streamText(sse, createChatStreamEncoder(OPENAI, FORM), CUT));
});

test("a whole chat answer has message, usage and timings", async () => {
  await expectGolden("openai-chat-whole.json", jsonText(chatCompletion(OPENAI, FORM, [await collected(TOOLS)])));
});

test("a whole chat answer leaves out the call that was cut off, and has null content beside the other", async () => {
  const { choices } = chatCompletion(OPENAI, FORM, [await collected(CUT)]);
  expect(choices).toEqual([
    {
      index: 0,
      message: {
        role: "assistant",
        content: null,
        refusal: null,
        annotations: [],
        tool_calls: [{ id: "call_a", type: "function", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } }],
      },
      logprobs: null,
      finish_reason: "length",
    },
  ]);
});

test("a chat answer without a word has empty content, not null", async () => {
  const { choices } = chatCompletion(OPENAI, FORM, [await collected([finishEvent()])]);
  expect(choices).toMatchObject([{ message: { content: "" }, finish_reason: "stop" }]);
});

test("rates of work that took no time are 0, for JSON has no infinity", async () => {
  const timings = { loadMs: 0, queueMs: 0, prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0, totalMs: 0 };
  const whole = chatCompletion(OPENAI, FORM, [await collected([finishEvent({ timings })])]);
  expect(whole["timings"]).toMatchObject({
    prompt_per_token_ms: 0,
    prompt_per_second: 0,
    predicted_per_token_ms: 0,
    predicted_per_second: 0,
  });
});

test("a completion stream begins with the echoed prompt and has no role", async () => {
  await expectGolden("openai-completion.txt", streamText(sse, createCompletionStreamEncoder(OPENAI, COMPLETION_FORM), HELLO));
});

test("a whole completion holds echo and text", async () => {
  await expectGolden("openai-completion-whole.json", jsonText(textCompletion(OPENAI, COMPLETION_FORM, [await collected(HELLO)])));
});

test("an Ollama chat gives thinking, text and whole calls line by line, and metrics on the last line alone", async () => {
  await expectGolden("ollama-chat-tools.txt", streamText(ndjson, createOllamaStreamEncoder(OLLAMA, chatPiece), TOOLS));
});

test("an Ollama chat drops a call that was cut off and says length", async () => {
  await expectGolden("ollama-chat-cut.txt", streamText(ndjson, createOllamaStreamEncoder(OLLAMA, chatPiece), CUT));
});

test("Ollama's generate gives its text as response", async () => {
  await expectGolden("ollama-generate.txt", streamText(ndjson, createOllamaStreamEncoder(OLLAMA, generatePiece), HELLO));
});

test("each line of an Ollama answer has a time of its own", () => {
  let nowMs = Date.parse("2026-01-02T03:04:05.000Z");
  const heading = { model: "Qwen3", nowMs: () => (nowMs += 1) };
  const events: GenerationEvent[] = [
    { kind: "reasoning", text: "Hm." },
    { kind: "text", text: "One" },
    { kind: "text", text: " two" },
  ];
  for (const shape of [chatPiece, generatePiece]) {
    const lines = streamText(ndjson, createOllamaStreamEncoder(heading, shape), events).trim().split("\n");
    const times = lines.map((line) => (JSON.parse(line) as { created_at: string }).created_at);
    expect(times).toEqual([...new Set(times)].toSorted());
  }
});

test("a whole Ollama chat has one message with everything in it", async () => {
  await expectGolden("ollama-chat-whole.json", jsonText(ollamaAnswer(OLLAMA, chatPiece, await collected(TOOLS))));
});

test("arguments that are no object come out as text, for Ollama's clients read an object there", async () => {
  const events: GenerationEvent[] = [
    { kind: "tool_call_start", index: 0, id: "call_a", name: "add" },
    { kind: "tool_call_arguments", index: 0, text: "1, 2" },
    finishEvent({ reason: "tool_calls" }),
  ];
  const streamed = streamText(ndjson, createOllamaStreamEncoder(OLLAMA, chatPiece), events).split("\n")[0] ?? "";
  expect(JSON.parse(streamed)).toMatchObject({ message: { role: "assistant", content: "add(1, 2)" }, done: false });
  expect(ollamaAnswer(OLLAMA, chatPiece, await collected(events))).toMatchObject({
    message: { role: "assistant", content: "add(1, 2)" },
    done: true,
  });
});

test("durations are never 0, for Ollama's clients divide by them", async () => {
  const timings = { loadMs: 0, queueMs: 0, prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0, totalMs: 0 };
  expect(ollamaAnswer(OLLAMA, chatPiece, await collected([finishEvent({ timings })]))).toMatchObject({
    total_duration: 1,
    load_duration: 1,
    prompt_eval_duration: 1,
    eval_duration: 1,
  });
});

test("loading and unloading are answered without metrics", () => {
  expect([ollamaLoaded(OLLAMA, chatPiece, "load"), ollamaLoaded(OLLAMA, generatePiece, "unload")]).toEqual([
    {
      model: "Qwen3",
      created_at: "2026-01-02T03:04:05.678Z",
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: "load",
    },
    { model: "Qwen3", created_at: "2026-01-02T03:04:05.678Z", response: "", done: true, done_reason: "unload" },
  ]);
});

test("an answer that stops without its finish event is a fault, not an answer", async () => {
  const fault = await collected([{ kind: "text", text: "Hel" }]).catch((error: unknown) => error);
  expect(fault).toMatchObject({ message: "Broken invariant: an answer ended without its finish event" });
});
