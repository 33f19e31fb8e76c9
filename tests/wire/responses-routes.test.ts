/** /v1/responses as clients find it: what is stored, found, refused and forgotten. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createServer } from "../../src/api/server.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ChatInput, FinishReason, GenerationEvent } from "../../src/core/generation.ts";
import { createResponseStore } from "../../src/store/response-store.ts";
import { finishEvent, HELLO, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";
import type { RecordedLog, Script, ScriptedEngine } from "../support/scripted-engine.ts";

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Client {
  readonly engine: ScriptedEngine;
  readonly lines: readonly RecordedLog[];
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  raw(method: string, path: string, body?: unknown): Promise<Response>;
}

/** One server that remembers from request to request. */
function serve(script: Script = {}, change: Parameters<typeof serverOptions>[1] = {}): Client {
  const engine = scriptedEngine(script);
  const lines: RecordedLog[] = [];
  const app = createServer(serverOptions(engine, change, lines));
  const raw = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    app.handle(new Request(`http://localhost${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) }));
  return {
    engine,
    lines,
    raw,
    ask: async (method, path, body, headers) => {
      const response = await raw(method, path, body, headers);
      return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
    },
  };
}

const create = (fields: Readonly<Record<string, unknown>> = {}) => ({ input: "hi", ...fields });

async function* play(reason: FinishReason): AsyncGenerator<GenerationEvent> {
  yield* HELLO.slice(0, 2);
  yield finishEvent({ reason });
}

function lastMessages({ engine }: Client): unknown {
  const input = engine.requests.at(-1)?.request.input as ChatInput | undefined;
  return input?.messages;
}

describe("what is stored", () => {
  test("a streamed response is found as a whole one is, by its id and by those of its items", async () => {
    const client = serve();
    await (await client.raw("POST", "/v1/responses", create({ stream: true }))).text();
    const found = await client.ask("GET", "/v1/responses/resp_r1");
    expect([found.status, found.body]).toMatchObject([
      200,
      { id: "resp_r1", status: "completed", store: true, output: [{ id: "msg_r1_0" }] },
    ]);
    await client.ask(
      "POST",
      "/v1/responses",
      create({
        input: [
          { type: "item_reference", id: "msg_r1_0" },
          { role: "user", content: "so?" },
        ],
      }),
    );
    expect(lastMessages(client)).toEqual([
      { role: "assistant", content: "Hello" },
      { role: "user", content: "so?" },
    ]);
  });

  test("a response that the token limit ended is kept too", async () => {
    const client = serve({
      play: (request) => play(request.tokensMax === 1 ? "length" : "stop"),
    });
    const first = await client.ask("POST", "/v1/responses", create({ max_output_tokens: 1 }));
    await client.ask("POST", "/v1/responses", create({ previous_response_id: "resp_r1", input: "go on" }));
    expect([first.body["status"], lastMessages(client)]).toEqual([
      "incomplete",
      [
        { role: "user", content: "hi" },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "go on" },
      ],
    ]);
  });

  test("a response that was told not to be is not", async () => {
    const client = serve();
    const { body } = await client.ask("POST", "/v1/responses", create({ store: false }));
    const found = await client.ask("GET", "/v1/responses/resp_r1");
    expect([body["store"], found.status]).toEqual([false, 404]);
  });

  test("a server that keeps none says so in each response", async () => {
    const responses = createResponseStore({ path: ":memory:", responsesMax: 0, bytesMax: 1, ageMaxMs: 1, warn: () => {} });
    const { body } = await serve({}, { responses }).ask("POST", "/v1/responses", create());
    expect(body["store"]).toBe(false);
  });

  test("a response that failed is not stored, whole or streamed", async () => {
    const client = serve({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const whole = await client.ask("POST", "/v1/responses", create());
    const stream = await (await client.raw("POST", "/v1/responses", create({ stream: true }))).text();
    const found = await Promise.all(["resp_r1", "resp_r2"].map((id) => client.ask("GET", `/v1/responses/${id}`)));
    expect([whole.status, whole.body["error"], stream.trimEnd().split("\n").at(-2), found.map(({ status }) => status)]).toMatchObject([
      500,
      { code: "engine_lost" },
      "event: response.failed",
      [404, 404],
    ]);
  });

  test("a request that is refused before the stream begins has its real status", async () => {
    const admit = () => Promise.reject(new AppError("queue_full", "The queue is full."));
    const { status, body } = await serve({ admit }).ask("POST", "/v1/responses", create({ stream: true }));
    expect([status, body["error"]]).toMatchObject([429, { code: "rate_limit_exceeded" }]);
  });

  test("a prompt that does not fit names the input", async () => {
    const details = { promptTokens: 5012, contextTokens: 4096 };
    const admit = () => Promise.reject(new AppError("context_length_exceeded", "Too long.", { details }));
    const { status, body } = await serve({ admit }).ask("POST", "/v1/responses", create());
    expect([status, body["error"]]).toMatchObject([400, { code: "context_length_exceeded", param: "input" }]);
  });

  test("the ignored fields are named in the header", async () => {
    const reply = await serve().raw("POST", "/v1/responses", create({ truncation: "auto", tools: [{ type: "web_search" }] }));
    expect(reply.headers.get("x-rockchip-llama-ignored")).toBe("truncation, tools[0]");
  });
});

describe("what is not stored", () => {
  test.each([
    ["GET", "/v1/responses/resp_no", undefined, [404, "not_found", "response_id"]],
    ["DELETE", "/v1/responses/resp_no", undefined, [404, "not_found", "response_id"]],
    ["GET", "/v1/responses/resp_no/input_items", undefined, [404, "not_found", "response_id"]],
    ["POST", "/v1/responses/resp_no/cancel", undefined, [404, "not_found", "response_id"]],
    ["POST", "/v1/responses", create({ previous_response_id: "resp_no" }), [400, "previous_response_not_found", "previous_response_id"]],
    ["POST", "/v1/responses", { input: [{ type: "item_reference", id: "msg_no" }] }, [404, "not_found", "input[0].id"]],
    ["POST", "/v1/responses/compact", {}, [404, "unknown_url", null]],
    ["GET", "/v1/responses", undefined, [405, "method_not_supported", null]],
    ["POST", "/v1/responses", "hi", [400, "invalid_type", null]],
    ["POST", "/v1/responses", create({ input: [] }), [400, "invalid_value", "input"]],
    ["POST", "/v1/responses", create({ max_output_tokens: 0 }), [400, "invalid_value", "max_output_tokens"]],
    ["POST", "/v1/responses", create({ model: "gone" }), [404, "model_not_found", "model"]],
  ])("%s %s is refused (%j)", async (method, path, body, expected) => {
    const reply = await serve().ask(method, path, body);
    const error = reply.body["error"] as { readonly code: string; readonly param: string | null };
    expect([reply.status, error.code, error.param]).toEqual(expected as (number | string)[]);
  });

  test("a deleted response cannot be gone on from, nor what came after it", async () => {
    const client = serve();
    await client.ask("POST", "/v1/responses", create());
    await client.ask("POST", "/v1/responses", create({ previous_response_id: "resp_r1" }));
    const deleted = await client.ask("DELETE", "/v1/responses/resp_r1");
    const next = await client.ask("POST", "/v1/responses", create({ previous_response_id: "resp_r2" }));
    expect([deleted, next.status]).toEqual([{ status: 200, body: { id: "resp_r1", object: "response", deleted: true } }, 400]);
  });

  test("a response of one key is nothing to another", async () => {
    const key = (name: string) => ({ name, sha256: createHash("sha256").update(`secret-${name}`).digest() });
    const access = { keys: { current: () => [key("ann"), key("bob")] }, allow: [], rateLimit: null };
    const client = serve({}, { access });
    const as = (name: string) => ({ authorization: `Bearer secret-${name}` });
    await client.ask("POST", "/v1/responses", create(), as("ann"));
    const statuses = [
      await client.ask("GET", "/v1/responses/resp_r1", undefined, as("bob")),
      await client.ask("DELETE", "/v1/responses/resp_r1", undefined, as("bob")),
      await client.ask("POST", "/v1/responses", create({ previous_response_id: "resp_r1" }), as("bob")),
      await client.ask("POST", "/v1/responses", { input: [{ type: "item_reference", id: "msg_r1_0" }] }, as("bob")),
      await client.ask("GET", "/v1/responses/resp_r1", undefined, as("ann")),
    ].map(({ status }) => status);
    expect(statuses).toEqual([404, 404, 400, 404, 200]);
  });
});

describe("beside the responses", () => {
  test("a response that is finished cannot be cancelled, nor replayed", async () => {
    const client = serve();
    await client.ask("POST", "/v1/responses", create());
    const replies = [
      await client.ask("POST", "/v1/responses/resp_r1/cancel"),
      await client.ask("GET", "/v1/responses/resp_r1?stream=true"),
    ];
    expect(replies.map(({ status, body }) => [status, body["error"]])).toMatchObject([
      [400, { code: "invalid_request" }],
      [400, { code: "unsupported_parameter", param: "stream" }],
    ]);
  });

  test("what a response was asked is listed in pages, from either end", async () => {
    const client = serve();
    const input = ["a", "b", "c"].map((content) => ({ role: "user", content }));
    await client.ask("POST", "/v1/responses", create({ input }));
    const page = async (query: string): Promise<unknown> => {
      const { status, body } = await client.ask("GET", `/v1/responses/resp_r1/input_items${query}`);
      const data = body["data"] as readonly { readonly id: string }[] | undefined;
      return status === 200 ? [data?.map(({ id }) => id.slice(-1)).join(""), body["has_more"], body["first_id"], body["last_id"]] : status;
    };
    expect(
      await Promise.all(
        [
          "",
          "?order=asc&limit=2",
          "?order=asc&after=msg_r1_in1",
          "?limit=1&after=msg_r1_in1",
          "?limit=0",
          "?limit=x",
          "?order=up",
          "?after=gone",
        ].map(page),
      ),
    ).toEqual([
      ["210", false, "msg_r1_in2", "msg_r1_in0"],
      ["01", true, "msg_r1_in0", "msg_r1_in1"],
      ["2", false, "msg_r1_in2", "msg_r1_in2"],
      ["0", false, "msg_r1_in0", "msg_r1_in0"],
      400,
      400,
      400,
      400,
    ]);
  });

  test("tokens are counted of the whole prompt, earlier responses included", async () => {
    const client = serve();
    await client.ask("POST", "/v1/responses", create());
    const { body } = await client.ask("POST", "/responses/input_tokens", { previous_response_id: "resp_r1", instructions: "Be brief." });
    expect([body, lastMessages(client)]).toEqual([
      { object: "response.input_tokens", input_tokens: 11 },
      [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
        { role: "assistant", content: "Hello" },
      ],
    ]);
  });

  test("the log gets nothing of what was said", async () => {
    const client = serve();
    await client.ask("POST", "/v1/responses", create({ input: "my secret" }));
    await client.ask("GET", "/v1/responses/resp_r1");
    expect(JSON.stringify(client.lines)).not.toMatch(/secret|Hello/);
  });
});
