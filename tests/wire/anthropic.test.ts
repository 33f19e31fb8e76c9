/** Anthropic's routes as a client sees them, without a socket. */
import { describe, expect, test } from "bun:test";
import { encodeAnthropicError } from "../../src/api/anthropic/errors.ts";
import type { RequestScope } from "../../src/api/context.ts";
import { RequestEnd } from "../../src/api/request-end.ts";
import { RequestRecord } from "../../src/telemetry/request-record.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ErrorCode, ErrorDetails } from "../../src/core/errors.ts";
import { listen } from "../support/api-socket.ts";
import { ask, finishEvent, HELLO, scriptedEngine } from "../support/scripted-engine.ts";
import type { Script } from "../support/scripted-engine.ts";
import { expectGolden } from "./golden.ts";

const BODY = { model: "qwen3-0.6b", max_tokens: 50, messages: [{ role: "user", content: "hi" }] };

describe("messages", () => {
  test("a stream is named as such, is not to be buffered, and carries the request's id", async () => {
    const response = await ask({}, "/v1/messages?beta=true", { body: { ...BODY, stream: true, mcp_servers: [] } });
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([
      200,
      {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "cross-origin-resource-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-request-id": "r1",
        "request-id": "r1",
        "x-rockchip-llama-ignored": "mcp_servers",
        "x-rockchip-llama-queue-position": "0",
        "x-rockchip-llama-queue-wait-ms": "0",
      },
    ]);
  });

  test("a streamed answer goes over the wire as the encoder made it", async () => {
    const response = await ask({}, "/v1/messages", { body: { ...BODY, stream: true } });
    await expectGolden("anthropic-text.txt", (await response.text()).replace("msg_r1", "msg_A"));
  });

  test("a whole answer is one message, without timings", async () => {
    const response = await ask({}, "/v1/messages", { body: BODY });
    expect([response.status, response.headers.get("request-id"), await response.json()]).toEqual([
      200,
      "r1",
      {
        id: "msg_r1",
        type: "message",
        role: "assistant",
        model: "qwen3-0.6b",
        content: [{ type: "text", text: "Hello" }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage: {
          input_tokens: 7,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 4,
          output_tokens: 2,
          output_tokens_details: { thinking_tokens: 0 },
        },
      },
    ]);
  });

  test.each([["/v1/messages"], ["/messages"], ["//v1/messages/"], ["/v1//messages?beta=true"]])("%s answers", async (path) => {
    const response = await ask({}, path, { body: BODY, headers: { "anthropic-version": "2026-10-21", authorization: "Bearer none" } });
    expect([response.status, await response.json()]).toMatchObject([200, { type: "message" }]);
  });

  test("a last message of the assistant's is continued, and only what is new comes back", async () => {
    const engine = scriptedEngine({ events: HELLO });
    const messages = [...BODY.messages, { role: "assistant", content: "Say: " }];
    const response = await ask(engine, "/v1/messages", { body: { ...BODY, messages } });
    expect([engine.requests[0]?.request.input, await response.json()]).toMatchObject([
      { continueLast: true, messages: [{ role: "user" }, { role: "assistant", content: "Say: " }] },
      { content: [{ type: "text", text: "Hello" }] },
    ]);
  });

  test("silence is filled with pings", async () => {
    const gate = Promise.withResolvers<void>();
    const play = async function* () {
      yield { kind: "text", text: "Hel" } as const;
      await gate.promise;
      yield finishEvent();
    };
    await using api = listen({ play }, { keepAliveCommentS: 0.005 });
    const response = await fetch(`${api.url}/v1/messages`, { method: "POST", body: JSON.stringify({ ...BODY, stream: true }) });
    const decoder = new TextDecoder();
    let read = "";
    for await (const bytes of response.body!) {
      read += decoder.decode(bytes, { stream: true });
      if (/"Hel"\}\}\n\n(event: ping\ndata: \{"type":"ping"\}\n\n){2}/.test(read)) gate.resolve();
    }
    expect(read.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
  });

  test("a stream that begins before its prompt is known says 0 at first, and the count at its end", async () => {
    const gate = Promise.withResolvers<void>();
    await using api = listen({ admit: () => gate.promise }, { headerWaitMs: 1 });
    const response = await fetch(`${api.url}/v1/messages`, { method: "POST", body: JSON.stringify({ ...BODY, stream: true }) });
    gate.resolve();
    const text = await response.text();
    expect(text.match(/(?<="input_tokens":)\d+/g)).toEqual(["0", "7"]);
  });
});

describe("count_tokens", () => {
  test("counts the prompt, and generates nothing", async () => {
    const engine = scriptedEngine({ events: [new Error("nothing is to be generated")] });
    const body = { messages: BODY.messages, system: "Be brief.", tools: [{ name: "f", input_schema: { type: "object" } }] };
    const response = await ask(engine, "/v1/messages/count_tokens?beta=true", { body });
    expect([response.status, response.headers.get("request-id"), await response.json(), engine.requests]).toMatchObject([
      200,
      "r1",
      { input_tokens: 11 },
      [{ request: { input: { messages: [{ role: "system" }, { role: "user" }], tools: [{ name: "f" }] } } }],
    ]);
  });

  test("refuses what messages refuse", async () => {
    const bodies = [{ ...BODY, model: "nope" }, { messages: [] }, { ...BODY, thread: { type: "create" } }];
    const responses = await Promise.all(bodies.map((body) => ask({}, "/messages/count_tokens", { body })));
    expect(responses.map(({ status }) => status)).toEqual([404, 400, 400]);
  });
});

const SCOPE: RequestScope = {
  id: "r7",
  dialect: "anthropic",
  connection: new Request("http://localhost/"),
  client: "127.0.0.1",
  startedMs: 0,
  record: new RequestRecord("r7", "POST", null),
  end: new RequestEnd(() => {}),
};

function failure(code: ErrorCode, details: ErrorDetails = {}): readonly unknown[] {
  const { status, headers, body } = encodeAnthropicError(new AppError(code, "Words.", { details }), SCOPE);
  return [status, (body["error"] as { type: string }).type, headers];
}

describe("errors", () => {
  const again = { "x-should-retry": "true" };
  const wait = { "retry-after": "1", ...again };
  const never = { "x-should-retry": "false" };
  test.each<[ErrorCode, readonly unknown[]]>([
    ["invalid_request", [400, "invalid_request_error", {}]],
    ["unsupported_parameter", [400, "invalid_request_error", {}]],
    ["unauthorized", [401, "authentication_error", { "www-authenticate": "Bearer" }]],
    ["forbidden", [403, "permission_error", {}]],
    ["not_found", [404, "not_found_error", {}]],
    ["method_not_allowed", [405, "invalid_request_error", {}]],
    ["model_not_found", [404, "not_found_error", {}]],
    ["model_not_runnable", [400, "invalid_request_error", {}]],
    ["context_length_exceeded", [400, "invalid_request_error", {}]],
    ["body_too_large", [413, "request_too_large", {}]],
    ["body_timeout", [408, "invalid_request_error", again]],
    ["rate_limited", [429, "rate_limit_error", wait]],
    ["queue_full", [529, "overloaded_error", wait]],
    ["queue_timeout", [529, "overloaded_error", wait]],
    ["shutting_down", [529, "overloaded_error", wait]],
    ["model_loading", [529, "overloaded_error", wait]],
    ["model_load_failed", [500, "api_error", never]],
    ["out_of_memory", [500, "api_error", never]],
    ["download_failed", [502, "api_error", again]],
    ["storage_full", [507, "api_error", never]],
    ["runtime_error", [500, "api_error", never]],
    ["engine_lost", [500, "api_error", again]],
    ["output_invalid", [500, "api_error", never]],
    ["internal", [500, "api_error", never]],
  ])("%s has its status, type and headers", (code, expected) => {
    expect(failure(code)).toEqual(expected);
  });

  test("Retry-After is what the engine says, and at most what the clients heed", () => {
    expect([failure("queue_full", { retryAfterS: 7 })[2], failure("queue_full", { retryAfterS: 900 })[2]]).toMatchObject([
      { "retry-after": "7" },
      { "retry-after": "60" },
    ]);
  });

  test.each<[ErrorDetails, string]>([
    [{ promptTokens: 5012, contextTokens: 4096 }, "prompt is too long: 5012 tokens > 4096 maximum"],
    [{ promptTokens: 9000, promptTokensAtLeast: true, contextTokens: 4096 }, "prompt is too long: 9000 tokens > 4096 maximum"],
  ])("a prompt that does not fit is told in Anthropic's words", (details, message) => {
    expect(encodeAnthropicError(new AppError("context_length_exceeded", "Too long.", { details }), SCOPE).body).toEqual({
      type: "error",
      error: { type: "invalid_request_error", message },
      request_id: "r7",
    });
  });

  test("a thread is refused in the words at which clients send the whole conversation", async () => {
    const threads = [{ type: "create" }, { type: "continue", previous_message_id: "msg_1" }];
    const responses = await Promise.all(threads.map((thread) => ask({}, "/v1/messages", { body: { ...BODY, stream: true, thread } })));
    const refusal = {
      type: "error",
      error: { type: "invalid_request_error", message: "thread is not supported", details: { error_code: "thread_unsupported_request" } },
      request_id: "r1",
    };
    expect(await Promise.all(responses.map(async (response) => [response.status, await response.json()]))).toEqual([
      [400, refusal],
      [400, refusal],
    ]);
  });

  test.each<[string, unknown, string]>([
    ["no JSON", "{", "The request body is not valid JSON: Expected '}'."],
    ["no messages", {}, 'The field "messages" is missing: it must be an array with 1 to 10000 items.'],
    ["too hot", { ...BODY, temperature: 1.5 }, 'The field "temperature" must be a number from 0 to 1.'],
    ["an unknown role", { messages: [{ role: "tool", content: "" }] }, 'The field "messages[0].role" must be "user", "assistant" or "system".'],
    ["no content", { messages: [{ role: "user" }] }, 'The field "messages[0].content" is missing: it must be a string or an array.'],
    ["a block without a type", { messages: [{ role: "user", content: [{}] }] }, 'The field "messages[0].content[0].type" is missing: it must be a string.'],
    ["an image", { messages: [{ role: "user", content: [{ type: "image", source: {} }] }] }, 'The field "messages[0].content[0]" is not supported: images cannot be read. Send text blocks only.'],
    ["a number for the system prompt", { ...BODY, system: 5 }, 'The field "system" must be a string or an array.'],
    ["less than nothing", { ...BODY, max_tokens: -1 }, 'The field "max_tokens" must be a whole number of at least 0.'],
    ["thinking in an unknown way", { ...BODY, thinking: { type: "deep" } }, 'The field "thinking.type" must be "enabled", "disabled" or "adaptive".'],
    ["a text for a schema", { ...BODY, tools: [{ name: "f", input_schema: "x" }] }, 'The field "tools[0].input_schema" must be an object.'],
  ])("%s is told with the field and what it must be", async (_what, body, message) => {
    const response = await ask({}, "/v1/messages", { body });
    expect([response.status, await response.json()]).toEqual([
      400,
      { type: "error", error: { type: "invalid_request_error", message }, request_id: "r1" },
    ]);
  }); // prettier-ignore

  test("nothing but brackets is refused like any other body, wherever they stand", async () => {
    const brackets = "[".repeat(100_000) + "]".repeat(100_000);
    const content = `[{"type":"tool_result","tool_use_id":"1","content":${brackets}}]`;
    const call = `[{"type":"tool_use","id":"1","name":"f","input":${brackets}}]`;
    const bodies = [
      `{"messages":${brackets}}`,
      `{"messages":[{"role":"user","content":${content}}]}`,
      `{"messages":[{"role":"assistant","content":${call}}]}`,
    ];
    const responses = await Promise.all(bodies.map((body) => ask({}, "/v1/messages", { body }, { bodyBytesMax: 1_000_000 })));
    expect(responses.map(({ status }) => status)).toEqual([400, 400, 400]);
  });

  test("unknown paths and methods beneath /v1/messages take the same shape, and others do not", async () => {
    const responses = await Promise.all([
      ask({}, "/v1/messages/batches"),
      ask({}, "/v1/messages"),
      ask({}, "/messages/count_tokens", { method: "DELETE" }),
      ask({}, "/v1/messagesx"),
    ]);
    expect(await Promise.all(responses.map(async (response) => [response.status, response.headers.get("allow"), await response.json()]))).toMatchObject([
      [404, null, { type: "error", error: { type: "not_found_error" }, request_id: "r1" }],
      [405, "POST, OPTIONS", { type: "error", error: { type: "invalid_request_error" } }],
      [405, "POST, OPTIONS", { type: "error", error: { type: "invalid_request_error" } }],
      [404, null, { error: { type: "invalid_request_error", code: "unknown_url" } }],
    ]); // prettier-ignore
  });

  test("the engine's refusals are real statuses, even when a stream was asked for", async () => {
    const refusing = (code: ErrorCode, details: ErrorDetails = {}): Script => ({
      admit: async () => {
        throw new AppError(code, "Words.", { details });
      },
    });
    const responses = await Promise.all([
      ask(refusing("queue_full", { retryAfterS: 3 }), "/v1/messages", { body: { ...BODY, stream: true } }),
      ask(refusing("model_loading"), "/v1/messages", { body: BODY }),
      ask(refusing("model_load_failed"), "/v1/messages/count_tokens", { body: BODY }),
      ask({}, "/v1/messages", { body: { ...BODY, model: "nope", stream: true } }),
    ]);
    expect(await Promise.all(responses.map(async (response) => [response.status, response.headers.get("retry-after"), await response.json()]))).toMatchObject([
      [529, "3", { error: { type: "overloaded_error", message: "Words." } }],
      [529, "1", { error: { type: "overloaded_error" } }],
      [500, null, { error: { type: "api_error" } }],
      [404, null, { error: { type: "not_found_error", message: 'The model "nope" does not exist. There are: qwen3-0.6b, org/tiny:1b.' } }],
    ]); // prettier-ignore
  });

  test("a stream that fails ends with an error event, and tells nothing of a fault of ours", async () => {
    const texts = await Promise.all(
      [new AppError("engine_lost", "The engine host ended."), new Error("secret path /home/x")].map(async (error) =>
        (await ask({ events: [{ kind: "text", text: "Hel" }, error] }, "/v1/messages", { body: { ...BODY, stream: true } })).text(),
      ),
    );
    expect(texts.map((text) => text.slice(text.indexOf("event: error")))).toEqual([
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"The engine host ended."},"request_id":"r1"}\n\n',
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Internal error. The server\'s log has the details under request r1."},"request_id":"r1"}\n\n',
    ]);
  });
});
