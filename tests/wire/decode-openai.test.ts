/** OpenAI bodies in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { decodeChat } from "../../src/api/openai/chat-decode.ts";
import type { ChatBody } from "../../src/api/openai/chat-schema.ts";
import { decodeCompletion } from "../../src/api/openai/completion-decode.ts";
import type { CompletionBody } from "../../src/api/openai/completion-schema.ts";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationRequest } from "../../src/core/generation.ts";

const USER: ChatBody["messages"] = [{ role: "user", content: "hi" }];

/** A chat body with fields of any kind, as they come from outside. */
function chat(fields: Readonly<Record<string, unknown>>): ChatBody {
  return { messages: USER, ...fields };
}

function completion(fields: Readonly<Record<string, unknown>>): CompletionBody {
  return { prompt: "Once", ...fields };
}

/** The refusal of a body, as code and field. */
function refusal(decode: () => unknown): unknown {
  try {
    decode();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details.field];
    throw error;
  }
  return "accepted";
}

describe("chat", () => {
  test("a bare request leaves everything open that the client left open", () => {
    expect(decodeChat("r1", { messages: USER })).toEqual({
      request: {
        id: "r1",
        model: "",
        input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
        reasoning: { mode: "auto" },
        sampling: {},
        stop: [],
      },
      stream: false,
      includeUsage: false,
      ignored: [],
    });
  });

  test("null is the same as absent in every optional field", () => {
    const nulls = [
      "model", "stream", "stream_options", "stop", "n", "seed", "logit_bias", "temperature", "top_p", "top_k", "frequency_penalty",
      "presence_penalty", "repeat_penalty", "mirostat", "max_tokens", "max_completion_tokens", "tools", "tool_choice", "reasoning_effort",
      "response_format", "logprobs", "top_logprobs", "modalities", "functions", "grammar", "parallel_tool_calls", "chat_template_kwargs",
    ]; // prettier-ignore
    expect(decodeChat("r1", chat(Object.fromEntries(nulls.map((name) => [name, null]))))).toEqual(decodeChat("r1", { messages: USER }));
  });

  test("every sampling value, limit and stop sequence reaches the canonical request", () => {
    const body = chat({
      model: "qwen3", stream: true, stream_options: { include_usage: true }, stop: ["\n", "", "END"], max_tokens: 7, max_completion_tokens: 5,
      temperature: 0, top_p: 0.5, top_k: 3, frequency_penalty: 0.1, presence_penalty: 0.2, repetition_penalty: 1.1, mirostat: 2,
      mirostat_tau: 4, mirostat_eta: 0.3, seed: 42, reasoning_effort: "high",
    }); // prettier-ignore
    expect(decodeChat("r1", body)).toEqual({
      request: {
        id: "r1",
        model: "qwen3",
        input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
        reasoning: { mode: "on", level: "high" },
        sampling: {
          temperature: 0,
          topK: 3,
          topP: 0.5,
          repeatPenalty: 1.1,
          frequencyPenalty: 0.1,
          presencePenalty: 0.2,
          mirostat: 2,
          mirostatTau: 4,
          mirostatEta: 0.3,
        },
        tokensMax: 5,
        stop: ["\n", "END"],
      },
      stream: true,
      includeUsage: true,
      ignored: ["seed"],
    });
  });

  test("a history with every kind of message keeps its order and its calls", () => {
    const messages = [
      { role: "developer", content: [{ type: "text", text: "Be" }, { type: "input_text", text: "brief." }] },
      { role: "user", name: "ann", content: "Weather?" },
      {
        role: "assistant", content: null, reasoning_content: "Ask the tool.",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Os' } },
          { type: "function", function: { name: "now", arguments: { zone: "CET" } } },
          { id: "call_3", function: { name: "ping", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "rain" }] },
      { role: "function", name: "now", content: "noon" },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }], reasoning: "Hm.", tool_calls: [] },
      { role: "system", content: "Late." },
      { role: "user", content: "" },
    ]; // prettier-ignore
    expect(decodeChat("r1", chat({ messages })).request.input).toEqual({
      kind: "chat",
      messages: [
        { role: "system", content: "Be\nbrief." },
        { role: "user", content: "Weather?", name: "ann" },
        {
          role: "assistant",
          content: "",
          reasoning: "Ask the tool.",
          toolCalls: [
            { id: "call_1", name: "weather", arguments: '{"city":"Os' },
            { id: "call_2_1", name: "now", arguments: '{"zone":"CET"}' },
            { id: "call_3", name: "ping", arguments: "{}" },
          ],
        },
        { role: "tool", content: "rain", toolCallId: "call_1" },
        { role: "tool", content: "noon", name: "now" },
        { role: "assistant", content: "No.", reasoning: "Hm." },
        { role: "system", content: "Late." },
        { role: "user", content: "" },
      ],
      tools: [],
    });
  });

  test("tools go to the template with their schema untouched, and tool_choice none takes them away", () => {
    const parameters = { type: "object", properties: { city: { type: ["string", "null"], default: null } }, required: [] };
    const tools = [{ type: "function", function: { name: "weather", description: "Tells it.", parameters, strict: null } }];
    const toolsOf = (tool_choice?: unknown): unknown =>
      (decodeChat("r1", chat({ tools, tool_choice })).request.input as { tools: unknown }).tools;
    expect([toolsOf(), toolsOf("auto"), toolsOf("none")]).toEqual([
      [{ name: "weather", description: "Tells it.", parameters }],
      [{ name: "weather", description: "Tells it.", parameters }],
      [],
    ]);
  });

  test("thinking can be turned on and off in each of the ways that clients know", () => {
    const mode = (fields: Readonly<Record<string, unknown>>): unknown => decodeChat("r1", chat(fields)).request.reasoning;
    expect([
      mode({ reasoning_effort: "none" }),
      mode({ reasoning: { effort: "low" } }),
      mode({ chat_template_kwargs: { enable_thinking: false } }),
      mode({ enable_thinking: true }),
      mode({ think: false }),
    ]).toEqual([{ mode: "off" }, { mode: "on", level: "low" }, { mode: "off" }, { mode: "on" }, { mode: "off" }]);
  });

  test("-1 asks for as many tokens as fit, 0 for nothing that could be answered", () => {
    expect(decodeChat("r1", chat({ max_tokens: -1 })).request.tokensMax).toBeUndefined();
    expect(decodeChat("r1", chat({ max_completion_tokens: -1, max_tokens: 4 })).request.tokensMax).toBeUndefined();
    expect(decodeChat("r1", chat({ n_predict: 9 })).request.tokensMax).toBe(9);
    expect(refusal(() => decodeChat("r1", chat({ max_tokens: 0 })))).toEqual(["invalid_request", "max_tokens"]);
  });

  const tool = { type: "function", function: { name: "f" } };
  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["several answers", { n: 2 }, ["unsupported_parameter", "n"]],
    ["log probabilities", { logprobs: true }, ["unsupported_parameter", "logprobs"]],
    ["top log probabilities", { top_logprobs: 3 }, ["unsupported_parameter", "top_logprobs"]],
    ["a token bias", { logit_bias: { "5": 1 } }, ["unsupported_parameter", "logit_bias"]],
    ["JSON mode", { response_format: { type: "json_object" } }, ["unsupported_parameter", "response_format"]],
    ["a JSON schema", { response_format: { type: "json_schema", json_schema: {} } }, ["unsupported_parameter", "response_format"]],
    ["a grammar", { grammar: "root ::= x" }, ["unsupported_parameter", "grammar"]],
    ["audio out", { modalities: ["text", "audio"] }, ["unsupported_parameter", "modalities"]],
    ["old functions", { functions: [{ name: "f" }] }, ["unsupported_parameter", "functions"]],
    ["a forced call", { tools: [tool], tool_choice: "required" }, ["unsupported_parameter", "tool_choice"]],
    [
      "a named call",
      { tools: [tool], tool_choice: { type: "function", function: { name: "f" } } },
      ["unsupported_parameter", "tool_choice"],
    ],
    ["a hosted tool", { tools: [{ type: "web_search" }] }, ["unsupported_parameter", "tools[0].type"]],
    ["a tool without a function", { tools: [{ type: "function" }] }, ["invalid_request", "tools[0].function"]],
    [
      "an image",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "?" },
              { type: "image_url", image_url: { url: "data:" } },
            ],
          },
        ],
      },
      ["unsupported_parameter", "messages[0].content[1]"],
    ],
    [
      "an unknown part",
      { messages: [{ role: "user", content: [{ type: "hologram" }] }] },
      ["invalid_request", "messages[0].content[0].type"],
    ],
  ])("%s are refused by the name of the field", (_what, fields, expected) => {
    expect(refusal(() => decodeChat("r1", chat(fields)))).toEqual(expected);
  });

  test.each([
    [{ n: 1 }],
    [{ logprobs: false, top_logprobs: 0 }],
    [{ logit_bias: {} }],
    [{ response_format: { type: "text" } }],
    [{ tools: [] }],
    [{ modalities: ["text"] }],
  ])("%j means nothing and is accepted", (fields) => {
    expect(refusal(() => decodeChat("r1", chat(fields)))).toBe("accepted");
  });
});

describe("completions", () => {
  test("a prompt is continued without a template, for 16 tokens unless more are asked for", () => {
    expect(decodeCompletion("r1", { prompt: "Once" })).toEqual({
      request: {
        id: "r1",
        model: "",
        input: { kind: "completion", prompt: "Once" },
        reasoning: { mode: "auto" },
        sampling: {},
        tokensMax: 16,
        stop: [],
      },
      stream: false,
      includeUsage: false,
      ignored: [],
      echo: "",
    });
  });

  test("one prompt may be a text, a list of one text, token ids, or a list of one list of them", () => {
    const input = (prompt: unknown): GenerationRequest["input"] => decodeCompletion("r1", completion({ prompt })).request.input;
    expect([input("a"), input(["a"]), input([1, 2]), input([[1, 2]])]).toEqual([
      { kind: "completion", prompt: "a" },
      { kind: "completion", prompt: "a" },
      { kind: "tokens", ids: [1, 2] },
      { kind: "tokens", ids: [1, 2] },
    ]);
  });

  test("no token may be asked for, and as many as fit", () => {
    const tokensMax = (max_tokens: number): unknown => decodeCompletion("r1", completion({ max_tokens })).request.tokensMax;
    expect([tokensMax(0), tokensMax(100), tokensMax(-1)]).toEqual([0, 100, undefined]);
  });

  test("echo repeats a text prompt", () => {
    expect(decodeCompletion("r1", completion({ echo: true })).echo).toBe("Once");
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["several prompts", { prompt: ["a", "b"] }, ["unsupported_parameter", "prompt"]],
    ["no token ids", { prompt: [[]] }, ["invalid_request", "prompt"]],
    ["log probabilities", { logprobs: 0 }, ["unsupported_parameter", "logprobs"]],
    ["a choice among several", { best_of: 2 }, ["unsupported_parameter", "best_of"]],
    ["a suffix", { suffix: "end" }, ["unsupported_parameter", "suffix"]],
    ["echoed token ids", { prompt: [1], echo: true }, ["unsupported_parameter", "echo"]],
    ["several answers", { n: 2 }, ["unsupported_parameter", "n"]],
  ])("%s are refused by the name of the field", (_what, fields, expected) => {
    expect(refusal(() => decodeCompletion("r1", completion(fields)))).toEqual(expected);
  });
});
