/** Anthropic bodies in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { decodeMessages } from "../../src/api/anthropic/decode.ts";
import type { MessagesBody } from "../../src/api/anthropic/schema.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ChatInput } from "../../src/core/generation.ts";

const USER: MessagesBody["messages"] = [{ role: "user", content: "hi" }];
const TOOL = { name: "weather", description: "Tells it.", input_schema: { type: "object", properties: { city: { type: "string" } } } };

/** A body with fields of any kind, as they come from outside. */
function body(fields: Readonly<Record<string, unknown>>): MessagesBody {
  return { messages: USER, ...fields };
}

function input(fields: Readonly<Record<string, unknown>>): ChatInput {
  return decodeMessages("r1", body(fields)).request.input as ChatInput;
}

/** The refusal of a body, as code and field. */
function refusal(fields: Readonly<Record<string, unknown>>): unknown {
  try {
    decodeMessages("r1", body(fields));
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details.field];
    throw error;
  }
  return "accepted";
}

test("a bare request leaves everything open that the client left open, but for thoughts, of which there are none", () => {
  expect(decodeMessages("r1", { messages: USER })).toEqual({
    request: {
      id: "r1",
      model: "",
      input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
      reasoning: { mode: "off" },
      sampling: {},
      stop: [],
    },
    stream: false,
    ignored: [],
  });
});

test("null is the same as absent in every optional field", () => {
  const nulls = [
    "model", "system", "max_tokens", "stop_sequences", "stream", "temperature", "top_p", "top_k", "tools", "tool_choice", "thinking",
    "output_config", "output_format", "thread", "mcp_servers", "container", "context_management", "metadata",
  ]; // prettier-ignore
  const inner = { output_config: { effort: null, format: null } };
  const bare = decodeMessages("r1", { messages: USER });
  expect([Object.fromEntries(nulls.map((name) => [name, null])), inner].map((fields) => decodeMessages("r1", body(fields)))).toEqual([
    bare,
    bare,
  ]);
});

test("every value, limit and stop sequence reaches the canonical request", () => {
  const schema = { type: "object", properties: {}, additionalProperties: false };
  const sent = body({
    model: "qwen3", max_tokens: 5, stop_sequences: ["\n", "", "END"], stream: true, temperature: 0, top_p: 0.5, top_k: 3, system: "Be brief.",
    tools: [{ type: "web_search_20250305", name: "web_search" }, { ...TOOL, type: "custom", strict: true, cache_control: { type: "ephemeral" } }],
    tool_choice: { type: "tool", name: "weather", disable_parallel_tool_use: true }, thinking: { type: "enabled", budget_tokens: 1024 },
    output_config: { effort: "high", format: { type: "json_schema", schema } }, metadata: { user_id: "u" }, mcp_servers: [], service_tier: "auto",
  }); // prettier-ignore
  expect(decodeMessages("r1", sent)).toEqual({
    request: {
      id: "r1",
      model: "qwen3",
      input: {
        kind: "chat",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
        tools: [{ name: "weather", description: "Tells it.", parameters: TOOL.input_schema }],
        toolChoice: { mode: "function", name: "weather" },
        parallelToolCalls: false,
      },
      reasoning: { mode: "on", level: "high" },
      sampling: { temperature: 0, topK: 3, topP: 0.5 },
      tokensMax: 5,
      stop: ["\n", "END"],
      responseFormat: { kind: "json_schema", schema, field: "output_config.format.schema" },
    },
    stream: true,
    ignored: ["mcp_servers", "thinking.budget_tokens", "tools[0]"],
  });
});

describe("messages", () => {
  test("an agent's history keeps its calls, its results before its words, and nothing that only Anthropic can read", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Weather", cache_control: { type: "ephemeral" } }, { type: "text", text: "in Oslo?" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Ask the tool.", signature: "" },
          { type: "redacted_thinking", data: "xyz" },
          { type: "text", text: "Let me " },
          { type: "text", text: "see." },
          { type: "server_tool_use", id: "srv_1", name: "web_search", input: {} },
          { type: "web_search_tool_result", tool_use_id: "srv_1", content: [] },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } },
          { type: "tool_use", id: "toolu_2", name: "now" },
          { type: "tool_use", id: "toolu_3", name: "ping", input: '{"a":' },
        ],
      },
      {
        role: "user",
        content: [
          { type: "text", text: "Be quick." },
          { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "rain" }, { type: "text", text: "wind" }] },
          { type: "tool_result", tool_use_id: "toolu_2" },
          { type: "tool_result", tool_use_id: "toolu_3", content: "No such host", is_error: true },
        ],
      },
      { role: "system", content: "Answer in English." },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_4", content: "Error: gone", is_error: true }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_5", is_error: true }] },
    ]; // prettier-ignore
    expect(input({ messages })).toEqual({
      kind: "chat",
      messages: [
        { role: "user", content: "Weather\nin Oslo?" },
        {
          role: "assistant",
          content: "Let me see.",
          reasoning: "Ask the tool.",
          toolCalls: [
            { id: "toolu_1", name: "weather", arguments: '{"city":"Oslo"}' },
            { id: "toolu_2", name: "now", arguments: "{}" },
            { id: "toolu_3", name: "ping", arguments: '{"a":' },
          ],
        },
        { role: "tool", content: "rain\nwind", toolCallId: "toolu_1" },
        { role: "tool", content: "", toolCallId: "toolu_2" },
        { role: "tool", content: "Error: No such host", toolCallId: "toolu_3" },
        { role: "user", content: "Be quick." },
        { role: "system", content: "Answer in English." },
        { role: "tool", content: "Error: gone", toolCallId: "toolu_4" },
        { role: "tool", content: "Error", toolCallId: "toolu_5" },
      ],
      tools: [],
    });
  });

  test("neighbouring turns of one speaker are one turn", () => {
    const call = (id: string) => ({ role: "assistant", content: [{ type: "tool_use", id, name: "f", input: {} }] });
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: [{ type: "text", text: "b" }] },
      { role: "assistant", content: [{ type: "thinking", thinking: "t" }] },
      call("1"),
      call("2"),
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "x" }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "2", content: "y" }, { type: "text", text: "c" }] },
      { role: "user", content: "d" },
    ]; // prettier-ignore
    expect(input({ messages }).messages).toEqual([
      { role: "user", content: "a\n\nb" },
      {
        role: "assistant",
        content: "",
        reasoning: "t",
        toolCalls: [
          { id: "1", name: "f", arguments: "{}" },
          { id: "2", name: "f", arguments: "{}" },
        ],
      },
      { role: "tool", content: "x", toolCallId: "1" },
      { role: "tool", content: "y", toolCallId: "2" },
      { role: "user", content: "c\n\nd" },
    ]);
  });

  test("documents, search results and summaries are read as their text", () => {
    const content = [
      { type: "document", title: "Notes", context: "From May", source: { type: "text", media_type: "text/plain", data: "Rain." } },
      { type: "document", source: { type: "content", content: [{ type: "text", text: "Wind." }] } },
      { type: "search_result", title: "Sun", source: "https://example.com", content: [{ type: "text", text: "Shines." }] },
      { type: "compaction", content: "Before: storms." },
    ];
    const text = "Notes\nFrom May\nRain.\nWind.\nSun\nhttps://example.com\nShines.\nBefore: storms.";
    expect(input({ messages: [{ role: "user", content }] }).messages).toEqual([{ role: "user", content: text }]);
  });

  test("the system prompt's blocks are paragraphs, without the block that differs from request to request", () => {
    const block = (text: string) => ({ type: "text", text, cache_control: { type: "ephemeral" } });
    const system = [block("x-anthropic-billing-header: cc_version=1; cch=a1b2;"), block("You are an agent."), block("Be brief.")];
    expect([input({ system }).messages[0], input({ system: [] }).messages[0], input({ system: "" }).messages[0]]).toEqual([
      { role: "system", content: "You are an agent.\n\nBe brief." },
      { role: "user", content: "hi" },
      { role: "user", content: "hi" },
    ]);
  });

  test("a last message of the assistant's is continued, unless it is a call", () => {
    const call = { type: "tool_use", id: "1", name: "f", input: {} };
    const ending = (content: unknown) => input({ messages: [...USER, { role: "assistant", content }] });
    expect([ending("The answer is ("), ending([{ type: "text", text: "{" }]), ending([call]), input({})]).toMatchObject([
      { messages: [{ role: "user" }, { role: "assistant", content: "The answer is (" }], continueLast: true },
      { messages: [{ role: "user" }, { role: "assistant", content: "{" }], continueLast: true },
      { messages: [{ role: "user" }, { role: "assistant", content: "" }] },
      { messages: [{ role: "user" }] },
    ]);
    expect(ending([call]).continueLast).toBeUndefined();
  });
});

test("tool_choice says whether a call must come, which one, and how many", () => {
  const choice = (tool_choice: unknown) => {
    const { tools, toolChoice, parallelToolCalls } = input({ tools: [TOOL], tool_choice });
    return [tools.length, toolChoice, parallelToolCalls];
  };
  expect([
    choice(undefined),
    choice({ type: "auto", disable_parallel_tool_use: true }),
    choice({ type: "any", disable_parallel_tool_use: false }),
    choice({ type: "tool", name: "weather" }),
    choice({ type: "none", disable_parallel_tool_use: true }),
  ]).toEqual([
    [1, undefined, undefined],
    [1, undefined, false],
    [1, { mode: "required" }, undefined],
    [1, { mode: "function", name: "weather" }, undefined],
    [0, undefined, undefined],
  ]);
});

test("thinking is turned on or left to the model where that is asked for, off elsewhere, and effort is its level", () => {
  const reasoning = (thinking: unknown, effort?: string) =>
    decodeMessages("r1", body({ thinking, output_config: { effort } })).request.reasoning;
  expect([
    reasoning({ type: "enabled", budget_tokens: 2000 }),
    reasoning({ type: "disabled" }, "max"),
    reasoning({ type: "adaptive", display: "omitted" }, "low"),
    reasoning(null, "medium"),
    reasoning(undefined),
  ]).toEqual([{ mode: "on" }, { mode: "off" }, { mode: "auto", level: "low" }, { mode: "off", level: "medium" }, { mode: "off" }]);
});

test("the answer's schema may come under its older name", () => {
  const format = { type: "json_schema", schema: { type: "object" } };
  const decoded = [{ output_format: format }, { output_config: { format }, output_format: { type: "text" } }, { output_config: { format: { type: "json_schema", schema: true } } }]; // prettier-ignore
  expect(decoded.map((fields) => decodeMessages("r1", body(fields)).request.responseFormat)).toEqual([
    { kind: "json_schema", schema: { type: "object" }, field: "output_format.schema" },
    { kind: "json_schema", schema: { type: "object" }, field: "output_config.format.schema" },
    { kind: "json_schema", schema: true, field: "output_config.format.schema" },
  ]);
});

test("no token may be asked for: the prompt is then only read", () => {
  expect(decodeMessages("r1", body({ max_tokens: 0 })).request.tokensMax).toBe(0);
});

const saying = (role: string, ...content: unknown[]) => ({ messages: [{ role, content }] });
const result = (content: unknown) => saying("user", { type: "tool_result", tool_use_id: "1", content });

test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
  ["a new thread", { thread: { type: "create" } }, ["unsupported_parameter", "thread"]],
  ["a thread that goes on", { thread: { type: "continue", previous_message_id: "msg_1" } }, ["unsupported_parameter", "thread"]],
  ["an image", saying("user", { type: "text", text: "?" }, { type: "image", source: { type: "url", url: "http://x/" } }), ["unsupported_parameter", "messages[0].content[1]"]],
  ["an image in a result", result([{ type: "image", source: { type: "base64", data: "" } }]), ["unsupported_parameter", "messages[0].content[0].content[0]"]],
  ["an uploaded file", saying("user", { type: "container_upload", file_id: "f" }), ["unsupported_parameter", "messages[0].content[0]"]],
  ["a PDF", saying("user", { type: "document", source: { type: "base64", media_type: "application/pdf", data: "" } }), ["unsupported_parameter", "messages[0].content[0].source"]],
  ["an image in a document", saying("user", { type: "document", source: { type: "content", content: [{ type: "image" }] } }), ["unsupported_parameter", "messages[0].content[0].source.content[0]"]],
  ["a document without a source", saying("user", { type: "document" }), ["invalid_request", "messages[0].content[0].source"]],
  ["a result that is neither text nor blocks", result({ a: 1 }), ["invalid_request", "messages[0].content[0].content"]],
  ["an unknown block", saying("user", { type: "hologram" }), ["invalid_request", "messages[0].content[0].type"]],
  ["a call by the user", saying("user", { type: "tool_use", id: "1", name: "f" }), ["invalid_request", "messages[0].content[0].type"]],
  ["a result by the assistant", saying("assistant", { type: "tool_result", tool_use_id: "1" }), ["invalid_request", "messages[0].content[0].type"]],
  ["a text block without text", saying("user", { type: "text" }), ["invalid_request", "messages[0].content[0].text"]],
  ["a call without a name", saying("assistant", { type: "tool_use", id: "1" }), ["invalid_request", "messages[0].content[0].name"]],
  ["a call without an id", saying("assistant", { type: "tool_use", name: "f" }), ["invalid_request", "messages[0].content[0].id"]],
  ["a result of no call", saying("user", { type: "tool_result" }), ["invalid_request", "messages[0].content[0].tool_use_id"]],
  ["an image for a system prompt", { system: [{ type: "image" }] }, ["unsupported_parameter", "system[0]"]],
  ["a tool without a name", { tools: [{ ...TOOL, name: "" }] }, ["invalid_request", "tools[0].name"]],
  ["a call where there is no tool", { tool_choice: { type: "any" } }, ["invalid_request", "tool_choice.type"]],
  ["a call where only Anthropic has tools", { tools: [{ type: "bash_20250124", name: "bash" }], tool_choice: { type: "any" } }, ["invalid_request", "tool_choice.type"]],
  ["a call of a tool that is not there", { tools: [TOOL], tool_choice: { type: "tool", name: "x" } }, ["invalid_request", "tool_choice.name"]],
  ["a call of no tool in particular", { tools: [TOOL], tool_choice: { type: "tool" } }, ["invalid_request", "tool_choice.name"]],
  ["an unknown format", { output_config: { format: { type: "xml" } } }, ["invalid_request", "output_config.format.type"]],
  ["a format without its schema", { output_format: { type: "json_schema" } }, ["invalid_request", "output_format.schema"]],
  ["a book for a stop sequence", { stop_sequences: ["x".repeat(20_000)] }, ["invalid_request", "stop_sequences"]],
])("%s is refused by the name of the field", (_what, fields, expected) => {
  expect(refusal(fields)).toEqual(expected);
}); // prettier-ignore
