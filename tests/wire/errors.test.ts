/** Every failure in the caller's own shape. */
import { describe, expect, test } from "bun:test";
import { encodeOllamaError } from "../../src/api/ollama/errors.ts";
import { encodeOpenAiError } from "../../src/api/openai/errors.ts";
import type { RequestScope } from "../../src/api/context.ts";
import { RequestEnd } from "../../src/api/request-end.ts";
import { RequestRecord } from "../../src/telemetry/request-record.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ErrorCode, ErrorDetails } from "../../src/core/errors.ts";
import { ask } from "../support/scripted-engine.ts";

const SCOPE: RequestScope = {
  id: "r7",
  dialect: "openai",
  connection: new Request("http://localhost/"),
  client: "127.0.0.1",
  startedMs: 0,
  record: new RequestRecord("r7", "POST", null),
  end: new RequestEnd(() => {}),
  model: "Qwen9",
  promptField: "messages",
};

interface OpenAiErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
}

function openAi(code: ErrorCode, details: ErrorDetails = {}): readonly unknown[] {
  const { status, headers, body } = encodeOpenAiError(new AppError(code, "Words.", { details }), SCOPE);
  const { error } = body as unknown as OpenAiErrorBody;
  return [status, error.type, error.code, error.param, headers];
}

test.each<[ErrorCode, readonly unknown[]]>([
  ["invalid_request", [400, "invalid_request_error", "invalid_request", null, {}]],
  ["unsupported_parameter", [400, "invalid_request_error", "unsupported_parameter", null, {}]],
  ["unauthorized", [401, "invalid_request_error", "invalid_api_key", null, { "www-authenticate": "Bearer" }]],
  ["forbidden", [403, "permission_error", "forbidden", null, {}]],
  ["not_found", [404, "invalid_request_error", "unknown_url", null, {}]],
  ["method_not_allowed", [405, "invalid_request_error", "method_not_supported", null, {}]],
  ["model_not_found", [404, "invalid_request_error", "model_not_found", "model", {}]],
  ["model_not_runnable", [400, "invalid_request_error", "model_not_runnable", "model", {}]],
  ["context_length_exceeded", [400, "invalid_request_error", "context_length_exceeded", "messages", {}]],
  ["body_too_large", [413, "invalid_request_error", "request_too_large", null, {}]],
  ["body_timeout", [408, "invalid_request_error", "request_timeout", null, { "x-should-retry": "true" }]],
  ["rate_limited", [429, "rate_limit_error", "rate_limit_exceeded", null, { "retry-after": "1", "x-should-retry": "true" }]],
  ["queue_full", [429, "rate_limit_error", "rate_limit_exceeded", null, { "retry-after": "1", "x-should-retry": "true" }]],
  ["queue_timeout", [503, "server_error", "timeout", null, { "retry-after": "1", "x-should-retry": "true" }]],
  ["shutting_down", [503, "server_error", "shutting_down", null, { "retry-after": "1", "x-should-retry": "true" }]],
  ["model_loading", [503, "server_error", "model_loading", null, { "retry-after": "1", "x-should-retry": "true" }]],
  ["cancelled", [499, "invalid_request_error", "cancelled", null, {}]],
  ["model_load_failed", [500, "server_error", "model_load_failed", null, { "x-should-retry": "false" }]],
  ["out_of_memory", [500, "server_error", "out_of_memory", null, { "x-should-retry": "false" }]],
  ["storage_full", [507, "server_error", "storage_full", null, { "x-should-retry": "false" }]],
  ["runtime_error", [500, "server_error", "runtime_error", null, { "x-should-retry": "false" }]],
  ["engine_lost", [500, "server_error", "engine_lost", null, { "x-should-retry": "true" }]],
  ["internal", [500, "server_error", "internal_error", null, { "x-should-retry": "false" }]],
])("%s has its OpenAI status, type, code and headers", (code, expected) => {
  expect(openAi(code)).toEqual(expected);
});

test("what is wrong with a field decides OpenAI's code", () => {
  const codes = (["json", "missing", "type", "value", "schema"] as const).map(
    (fault) => openAi("invalid_request", { field: "n", fault })[2],
  );
  expect(codes).toEqual(["invalid_json", "missing_required_parameter", "invalid_type", "invalid_value", "invalid_json_schema"]);
});

test("a count that is only a lower bound is called one", () => {
  const details = { promptTokens: 5012, promptTokensAtLeast: true, contextTokens: 4096 } as const;
  const error = new AppError("context_length_exceeded", "Too long.", { details });
  const texts = [encodeOpenAiError(error, SCOPE), encodeOllamaError(error, SCOPE)].map(({ body }) => JSON.stringify(body));
  expect(texts.map((text) => text.includes("at least 5012 tokens"))).toEqual([true, true]);
});

test("a prompt that does not fit is told in OpenAI's sentence, with both counts", () => {
  const error = new AppError("context_length_exceeded", "Too long.", { details: { promptTokens: 5012, contextTokens: 4096 } });
  expect(encodeOpenAiError(error, SCOPE).body).toEqual({
    error: {
      message:
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5012 tokens. Please reduce the length of the messages.",
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded",
      n_prompt_tokens: 5012,
      n_ctx: 4096,
    },
  });
});

test("tools that fill the context are named beside the messages", () => {
  const error = new AppError("context_length_exceeded", "Too long.", { details: { promptTokens: 6365, contextTokens: 4096 } });
  expect(encodeOpenAiError(error, { ...SCOPE, tools: 36 }).body).toMatchObject({
    error: {
      message:
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 6365 tokens with 36 tools. Please reduce the length of the messages, or offer fewer tools.",
    },
  });
});

test.each([
  ["/v1/chat/completions", { tools: [{ type: "function", function: { name: "f" } }] }, true],
  ["/v1/chat/completions", { tools: [{ type: "function", function: { name: "f" } }], tool_choice: "none" }, false],
  ["/v1/chat/completions", { functions: [{ name: "f" }] }, true],
  ["/v1/responses", { input: "hi", tools: [{ type: "function", name: "f" }] }, true],
])("tools are named where they stand in the prompt: %s %j", async (path, fields, named) => {
  const tooLong = new AppError("context_length_exceeded", "Too long.", { details: { promptTokens: 6365, contextTokens: 4096 } });
  const admit = async (): Promise<never> => {
    throw tooLong;
  };
  const body = { ...(path === "/v1/responses" ? {} : { messages: [{ role: "user", content: "hi" }] }), ...fields };
  const { error } = (await (await ask({ admit }, path, { body })).json()) as OpenAiErrorBody;
  expect([error.message.includes("6365 tokens"), error.message.includes("with 1 tool.")]).toEqual([true, named]);
});

test("Retry-After is what the engine says, and at most what OpenAI's clients heed", () => {
  expect([openAi("queue_full", { retryAfterS: 7 })[4], openAi("queue_full", { retryAfterS: 900 })[4]]).toMatchObject([
    { "retry-after": "7" },
    { "retry-after": "60" },
  ]);
});

test.each<[ErrorCode, ErrorDetails, number, string, Readonly<Record<string, string>>]>([
  ["invalid_request", {}, 400, "Words.", {}],
  ["model_not_found", {}, 404, "model 'Qwen9' not found", {}],
  ["model_not_found", { hint: "Available: a and b." }, 404, "model 'Qwen9' not found. Available: a and b.", {}],
  ["unauthorized", {}, 401, "Words.", { "www-authenticate": "Bearer" }],
  ["rate_limited", { retryAfterS: 7 }, 429, "Words.", { "retry-after": "7" }],
  ["queue_full", { retryAfterS: 7 }, 503, "server busy, please try again.  maximum pending requests exceeded", { "retry-after": "7" }],
  [
    "context_length_exceeded",
    { promptTokens: 5012, contextTokens: 4096 },
    400,
    "the prompt is longer than the context length currently available to the model; it has 5012 tokens and the context holds 4096",
    {},
  ],
  ["method_not_allowed", { allow: ["GET", "HEAD"] }, 405, "405 method not allowed. Words.", { allow: "GET, HEAD" }],
  ["internal", {}, 500, "internal error; the server's log has the details under request r7", {}],
])("%s has its Ollama status and words", (code, details, status, error, headers) => {
  expect(encodeOllamaError(new AppError(code, "Words.", { details }), SCOPE)).toEqual({ status, headers, body: { error } });
});

const CHAT = { messages: [{ role: "user", content: "hi" }] };

async function chatError(body: unknown): Promise<readonly unknown[]> {
  const response = await ask({}, "/v1/chat/completions", { body }, { bodyBytesMax: 10_000_000 });
  const { error } = (await response.json()) as OpenAiErrorBody;
  return [response.status, error.code, error.param, error.message];
}

describe("bodies", () => {
  test.each<[string, unknown, readonly unknown[]]>([
    ["no JSON", "{'a': 1}", [400, "invalid_json", null, "The request body is not valid JSON: Single quotes (') are not allowed in JSON."]],
    ["spaces", " \n", [400, "invalid_json", null, "The request body is empty: send a JSON object."]],
    ["an array for a message", { messages: [[]] }, [400, "invalid_type", "messages[0]", 'The field "messages[0]" must be an object.']],
    ["an empty body", "", [400, "invalid_json", null, "The request body is empty: send a JSON object."]],
    ["an array", "[]", [400, "invalid_type", null, "The request body must be an object."]],
    ["null", "null", [400, "invalid_type", null, "The request body must be an object."]],
    ["no messages", {}, [400, "missing_required_parameter", "messages", 'The field "messages" is missing: it must be an array with 1 to 10000 items.']],
    ["no message", { messages: [] }, [400, "invalid_value", "messages", 'The field "messages" must be an array with 1 to 10000 items.']],
    ["more messages than any context holds", { messages: Array.from({ length: 10_001 }, () => CHAT.messages[0]) }, [400, "invalid_value", "messages", 'The field "messages" must be an array with 1 to 10000 items.']],
    ["more tools than anybody has", { ...CHAT, tools: Array.from({ length: 1001 }, () => ({ type: "function" })) }, [400, "invalid_value", "tools", 'The field "tools" must be an array with at most 1000 items.']],
    [
      "an unknown role",
      { messages: [{ role: "robot" }] },
      [
        400,
        "invalid_value",
        "messages[0].role",
        'The field "messages[0].role" must be "system", "developer", "user", "assistant", "tool" or "function".',
      ],
    ],
    ["a number for content", { messages: [{ role: "user", content: 5 }] }, [400, "invalid_type", "messages[0].content", 'The field "messages[0].content" must be a string or an array.']],
    ["a part without a type", { messages: [{ role: "user", content: [{}] }] }, [400, "missing_required_parameter", "messages[0].content[0].type", 'The field "messages[0].content[0].type" is missing: it must be a string.']],
    ["too hot", { ...CHAT, temperature: 3 }, [400, "invalid_value", "temperature", 'The field "temperature" must be a number from 0 to 2.']],
    ["a number as a text", { ...CHAT, temperature: "1" }, [400, "invalid_type", "temperature", 'The field "temperature" must be a number from 0 to 2.']],
    ["more than the runtime can hold", { ...CHAT, top_k: 5e9 }, [400, "invalid_value", "top_k", 'The field "top_k" must be a whole number of at most 1000000.']],
    ["a penalty without measure", { ...CHAT, repeat_penalty: 1e39 }, [400, "invalid_value", "repeat_penalty", 'The field "repeat_penalty" must be a number from 0 to 10.']],
    ["half a token", { ...CHAT, max_tokens: 1.5 }, [400, "invalid_type", "max_tokens", 'The field "max_tokens" must be a whole number of at least -1.']],
    ["a number among stops", { ...CHAT, stop: ["a", 1] }, [400, "invalid_type", "stop[1]", 'The field "stop[1]" must be a string.']],
    ["a book for a stop", { ...CHAT, stop: ["a", "x".repeat(20_000)] }, [400, "invalid_value", "stop", 'The field "stop" has 20001 characters; at most 16384 are taken.']],
    ["a text for stream", { ...CHAT, stream: "yes" }, [400, "invalid_type", "stream", 'The field "stream" must be true or false.']],
    ["a grammar", { ...CHAT, grammar: "root ::= x" }, [400, "unsupported_parameter", "grammar", 'The field "grammar" is not supported: answers cannot be held to a grammar. Send a JSON Schema in response_format.']],
    ["more answers than are made", { ...CHAT, n: 9 }, [400, "invalid_value", "n", 'The field "n" must be a whole number from 1 to 8.']],
    ["too many stops", { ...CHAT, stop: Array.from({ length: 257 }, (_, index) => `${index}`) }, [400, "invalid_value", "stop", 'The field "stop" must be a string or an array with at most 256 items.']],
    ["a schema that is a text", { ...CHAT, response_format: { type: "json_schema", json_schema: { schema: "{}" } } }, [400, "invalid_type", "response_format.json_schema.schema", 'The field "response_format.json_schema.schema" must be an object or true or false.']],
    ["a function without a name", { ...CHAT, tools: [{ type: "function", function: {} }] }, [400, "missing_required_parameter", "tools[0].function.name", 'The field "tools[0].function.name" is missing: it must be a string that is not empty.']],
  ])("%s is told with the field and what it must be", async (_what, body, expected) => {
    expect(await chatError(body)).toEqual(expected);
  }); // prettier-ignore

  test("a body of nothing but brackets is refused like any other", async () => {
    // A longer one is refused before it is parsed: see tests/security/decompression.test.ts.
    const depth = 30_000;
    expect(await chatError(`{"messages":${"[".repeat(depth)}${"]".repeat(depth)}}`)).toEqual([
      400,
      "invalid_type",
      "messages[0]",
      'The field "messages[0]" must be an object.',
    ]);
  });

  test("a compressed body is named as such", async () => {
    const response = await ask({}, "/v1/chat/completions", { body: JSON.stringify(CHAT), headers: { "content-encoding": "gzip" } });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: "The request body is compressed (gzip), which is not supported: send it as it is.", code: "invalid_json" } },
    ]);
  });

  test("Ollama's clients are told in one sentence", async () => {
    const response = await ask({}, "/api/chat", { body: { model: "m", messages: [{ role: "user", content: [{ type: "text" }] }] } });
    expect([response.status, await response.json()]).toEqual([400, { error: 'The field "messages[0].content" must be a string.' }]);
  });

  test("a body above the limit is refused before it is read", async () => {
    const body = { ...CHAT, padding: "x".repeat(100) };
    const headers = { "content-length": String(JSON.stringify(body).length) };
    const responses = await Promise.all(
      ["/v1/chat/completions", "/api/chat"].map((path) => ask({}, path, { body, headers }, { bodyBytesMax: 99 })),
    );
    expect(await Promise.all(responses.map(async (response) => [response.status, await response.json()]))).toEqual([
      [
        413,
        {
          error: {
            message: "The request body has 158 bytes; at most 99 are taken.",
            type: "invalid_request_error",
            param: null,
            code: "request_too_large",
          },
        },
      ],
      [413, { error: "The request body has 158 bytes; at most 99 are taken." }],
    ]);
  });
});

describe("paths", () => {
  test("an unknown path is told in the shape of its neighbours", async () => {
    const [openai, ollama] = await Promise.all([ask({}, "/v1/nothing"), ask({}, "/api/nothing")]);
    expect([openai.status, await openai.json(), ollama.status, await ollama.json()]).toEqual([
      404,
      {
        error: {
          message: "There is nothing at GET /v1/nothing. GET /swagger lists what there is.",
          type: "invalid_request_error",
          param: null,
          code: "unknown_url",
        },
      },
      404,
      { error: "404 page not found. There is nothing at GET /api/nothing. GET /swagger lists what there is." },
    ]);
  });

  test("a wrong method is told together with the right ones", async () => {
    const responses = await Promise.all([
      ask({}, "/v1/chat/completions"),
      ask({}, "/v1/models/a/b", { method: "DELETE" }),
      ask({}, "/api/tags", { method: "POST", body: {} }),
    ]);
    expect(responses.map((response) => [response.status, response.headers.get("allow")])).toEqual([
      [405, "POST, OPTIONS"],
      [405, "GET, HEAD, OPTIONS"],
      [405, "GET, HEAD, OPTIONS"],
    ]);
  });
});

describe("the engine's refusals", () => {
  const refusing = (code: ErrorCode, details: ErrorDetails = {}) => ({
    admit: async () => {
      throw new AppError(code, "Words.", { details });
    },
  });

  test("are real statuses, even when a stream was asked for", async () => {
    const full = refusing("queue_full", { retryAfterS: 3 });
    const responses = await Promise.all([
      ask(full, "/v1/chat/completions", { body: { ...CHAT, stream: true } }),
      ask(full, "/v1/completions", { body: { prompt: "x" } }),
      ask(full, "/api/chat", { body: { model: "qwen3-0.6b", ...CHAT } }),
      ask(full, "/api/generate", { body: { model: "qwen3-0.6b", prompt: "hi" } }),
    ]);
    expect(
      responses.map((response) => [response.status, response.headers.get("retry-after"), response.headers.get("content-type")]),
    ).toEqual([
      [429, "3", "application/json;charset=utf-8"],
      [429, "3", "application/json;charset=utf-8"],
      [503, "3", "application/json;charset=utf-8"],
      [503, "3", "application/json;charset=utf-8"],
    ]);
  });

  test("name the field that holds the prompt", async () => {
    const long = refusing("context_length_exceeded", { promptTokens: 9, contextTokens: 8 });
    const chat = await ask(long, "/v1/chat/completions", { body: CHAT });
    const completion = await ask(long, "/v1/completions", { body: { prompt: "x" } });
    expect([await chat.json(), await completion.json()]).toMatchObject([{ error: { param: "messages" } }, { error: { param: "prompt" } }]);
  });

  test("an unknown model is told with what there is, in Ollama's words to Ollama's clients", async () => {
    const openai = await ask({}, "/v1/chat/completions", { body: { model: "Nope", ...CHAT } });
    const ollama = await ask({}, "/api/chat", { body: { model: "Nope", ...CHAT } });
    expect([openai.status, await openai.json(), ollama.status, await ollama.json()]).toEqual([
      404,
      {
        error: {
          message: 'The model "Nope" does not exist. There are: qwen3-0.6b, org/tiny:1b.',
          type: "invalid_request_error",
          param: "model",
          code: "model_not_found",
        },
      },
      404,
      { error: "model 'Nope' not found" },
    ]);
  });

  test("an internal fault tells the client nothing but where to look", async () => {
    const broken = { events: [new Error("secret path /home/x")] };
    const [openai, ollama] = await Promise.all([
      ask(broken, "/v1/chat/completions", { body: CHAT }),
      ask(broken, "/api/chat", { body: { model: "qwen3-0.6b", stream: false, ...CHAT } }),
    ]);
    expect([openai.status, openai.headers.get("x-should-retry"), await openai.json(), ollama.status, await ollama.json()]).toEqual([
      500,
      "false",
      {
        error: {
          message: "Internal error. The server's log has the details under request r1.",
          type: "server_error",
          param: null,
          code: "internal_error",
        },
      },
      500,
      { error: "internal error; the server's log has the details under request r1" },
    ]);
  });
});
