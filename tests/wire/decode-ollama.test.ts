/** Ollama bodies in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { decodeOllamaChat, decodeOllamaGenerate, lookupName } from "../../src/api/ollama/decode.ts";
import { keepAliveMs } from "../../src/api/ollama/keep-alive.ts";
import { decodeOptions } from "../../src/api/ollama/options.ts";
import type { OllamaChatBody, OllamaGenerateBody } from "../../src/api/ollama/schema.ts";
import { AppError } from "../../src/core/errors.ts";

function chat(fields: Readonly<Record<string, unknown>> = {}): OllamaChatBody {
  return { model: "m", messages: [{ role: "user", content: "hi" }], ...fields };
}

function generate(fields: Readonly<Record<string, unknown>> = {}): OllamaGenerateBody {
  return { model: "m", prompt: "hi", ...fields };
}

/** The refusal of a body, as code and message. */
function refusal(decode: () => unknown): unknown {
  try {
    decode();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.message];
    throw error;
  }
  return "accepted";
}

describe("chat", () => {
  test("a bare request is streamed and leaves everything else open", () => {
    expect(decodeOllamaChat("r1", chat())).toEqual({
      request: {
        id: "r1",
        model: "m",
        input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
        reasoning: { mode: "auto" },
        sampling: {},
        stop: [],
      },
      stream: true,
      ignored: [],
    });
  });

  test("a history with thinking, calls and tool results keeps its order", () => {
    const messages = [
      { role: "SYSTEM", content: "Be brief." },
      { role: "assistant", content: "", thinking: "Ask.", tool_calls: [{ function: { name: "now", arguments: { zone: "CET" } } }, { id: "x", function: { name: "ping", arguments: "{}" } }] },
      { role: "tool", content: "noon", tool_name: "now", tool_call_id: "x" },
    ]; // prettier-ignore
    const tools = [{ type: "function", function: { name: "now", parameters: { type: "object" } } }];
    expect(decodeOllamaChat("r1", chat({ messages, tools, stream: false, think: "low" }))).toMatchObject({
      request: {
        input: {
          kind: "chat",
          messages: [
            { role: "system", content: "Be brief." },
            {
              role: "assistant",
              content: "",
              reasoning: "Ask.",
              toolCalls: [
                { id: "call_1_0", name: "now", arguments: '{"zone":"CET"}' },
                { id: "x", name: "ping", arguments: "{}" },
              ],
            },
            { role: "tool", content: "noon", name: "now", toolCallId: "x" },
          ],
          tools: [{ name: "now", parameters: { type: "object" } }],
        },
        reasoning: { mode: "on", level: "low" },
      },
      stream: false,
    });
  });

  test("a format is JSON, or JSON that fits a schema", () => {
    const formatOf = (format: unknown): unknown => decodeOllamaChat("r1", chat({ format })).request.responseFormat;
    expect([formatOf("json"), formatOf({ type: "object" }), formatOf("")]).toEqual([
      { kind: "json_object" },
      { kind: "json_schema", schema: { type: "object" } },
      undefined,
    ]);
    expect(refusal(() => decodeOllamaGenerate("r1", generate({ raw: true, format: "json" })))).toEqual([
      "unsupported_parameter",
      '"format" is not supported in raw mode. Leave out "raw".',
    ]);
  });

  test("a call without messages only loads the model, or unloads it with keep_alive 0", () => {
    const only = (fields: Readonly<Record<string, unknown>>): unknown => decodeOllamaChat("r1", chat(fields)).only;
    expect([only({ messages: [] }), only({ messages: null }), only({ messages: [], keep_alive: 0 }), only({ keep_alive: 0 })]).toEqual([
      "load",
      "load",
      "unload",
      undefined,
    ]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["no model", { model: "" }, ["invalid_request", "model is required"]],
    ["an unknown role", { messages: [{ role: "robot" }] }, ["invalid_request", '"messages[0].role" must be "system", "user", "assistant" or "tool", not "robot"']],
    ["an image", { messages: [{ role: "user", images: ["aGk="] }] }, ["unsupported_parameter", '"messages[0].images" is not supported: images cannot be read. Send text only.']],
    ["a format that is none", { format: "xml" }, ["invalid_request", 'invalid format: "xml"; expected "json" or a valid JSON Schema object']],
    ["log probabilities", { logprobs: true }, ["unsupported_parameter", '"logprobs" is not supported: the runtime gives no access to token probabilities.']],
    ["a strange wish to think", { think: "hard" }, ["invalid_request", 'invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false)']],
  ])("%s is refused", (_what, fields, expected) => {
    expect(refusal(() => decodeOllamaChat("r1", chat(fields)))).toEqual(expected);
  }); // prettier-ignore
});

describe("generate", () => {
  test("the prompt is a user's turn after the system prompt, or raw text", () => {
    const input = (fields: Readonly<Record<string, unknown>>): unknown => decodeOllamaGenerate("r1", generate(fields)).request.input;
    expect([input({ system: "Be brief." }), input({ raw: true })]).toEqual([
      {
        kind: "chat",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
        tools: [],
      },
      { kind: "completion", prompt: "hi" },
    ]);
  });

  test("a suffix asks for the text between", () => {
    expect(decodeOllamaGenerate("r1", generate({ suffix: "end" })).request.input).toEqual({ kind: "infill", prefix: "hi", suffix: "end" });
  });

  test("a call without a prompt only loads the model", () => {
    expect(decodeOllamaGenerate("r1", { model: "m" })).toMatchObject({ only: "load", request: { tokensMax: 0 } });
    expect(decodeOllamaGenerate("r1", { model: "m", prompt: "", keep_alive: "0s" })).toMatchObject({ only: "unload" });
  });

  test("null is the same as absent in every optional field", () => {
    const names = [
      "stream",
      "think",
      "format",
      "options",
      "keep_alive",
      "logprobs",
      "system",
      "raw",
      "suffix",
      "template",
      "context",
      "images",
    ];
    expect(decodeOllamaGenerate("r1", generate(Object.fromEntries(names.map((name) => [name, null]))))).toEqual(
      decodeOllamaGenerate("r1", generate()),
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["no model", { model: undefined }, ["model_not_found", "model '' not found"]],
    ["raw with a system prompt", { raw: true, system: "x" }, ["invalid_request", "raw mode does not support template, system, or context"]],
    ["a context", { context: [1] }, ["unsupported_parameter", '"context" is not supported. Send the conversation to /api/chat.']],
    ["an image", { images: ["aGk="] }, ["unsupported_parameter", '"images" is not supported: images cannot be read. Send text only.']],
  ])("%s is refused", (_what, fields, expected) => {
    expect(refusal(() => decodeOllamaGenerate("r1", generate(fields)))).toEqual(expected);
  });
});

describe("options", () => {
  test("every option of the runtime is taken, fractions of whole numbers are cut, and what has no effect is named", () => {
    const options = {
      temperature: 1, top_k: 40.0, top_p: 0.9, repeat_penalty: 1.1, frequency_penalty: 0.1, presence_penalty: 0.2, mirostat: 1.9,
      mirostat_tau: 5, mirostat_eta: 0.1, num_predict: 5.9, stop: "END", seed: 1, num_ctx: 8192, use_mmap: "what", nonsense: {}, min_p: null,
    }; // prettier-ignore
    expect(decodeOptions(options)).toEqual({
      sampling: {
        temperature: 1,
        topK: 40,
        topP: 0.9,
        repeatPenalty: 1.1,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        mirostat: 1,
        mirostatTau: 5,
        mirostatEta: 0.1,
      },
      tokensMax: 5,
      stop: ["END"],
      ignored: ["options.seed", "options.num_ctx"],
    });
  });

  test("a negative num_predict has no limit, 0 asks for no output", () => {
    expect([
      decodeOptions({ num_predict: -1 }).tokensMax,
      decodeOptions({ num_predict: -2 }).tokensMax,
      decodeOptions({ num_predict: 0 }).tokensMax,
    ]).toEqual([undefined, undefined, 0]);
  });

  test("values beyond what the runtime takes become the nearest that it takes", () => {
    const huge = { temperature: 1e300, top_k: 5e9, top_p: 7, repeat_penalty: 1e39, frequency_penalty: 9, mirostat: 9, mirostat_tau: 1e39 };
    expect(decodeOptions(huge).sampling).toEqual({
      temperature: 2,
      topK: 1_000_000,
      topP: 1,
      repeatPenalty: 10,
      frequencyPenalty: 2,
      mirostat: 2,
      mirostatTau: 100,
    });
    expect(decodeOptions({ temperature: -1, top_k: -1, top_p: -1, presence_penalty: -9, mirostat_eta: -1 }).sampling).toEqual({
      temperature: 0,
      topK: 0,
      topP: 0,
      presencePenalty: -2,
      mirostatEta: 0,
    });
  });

  test("a wrong type is told in Ollama's words, and too long a stop in ours", () => {
    expect([
      refusal(() => decodeOptions({ temperature: "hot" })),
      refusal(() => decodeOptions({ top_k: true })),
      refusal(() => decodeOptions({ stop: [1] })),
      refusal(() => decodeOptions({ stop: "x".repeat(20_000) })),
    ]).toEqual([
      ["invalid_request", 'option "temperature" must be of type float32'],
      ["invalid_request", 'option "top_k" must be of type integer'],
      ["invalid_request", 'option "stop" must be of type array of strings'],
      ["invalid_request", 'The field "options.stop" has 20000 characters; at most 16384 are taken.'],
    ]);
  });
});

describe("keep_alive", () => {
  test.each<[string | number | null, number | undefined]>([
    [null, undefined],
    [0, 0],
    ["0", 0],
    ["0s", 0],
    [42.5, 42_500],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["300ms", 300],
    ["300", 300_000],
    [-1, Number.POSITIVE_INFINITY],
    ["-1", Number.POSITIVE_INFINITY],
    ["-5m", Number.POSITIVE_INFINITY],
  ])("%p is %p ms", (value, ms) => {
    expect(keepAliveMs(value)).toBe(ms as number);
  });

  test.each(["1d", "abc", "", "5 m", "m5"])("%p is refused", (value) => {
    expect(() => keepAliveMs(value)).toThrow("time: invalid duration");
  });
});

test("a model is looked up without the tags that mean nothing here", () => {
  expect(["qwen3:latest", "qwen3:0.6b", " me/qwen3:local ", "qwen3"].map(lookupName)).toEqual(["qwen3", "qwen3:0.6b", "me/qwen3", "qwen3"]);
});
