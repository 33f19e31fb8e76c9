/** OpenAI bodies in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { decodeChat } from "../../src/api/openai/chat-decode.ts";
import { ChatBody } from "../../src/api/openai/chat-schema.ts";
import type { ChatInput, GenerationInput, GenerationRequest } from "../../src/core/generation.ts";
import { refusal } from "./refusal.ts";

const USER: ChatBody["messages"] = [{ role: "user", content: "hi" }];

/** A chat body with fields of any kind, as they come from outside. */
function chat(fields: Readonly<Record<string, unknown>>): ChatBody {
  return { messages: USER, ...fields };
}

/** The one request that a body asks for. */
const asked = (fields: Readonly<Record<string, unknown>>): GenerationRequest => decodeChat("r1", chat(fields)).requests[0];
/** What reaches the template. */
const inputOf = (fields: Readonly<Record<string, unknown>>) => asked(fields).input as ChatInput;

describe("chat", () => {
  test("a bare request leaves everything open that the client left open", () => {
    expect(decodeChat("r1", { messages: USER })).toEqual({
      requests: [
        {
          id: "r1",
          model: "",
          input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
          reasoning: { mode: "auto" },
          sampling: {},
          stop: [],
        },
      ],
      stream: false,
      includeUsage: false,
      functionCall: false,
      inlineThoughts: false,
      ignored: [],
    });
  });

  test("null is the same as absent in every optional field", () => {
    const nulls = [
      "model", "stream", "stream_options", "stop", "n", "seed", "logit_bias", "temperature", "top_p", "top_k", "frequency_penalty",
      "presence_penalty", "repeat_penalty", "mirostat", "max_tokens", "max_completion_tokens", "tools", "tool_choice", "reasoning_effort",
      "response_format", "logprobs", "top_logprobs", "modalities", "functions", "grammar", "parallel_tool_calls", "chat_template_kwargs",
      "function_call", "json_schema", "reasoning", "reasoning_format", "think", "enable_thinking", "continue_final_message", "n_predict",
      "web_search_options", "user", "min_p",
    ]; // prettier-ignore
    const body = chat(Object.fromEntries(nulls.map((name) => [name, null])));
    expect([Value.Check(ChatBody, body), decodeChat("r1", body)]).toEqual([true, decodeChat("r1", { messages: USER })]);
  });

  test("every sampling value, limit and stop sequence reaches the canonical request", () => {
    const body = chat({
      model: "qwen3", stream: true, stream_options: { include_usage: true }, stop: ["\n", "", "END"], max_tokens: 7, max_completion_tokens: 5,
      temperature: 0, top_p: 0.5, top_k: 3, frequency_penalty: 0.1, presence_penalty: 0.2, repetition_penalty: 1.1, mirostat: 2,
      mirostat_tau: 4, mirostat_eta: 0.3, seed: 42, reasoning_effort: "high",
    }); // prettier-ignore
    expect(decodeChat("r1", body)).toEqual({
      requests: [
        {
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
      ],
      stream: true,
      includeUsage: true,
      functionCall: false,
      inlineThoughts: false,
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
      { role: "assistant", function_call: { name: "now", arguments: "{}" } },
      { role: "assistant", content: null, refusal: "Never." },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }], reasoning: "Hm.", tool_calls: [] },
      { role: "system", content: "Late." },
      { role: "user", content: "" },
    ]; // prettier-ignore
    expect(inputOf({ messages })).toEqual({
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
        { role: "assistant", content: "", toolCalls: [{ id: "call_5_0", name: "now", arguments: "{}" }] },
        { role: "assistant", content: "Never." },
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
    const toolsOf = (tool_choice?: unknown): unknown => inputOf({ tools, tool_choice }).tools;
    expect([toolsOf(), toolsOf("auto"), toolsOf("none")]).toEqual([
      [{ name: "weather", description: "Tells it.", parameters }],
      [{ name: "weather", description: "Tells it.", parameters }],
      [],
    ]);
  });

  const f = { type: "function", function: { name: "f" } };
  const g = { type: "function", function: { name: "g" } };

  test.each<[unknown, unknown]>([
    ["required", { tools: [{ name: "f" }, { name: "g" }], toolChoice: { mode: "required" } }],
    ["any", { tools: [{ name: "f" }, { name: "g" }], toolChoice: { mode: "required" } }],
    [{ type: "auto" }, { tools: [{ name: "f" }, { name: "g" }] }],
    [
      { type: "function", function: { name: "g" } },
      { tools: [{ name: "f" }, { name: "g" }], toolChoice: { mode: "function", name: "g" } },
    ],
    [{ type: "allowed_tools", allowed_tools: { mode: "auto", tools: [g] } }, { tools: [{ name: "g" }] }],
    [
      { type: "allowed_tools", allowed_tools: { mode: "required", tools: [g] } },
      { tools: [{ name: "g" }], toolChoice: { mode: "required" } },
    ],
  ])("tool_choice %j is understood", (tool_choice, expected) => {
    expect(inputOf({ tools: [f, g], tool_choice })).toEqual({
      kind: "chat",
      messages: [{ role: "user", content: "hi" }],
      ...(expected as object),
    } as unknown as ChatInput);
  });

  test("a client may ask for one call at a time", () => {
    const parallel = (fields: object): unknown => inputOf({ tools: [f], ...fields }).parallelToolCalls;
    expect([parallel({ parallel_tool_calls: false }), parallel({ parallel_tool_calls: true }), parallel({})]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  test("the old functions become tools, of which one is called, and the answer is to be in the old form", () => {
    const functions = [{ name: "f", parameters: { type: "object" } }, { name: "g" }];
    const decoded = [undefined, "none", { name: "g" }].map((function_call) => decodeChat("r1", chat({ functions, function_call })));
    const tools = [{ name: "f", parameters: { type: "object" } }, { name: "g" }];
    const messages = [{ role: "user", content: "hi" }];
    expect(decoded.map(({ requests: [{ input }], functionCall }) => [functionCall, input])).toEqual([
      [true, { kind: "chat", messages, tools, parallelToolCalls: false }],
      [true, { kind: "chat", messages, tools: [] }],
      [true, { kind: "chat", messages, tools, toolChoice: { mode: "function", name: "g" }, parallelToolCalls: false }],
    ] as unknown as [boolean, GenerationInput][]);
  });

  test("tools go before functions", () => {
    const decoded = decodeChat("r1", chat({ tools: [f], functions: [{ name: "g" }], function_call: { name: "g" } }));
    expect([decoded.functionCall, (decoded.requests[0].input as ChatInput).tools]).toEqual([false, [{ name: "f" }]]);
  });

  test("JSON can be asked for in each of the ways that clients know", () => {
    const schema = { type: "object", properties: { a: { const: null } } };
    const format = (fields: Readonly<Record<string, unknown>>): unknown => asked(fields).responseFormat;
    expect([
      format({ response_format: { type: "text" } }),
      format({ response_format: { type: "json_object" } }),
      format({ response_format: { type: "json_object", schema } }),
      format({ response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema } } }),
      format({ response_format: { type: "json_schema", json_schema: { schema: true } } }),
      format({ response_format: { type: "json_schema", json_schema: { name: "a" } } }),
      format({ json_schema: schema }),
      format({ json_schema: schema, response_format: { type: "json_object" } }),
    ]).toEqual([
      undefined,
      { kind: "json_object" },
      { kind: "json_schema", schema },
      { kind: "json_schema", schema },
      { kind: "json_schema", schema: true },
      { kind: "json_object" },
      { kind: "json_schema", schema },
      { kind: "json_object" },
    ]);
  });

  test("thinking can be turned on and off in each of the ways that clients know", () => {
    const mode = (fields: Readonly<Record<string, unknown>>): unknown => asked(fields).reasoning;
    expect([
      mode({ reasoning_effort: "none" }),
      mode({ reasoning: { effort: "low" } }),
      mode({ chat_template_kwargs: { enable_thinking: false } }),
      mode({ enable_thinking: true }),
      mode({ think: false }),
      mode({ think: "high" }),
      mode({ reasoning_effort: "a lot" }),
    ]).toEqual([
      { mode: "off" },
      { mode: "on", level: "low" },
      { mode: "off" },
      { mode: "on" },
      { mode: "off" },
      { mode: "on", level: "high" },
      { mode: "auto" },
    ]);
  });

  test("Qwen3's switch at the end of the user's last message counts where thinking is not off, and stays in the text", () => {
    const asUser = (content: string, fields: object = {}) =>
      asked({
        messages: [
          { role: "user", content: "Sum /no_think" },
          { role: "user", content },
          { role: "assistant", content: "Hm" },
        ],
        ...fields,
      });
    expect(
      ["2+2 /no_think", "2+2\n/think \n", "/no_think", "a/no_think", "/no_think or not"].map((text) => asUser(text).reasoning.mode),
    ).toEqual(["off", "on", "off", "auto", "auto"]);
    expect(asUser("x /think", { reasoning_effort: "low" }).reasoning).toEqual({ mode: "on", level: "low" });
    expect(asUser("x /no_think", { enable_thinking: true }).reasoning).toEqual({ mode: "off" });
    expect(asUser("x /think", { enable_thinking: false }).reasoning).toEqual({ mode: "off" });
    expect((asUser("x /think").input as ChatInput).messages[1]?.content).toBe("x /think");
  });

  test("thoughts stay in the text for clients that want them there", () => {
    expect(
      ["none", "auto", "deepseek", null].map((reasoning_format) => decodeChat("r1", chat({ reasoning_format })).inlineThoughts),
    ).toEqual([true, false, false, false]);
  });

  test("the assistant's last message is gone on with, unless the request says or asks for something else", () => {
    const continued = (fields: object, message: object = {}): unknown =>
      inputOf({ messages: [...USER, { role: "assistant", content: "Well,", ...message }], ...fields }).continueLast;
    expect([continued({}), continued({ continue_final_message: true, response_format: { type: "json_object" } })]).toEqual([true, true]);
    const others = [
      continued({ continue_final_message: false }),
      continued({ response_format: { type: "json_object" } }),
      continued({ tools: [{ type: "function", function: { name: "f" } }], tool_choice: "required" }),
      continued({}, { content: "" }),
      continued({}, { name: "critic" }),
      continued({}, { tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }] }),
    ];
    expect(others).toEqual(others.map(() => undefined));
  });

  test("several answers are as many requests, each with an id of its own", () => {
    const { requests } = decodeChat("r1", chat({ n: 3, temperature: 1 }));
    const [{ id: _id, ...rest }] = requests;
    expect([requests.map(({ id }) => id), requests.map(({ id: _each, ...others }) => others)]).toEqual([
      ["r1-0", "r1-1", "r1-2"],
      [rest, rest, rest],
    ]);
  });

  test("-1 asks for as many tokens as fit, 0 for nothing that could be answered", () => {
    expect(asked({ max_tokens: -1 }).tokensMax).toBeUndefined();
    expect(asked({ max_completion_tokens: -1, max_tokens: 4 }).tokensMax).toBeUndefined();
    expect(asked({ n_predict: 9 }).tokensMax).toBe(9);
    expect(refusal(() => asked({ max_tokens: 0 }))).toEqual(["invalid_request", "max_tokens"]);
  });

  test("what only tunes or labels is let through, and the header names what might be missed", () => {
    const body = {
      min_p: 0.1, typical_p: 1, repeat_last_n: 64, ignore_eos: true, seed: 7, thinking_budget_tokens: 5,
      user: "ann", store: false, metadata: { a: "b" }, verbosity: "low", service_tier: "auto", prediction: {}, audio: {}, cache_prompt: true,
      timings_per_token: true, return_progress: true, safety_identifier: "x", prompt_cache_key: "y", web_search_options: {}, nonsense: [1],
    }; // prettier-ignore
    expect(decodeChat("r1", chat(body)).ignored).toEqual([
      "seed",
      "min_p",
      "typical_p",
      "repeat_last_n",
      "ignore_eos",
      "thinking_budget_tokens",
    ]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["log probabilities", { logprobs: true }, ["unsupported_parameter", "logprobs"]],
    ["top log probabilities", { top_logprobs: 3 }, ["unsupported_parameter", "top_logprobs"]],
    ["a token bias", { logit_bias: { "5": 1 } }, ["unsupported_parameter", "logit_bias"]],
    ["an unknown form", { response_format: { type: "xml" } }, ["invalid_request", "response_format.type"]],
    ["a schema without its object", { response_format: { type: "json_schema" } }, ["invalid_request", "response_format.json_schema"]],
    ["a grammar", { grammar: "root ::= x" }, ["unsupported_parameter", "grammar"]],
    ["audio out", { modalities: ["text", "audio"] }, ["unsupported_parameter", "modalities"]],
    ["a web search", { web_search_options: { user_location: {} } }, ["unsupported_parameter", "web_search_options"]],
    ["a forced call of nothing", { tool_choice: "required" }, ["invalid_request", "tool_choice"]],
    ["a forced call of no tool", { tools: [], tool_choice: "any" }, ["invalid_request", "tool_choice"]],
    ["a named call of nothing", { tool_choice: { type: "function", function: { name: "f" } } }, ["invalid_request", "tool_choice"]],
    ["a call of another tool", { tools: [f], tool_choice: { type: "function", function: { name: "g" } } }, ["invalid_request", "tool_choice"]],
    ["a call of no name", { tools: [f], tool_choice: { type: "function" } }, ["invalid_request", "tool_choice.function"]],
    ["an unknown choice", { tools: [f], tool_choice: "maybe" }, ["invalid_request", "tool_choice"]],
    ["a choice of another kind", { tools: [f], tool_choice: { type: "custom" } }, ["invalid_request", "tool_choice"]],
    ["allowed tools without any", { tools: [f], tool_choice: { type: "allowed_tools" } }, ["invalid_request", "tool_choice.allowed_tools"]],
    ["an allowed tool that is none", { tools: [f], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [g] } } }, ["invalid_request", "tool_choice"]],
    ["an allowed tool without a function", { tools: [f], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{}] } } }, ["invalid_request", "tool_choice.allowed_tools.tools[0].function"]],
    ["an unknown mode", { tools: [f], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "x", tools: [f] } } }, ["invalid_request", "tool_choice.allowed_tools.mode"]],
    ["no tool that must be called", { tools: [f], tool_choice: { type: "allowed_tools", allowed_tools: { mode: "required", tools: [] } } }, ["invalid_request", "tool_choice"]],
    ["a call of another function", { functions: [{ name: "f" }], function_call: { name: "g" } }, ["invalid_request", "function_call"]],
    ["going on after the user", { continue_final_message: true }, ["invalid_request", "continue_final_message"]],
    ["going on after a call", { messages: [{ role: "assistant", tool_calls: [f] }], continue_final_message: true }, ["invalid_request", "continue_final_message"]],
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
  ])("%s is refused by the name of the field", (_what, fields, expected) => {
    expect(refusal(() => decodeChat("r1", chat(fields)))).toEqual(expected);
  }); // prettier-ignore

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
