/** Bodies of /v1/responses in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { decodeResponse } from "../../src/api/openai/responses/decode.ts";
import type { Memory } from "../../src/api/openai/responses/decode.ts";
import type { ResponseBody } from "../../src/api/openai/responses/schema.ts";
import { packThought } from "../../src/api/openai/responses/thought.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ChatInput } from "../../src/core/generation.ts";
import type { StoredItem } from "../../src/core/stored-response.ts";

const STORED: readonly StoredItem[] = [
  { id: "msg_old_in0", type: "message", role: "user", content: [{ type: "input_text", text: "Weather?" }] },
  { id: "rs_old_0", type: "reasoning", summary: [{ type: "summary_text", text: "Ask." }] },
  { id: "fc_old_1", type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
];

const MEMORY: Memory = {
  findItem: (id) => STORED.find((item) => item.id === id) ?? null,
  conversation: (id) => (id === "resp_old" ? STORED : null),
};

/** A body with fields of any kind, as they come from outside. */
function body(fields: Readonly<Record<string, unknown>>): ResponseBody {
  return { input: "hi", ...fields };
}

const decode = (fields: Readonly<Record<string, unknown>>) => decodeResponse("r1", body(fields), MEMORY);
const chat = (fields: Readonly<Record<string, unknown>>): ChatInput => decode(fields).request.input as ChatInput;
const messages = (input: unknown): ChatInput["messages"] => chat({ input }).messages;

/** The refusal of a body, as code and field. */
function refusal(fields: Readonly<Record<string, unknown>>): unknown {
  try {
    decode(fields);
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details.field];
    throw error;
  }
  return "accepted";
}

test("a bare request leaves everything open that the client left open", () => {
  expect(decode({})).toEqual({
    request: {
      id: "r1",
      model: "",
      input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
      reasoning: { mode: "auto" },
      sampling: {},
      stop: [],
    },
    input: [{ id: "msg_r1_in0", type: "message", status: "completed", role: "user", content: [{ type: "input_text", text: "hi" }] }],
    stream: false,
    store: true,
    packThoughts: false,
    ignored: [],
  });
});

test("null is the same as absent in every optional field", () => {
  const nulls = [
    "model", "instructions", "previous_response_id", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "conversation",
    "prompt", "stream", "stream_options", "store", "max_output_tokens", "temperature", "top_p", "include", "metadata", "background",
    "top_logprobs", "truncation", "max_tool_calls", "user", "service_tier", "logit_bias", "seed",
  ]; // prettier-ignore
  expect(decode(Object.fromEntries(nulls.map((name) => [name, null])))).toEqual(decode({}));
});

test("every setting reaches the canonical request", () => {
  const decoded = decode({
    model: "qwen3", instructions: "Be brief.", stream: true, store: false, max_output_tokens: 5, temperature: 0, top_p: 0.5, top_k: 3,
    reasoning: { effort: "high", summary: "auto" }, text: { format: { type: "json_object" } }, truncation: "auto", max_tool_calls: 3,
    include: ["reasoning.encrypted_content", "file_search_call.results"], seed: 7,
  }); // prettier-ignore
  expect(decoded).toMatchObject({
    request: {
      model: "qwen3",
      input: {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
      },
      reasoning: { mode: "on", level: "high" },
      sampling: { temperature: 0, topP: 0.5, topK: 3 },
      tokensMax: 5,
      responseFormat: { kind: "json_object" },
    },
    stream: true,
    store: false,
    packThoughts: true,
    ignored: ["seed", "max_tool_calls", "truncation"],
  });
});

describe("items", () => {
  test("messages come with and without a type, in every role, and with parts of any name", () => {
    expect(
      messages([
        { role: "developer", content: "Be brief." },
        { type: "message", role: "system", content: [{ type: "text", text: "Be" }, { type: "output_text", text: "kind." }] },
        { role: "user", content: [{ type: "input_text", text: "hi" }] },
        { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [{ type: "refusal", refusal: "No." }] },
        { role: "assistant", content: "Well." },
        { role: "user", content: "" },
      ]),
    ).toEqual([
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be\nkind." },
      { role: "user", content: "hi" },
      { role: "assistant", content: "No." },
      { role: "assistant", content: "Well." },
      { role: "user", content: "" },
    ]);
  }); // prettier-ignore

  test("a thought, a text and the calls behind it are one turn", () => {
    expect(
      messages([
        { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "Two calls." }] },
        { role: "assistant", content: "Let me see." },
        { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Os' },
        { type: "web_search_call", id: "ws_1", status: "completed" },
        { type: "custom_tool_call", call_id: "call_2", name: "patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "call_1", output: [{ type: "input_text", text: "rain" }] },
        { type: "custom_tool_call_output", call_id: "call_2", output: "done" },
        { type: "function_call", id: "fc_3", name: "now", arguments: "" },
        { type: "reasoning", id: "rs_2", summary: [{ type: "summary_text", text: "Another turn." }] },
        { type: "function_call", call_id: "call_4", name: "now", arguments: { zone: "CET" } },
      ]),
    ).toEqual([
      {
        role: "assistant",
        reasoning: "Two calls.",
        content: "Let me see.",
        toolCalls: [
          { id: "call_1", name: "weather", arguments: '{"city":"Os' },
          { id: "call_2", name: "patch", arguments: '{"input":"*** Begin"}' },
        ],
      },
      { role: "tool", toolCallId: "call_1", content: "rain" },
      { role: "tool", toolCallId: "call_2", content: "done" },
      { role: "assistant", content: "", toolCalls: [{ id: "fc_3", name: "now", arguments: "{}" }] },
      {
        role: "assistant",
        content: "",
        reasoning: "Another turn.",
        toolCalls: [{ id: "call_4", name: "now", arguments: '{"zone":"CET"}' }],
      },
    ]);
  });

  test("a thought is read from its content, else from what this server packed, else from its summary", () => {
    const thought = (fields: Readonly<Record<string, unknown>>): unknown =>
      messages([
        { type: "reasoning", ...fields },
        { role: "assistant", content: "Yes." },
      ])[0]?.reasoning;
    const summary = [{ type: "summary_text", text: "Short." }];
    expect([
      thought({ summary, content: [{ type: "reasoning_text", text: "Long." }], encrypted_content: packThought("Packed 漢字.") }),
      thought({ summary, encrypted_content: packThought("Packed 漢字.") }),
      thought({ summary, encrypted_content: "gAAAAABo" }),
      thought({ summary: [], encrypted_content: "gAAAAABo" }),
    ]).toEqual(["Long.", "Packed 漢字.", "Short.", undefined]);
  });

  test("a reference stands for the item, with and without its type", () => {
    expect(messages([{ type: "item_reference", id: "rs_old_0" }, { id: "fc_old_1" }, { role: "user", content: "And?" }])).toEqual([
      { role: "assistant", content: "", reasoning: "Ask.", toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
      { role: "user", content: "And?" },
    ]);
  });

  test("an earlier response goes in front, without its instructions, and its calls meet their results", () => {
    expect(
      chat({
        previous_response_id: "resp_old",
        instructions: "Now in rhyme.",
        input: [{ type: "function_call_output", call_id: "call_1", output: "rain" }],
      }).messages,
    ).toEqual([
      { role: "system", content: "Now in rhyme." },
      { role: "user", content: "Weather?" },
      { role: "assistant", content: "", reasoning: "Ask.", toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
      { role: "tool", content: "rain", toolCallId: "call_1" },
    ]);
    expect(chat({ previous_response_id: "resp_old", input: null }).messages).toHaveLength(2);
  });

  test("are kept with an id and a type, references as what they stand for, and nothing else of theirs is changed", () => {
    const items = [
      { role: "assistant", content: "Yes.", phase: "final" },
      { type: "function_call_output", call_id: "call_1", output: "rain" },
      { type: "item_reference", id: "rs_old_0" },
      { type: "compaction", encrypted_content: "x" },
      { type: "message", id: "", role: "user", content: "hi" },
    ];
    expect(decode({ input: items }).input as readonly unknown[]).toEqual([
      {
        id: "msg_r1_in0", type: "message", status: "completed", role: "assistant", phase: "final",
        content: [{ type: "output_text", text: "Yes.", annotations: [] }],
      },
      { id: "fco_r1_in1", type: "function_call_output", call_id: "call_1", output: "rain" },
      STORED[1],
      { id: "item_r1_in3", type: "compaction", encrypted_content: "x" },
      { id: "msg_r1_in4", type: "message", status: "completed", role: "user", content: [{ type: "input_text", text: "hi" }] },
    ]); // prettier-ignore
  });
});

describe("tools", () => {
  const parameters = { type: "object", properties: { city: { type: ["string", "null"], default: null } }, required: [] };
  const weather = { type: "function", name: "weather", description: "Tells it.", parameters, strict: null };
  const now = { type: "function", function: { name: "now" } };
  const tools = [{ type: "web_search" }, weather, { type: "namespace", name: "mcp", tools: [now] }, now];
  const WEATHER = { name: "weather", description: "Tells it.", parameters };

  test("functions are offered, flat or as in a chat request, and other kinds left out and named", () => {
    const decoded = decode({ tools });
    expect([decoded.request.input, decoded.ignored]).toMatchObject([{ tools: [WEATHER, { name: "now" }] }, ["tools[0]", "tools[2]"]]);
  });

  test.each<[unknown, unknown]>([
    ["auto", { tools: [WEATHER, { name: "now" }] }],
    ["none", { tools: [] }],
    ["required", { tools: [WEATHER, { name: "now" }], toolChoice: { mode: "required" } }],
    [
      { type: "function", name: "now" },
      { tools: [WEATHER, { name: "now" }], toolChoice: { mode: "function", name: "now" } },
    ],
    [
      { type: "function", function: { name: "now" } },
      { tools: [WEATHER, { name: "now" }], toolChoice: { mode: "function", name: "now" } },
    ],
    [{ type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "now" }] }, { tools: [{ name: "now" }] }],
    [
      { type: "allowed_tools", mode: "required", tools: [{ name: "weather" }] },
      { tools: [WEATHER], toolChoice: { mode: "required" } },
    ],
  ])("tool_choice %j is heeded", (choice, expected) => {
    const { kind: _kind, messages: _messages, ...rest } = chat({ tools, tool_choice: choice });
    expect(rest as unknown).toEqual(expected);
  });

  test("parallel calls can be turned off", () => {
    expect([chat({ tools, parallel_tool_calls: false }).parallelToolCalls, chat({ parallel_tool_calls: false }).parallelToolCalls]).toEqual(
      [false, undefined],
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["a hosted tool", { tools, tool_choice: { type: "web_search" } }, ["unsupported_parameter", "tool_choice"]],
    ["a custom tool", { tools, tool_choice: { type: "custom", name: "patch" } }, ["unsupported_parameter", "tool_choice"]],
    ["a function that is not there", { tools, tool_choice: { type: "function", name: "gone" } }, ["invalid_request", "tool_choice"]],
    ["a function without a name", { tools, tool_choice: { type: "function" } }, ["invalid_request", "tool_choice.name"]],
    ["a call of nothing", { tools: [{ type: "web_search" }], tool_choice: "required" }, ["invalid_request", "tool_choice"]],
    ["an unknown word", { tools, tool_choice: "maybe" }, ["invalid_request", "tool_choice"]],
    [
      "an unknown mode",
      { tools, tool_choice: { type: "allowed_tools", mode: "maybe", tools: [] } },
      ["invalid_request", "tool_choice.mode"],
    ],
    [
      "a hosted tool among those allowed",
      { tools, tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "web_search" }] } },
      ["unsupported_parameter", "tool_choice.tools[0].type"],
    ],
  ])("tool_choice that demands %s is refused", (_what, fields, expected) => {
    expect(refusal(fields)).toEqual(expected);
  });
});

test("the form of the answer is flat here", () => {
  const schema = { type: "object", properties: {} };
  const formatOf = (format: unknown): unknown => decode({ text: { format } }).request.responseFormat;
  expect([formatOf({ type: "text" }), formatOf({ type: "json_schema", name: "x", schema, strict: true })]).toEqual([
    undefined,
    { kind: "json_schema", schema, field: "text.format.schema" },
  ]);
});

test("thinking can be turned off and on, and words of no meaning leave it to the model", () => {
  const mode = (effort: unknown): unknown => decode({ reasoning: { effort } }).request.reasoning;
  expect([mode("none"), mode("low"), mode("quick"), mode(null)]).toEqual([
    { mode: "off" },
    { mode: "on", level: "low" },
    { mode: "auto" },
    { mode: "auto" },
  ]);
});

const image = { type: "input_image", image_url: "data:" };
test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
  ["nothing to answer", { input: null }, ["invalid_request", "input"]],
  ["nothing that can be read", { input: [{ type: "web_search_call", id: "ws_1" }] }, ["invalid_request", "input"]],
  ["an unknown earlier response", { previous_response_id: "resp_gone" }, ["invalid_request", "previous_response_id"]],
  ["a reference to nothing", { input: [{ type: "item_reference", id: "msg_gone" }] }, ["not_found", "input[0].id"]],
  ["an unknown role", { input: [{ role: "user", content: "a" }, { role: "robot", content: "b" }] }, ["invalid_request", "input[1].role"]],
  ["a message without a role", { input: [{ type: "message", content: "a" }] }, ["invalid_request", "input[0].role"]],
  ["what nobody could write", { metadata: { a: JSON.parse("[".repeat(300) + "]".repeat(300)) as unknown } }, ["invalid_request", "metadata"]],
  ["an image", { input: [{ role: "user", content: [{ type: "input_text", text: "?" }, image] }] }, ["unsupported_parameter", "input[0].content[1]"]],
  ["an image from a tool", { input: [{ type: "function_call_output", call_id: "c", output: [image] }] }, ["unsupported_parameter", "input[0].output[0]"]],
  ["a result that is no text", { input: [{ type: "function_call_output", call_id: "c", output: 5 }] }, ["invalid_request", "input[0].output"]],
  ["a call without a name", { input: [{ type: "function_call", call_id: "c", arguments: "{}" }] }, ["invalid_request", "input[0].name"]],
  ["a tool without a name", { tools: [{ type: "function" }] }, ["invalid_request", "tools[0].name"]],
  ["a conversation", { conversation: "conv_1" }, ["unsupported_parameter", "conversation"]],
  ["a stored prompt", { prompt: { id: "pmpt_1" } }, ["unsupported_parameter", "prompt"]],
  ["work in the background", { background: true }, ["unsupported_parameter", "background"]],
  ["probabilities", { top_logprobs: 2 }, ["unsupported_parameter", "top_logprobs"]],
  ["a token bias", { logit_bias: { "5": 1 } }, ["unsupported_parameter", "logit_bias"]],
  ["an unknown form", { text: { format: { type: "yaml" } } }, ["invalid_request", "text.format.type"]],
  ["a form without its schema", { text: { format: { type: "json_schema", name: "x" } } }, ["invalid_request", "text.format.schema"]],
])("%s is refused by the name of the field", (_what, fields, expected) => {
  expect(refusal(fields)).toEqual(expected);
}); // prettier-ignore
