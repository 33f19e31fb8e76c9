/** Routes without a socket. */
import { describe, expect, test } from "bun:test";
import { createServer } from "../../src/api/server.ts";
import { ask, HELLO, LOADED, MODEL, scriptedEngine, serverOptions, SLASHED } from "../support/scripted-engine.ts";
import type { RecordedLog } from "../support/scripted-engine.ts";
import { expectGolden } from "./golden.ts";

const MESSAGES = [{ role: "user", content: "hi" }];
const FULL = { ...LOADED, full: true };

describe("chat completions", () => {
  test("a stream is named as such, is not to be buffered, and carries the request's id", async () => {
    const response = await ask({}, "/v1/chat/completions", { body: { messages: MESSAGES, stream: true, seed: 1 } });
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([
      200,
      {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "cross-origin-resource-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-request-id": "r1",
        "x-rockchip-llama-ignored": "seed",
        "x-rockchip-llama-queue-position": "0",
        "x-rockchip-llama-queue-wait-ms": "0",
      },
    ]);
  });

  test("a streamed answer goes over the wire as the encoder made it", async () => {
    const response = await ask({}, "/v1/chat/completions", {
      body: { messages: MESSAGES, stream: true, stream_options: { include_usage: true } },
    });
    await expectGolden(
      "openai-chat-usage.txt",
      (await response.text()).replaceAll("chatcmpl-r1", "chatcmpl-A").replaceAll("fp_75ff28b65a", "fp_0123456789"),
    );
  });

  test("a whole answer says how long it took", async () => {
    let now = 1000;
    const response = await ask({}, "/v1/chat/completions", { body: { messages: MESSAGES } }, { nowMs: () => (now += 10) });
    expect([response.status, response.headers.get("openai-processing-ms"), await response.json()]).toMatchObject([
      200,
      "10",
      { id: "chatcmpl-r1", created: 1, model: "qwen3-0.6b", choices: [{ message: { content: "Hello" }, finish_reason: "stop" }] },
    ]);
  });

  test.each([
    ["/v1/chat/completions"],
    ["/chat/completions"],
    ["//v1/chat/completions"],
    ["/v1//chat/completions"],
    ["/v1/chat/completions/"],
    ["//chat//completions/?beta=true"],
  ])("%s answers a chat", async (path) => {
    const response = await ask({}, path, { body: { messages: MESSAGES } });
    expect([response.status, await response.json()]).toMatchObject([200, { object: "chat.completion" }]);
  });

  test.each([[undefined], ["application/x-www-form-urlencoded"], ["text/plain"], ["Application/JSON; charset=UTF-8"]])(
    "a body is read as JSON although it is called %p",
    async (type) => {
      const response = await ask({}, "/v1/chat/completions", {
        body: { messages: MESSAGES },
        headers: type === undefined ? {} : { "content-type": type },
      });
      expect(response.status).toBe(200);
    },
  );

  test("unknown fields pass at every level, and tool schemas reach the engine as they were sent", async () => {
    const engine = scriptedEngine();
    const parameters = {
      type: "object",
      properties: { a: { type: "integer", default: null, "x-hint": 1 } },
      $defs: {},
      additionalProperties: false,
    };
    const body = {
      messages: [{ role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }], chat_id: 5 }],
      tools: [{ type: "function", eager: true, function: { name: "f", parameters, strict: true } }],
      features: { web: false },
    };
    expect((await ask(engine, "/v1/chat/completions", { body })).status).toBe(200);
    expect(engine.requests.map(({ request }) => request.input)).toEqual([
      { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [{ name: "f", parameters }] },
    ]);
  });

  test("sampling values that the runtime cannot change are named, in a stream too", async () => {
    const script = { events: HELLO, samplingIgnored: ["topK", "temperature"] as const };
    const headers = await Promise.all(
      [false, true].map(
        async (stream) => (await ask(script, "/v1/chat/completions", { body: { messages: MESSAGES, stream, seed: 1 } })).headers,
      ),
    );
    expect(headers.map((each) => each.get("x-rockchip-llama-ignored"))).toEqual(["seed, top_k, temperature", "seed, top_k, temperature"]);
  });
});

test.each([
  ["/v1/chat/completions", { messages: MESSAGES }],
  ["/v1/completions", { prompt: "hi" }],
  ["/v1/responses", { input: "hi", store: false }],
  ["/v1/messages", { messages: MESSAGES, max_tokens: 5 }],
])("%s takes -1 for a top_k that is off", async (path, body) => {
  const engine = scriptedEngine();
  expect((await ask(engine, path, { body: { ...body, top_k: -1 } })).status).toBe(200);
  expect(engine.requests.map(({ request }) => request.sampling)).toEqual([{ topK: -1 }]);
});

test.each([
  ["/v1/chat/completions", { messages: MESSAGES }],
  ["/v1/completions", { prompt: "hi" }],
])("%s takes as many stop sequences as editors send", async (path, body) => {
  const engine = scriptedEngine();
  const stop = Array.from({ length: 100 }, (_, index) => `END${index}`);
  expect((await ask(engine, path, { body: { ...body, stop } })).status).toBe(200);
  expect(engine.requests.map(({ request }) => request.stop)).toEqual([stop]);
});

describe("completions", () => {
  test("a prompt is continued", async () => {
    const response = await ask({}, "/completions", { body: { prompt: ["Say: "], echo: true } });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { id: "cmpl-r1", object: "text_completion", choices: [{ text: "Say: Hello" }] },
    ]);
  });
});

describe("models", () => {
  const object = {
    id: "qwen3-0.6b",
    object: "model",
    created: 1_767_323_045,
    owned_by: "rockchip-llama",
    type: "model",
    display_name: "qwen3-0.6b",
    created_at: "2026-01-02T03:04:05.000Z",
    aliases: MODEL.aliases,
    context_length: 4096,
    max_model_len: 4096,
    meta: { n_ctx_train: 4096, size: 400_000_000, format: "gguf", family: "qwen3" },
  };

  test("are listed in the engine's order, with what several kinds of clients look for", async () => {
    expect(await (await ask({}, "/v1/models")).json()).toEqual({
      object: "list",
      data: [
        object,
        {
          ...object,
          id: SLASHED.id,
          display_name: SLASHED.id,
          created: 1_767_323_044,
          created_at: "2026-01-02T03:04:04.000Z",
          aliases: [],
        },
      ],
      has_more: false,
      first_id: "qwen3-0.6b",
      last_id: "org/tiny:1b",
    });
  });

  test.each([["/v1/models/org/tiny:1b"], ["/v1/models/org%2Ftiny%3A1b"], ["/models/org/tiny:1b"], ["/models/org%2Ftiny:1b/"]])(
    "%s finds a name with a slash",
    async (path) => {
      expect(await (await ask({}, path)).json()).toMatchObject({ id: "org/tiny:1b" });
    },
  );

  test("an alias finds its model, an unknown name nothing", async () => {
    expect(await (await ask({}, "/v1/models/qwen3:0.6b")).json()).toEqual(object);
    expect((await ask({}, "/v1/models/nope")).status).toBe(404);
  });

  test("Ollama's list shows names with tags, newest first, and digests of 64 hex digits", async () => {
    const { models } = (await (await ask({}, "/api/tags")).json()) as { models: { name: string; digest: string }[] };
    expect(models.map(({ digest }) => /^[0-9a-f]{64}$/.test(digest))).toEqual([true, true]);
    expect(models).toMatchObject([
      {
        name: "qwen3:0.6b",
        model: "qwen3:0.6b",
        modified_at: "2026-01-02T03:04:05.000Z",
        size: 400_000_000,
        details: {
          parent_model: "",
          format: "gguf",
          family: "qwen3",
          families: ["qwen3"],
          parameter_size: "0.6B",
          quantization_level: "Q4_1",
        },
      },
      { name: "org/tiny:1b" },
    ]);
  });
});

describe("Ollama", () => {
  test("chat is streamed unless told otherwise, and echoes the model's name as it was sent", async () => {
    const streamed = await ask({}, "/api/chat", { body: { model: "qwen3-0.6b:latest", messages: MESSAGES } });
    const whole = await ask({}, "/api/chat", { body: { model: "qwen3-0.6b:latest", messages: MESSAGES, stream: false } });
    expect([streamed.headers.get("content-type"), (await streamed.text()).split("\n").length]).toEqual(["application/x-ndjson", 4]);
    expect([whole.headers.get("content-type"), await whole.json()]).toMatchObject([
      "application/json;charset=utf-8",
      { model: "qwen3-0.6b:latest", message: { role: "assistant", content: "Hello" }, done: true, done_reason: "stop" },
    ]);
  });

  test("a load call is one object, and loads the model without generating", async () => {
    let played = false;
    const engine = scriptedEngine({
      play: async function* () {
        played = true;
        yield* HELLO;
      },
    });
    const response = await ask(engine, "/api/generate", { body: { model: "qwen3:0.6b" } });
    expect([response.headers.get("content-type"), await response.json()]).toEqual([
      "application/json;charset=utf-8",
      { model: "qwen3:0.6b", created_at: "2026-01-02T03:04:05.678Z", response: "", done: true, done_reason: "load" },
    ]);
    expect([engine.residence, engine.requests, played]).toEqual([[{ load: "qwen3-0.6b", options: {} }], [], false]);
  });

  test("an unload call generates nothing and loads nothing", async () => {
    const engine = scriptedEngine();
    const response = await ask(engine, "/api/chat", { body: { model: "qwen3:0.6b", messages: [], keep_alive: 0 } });
    expect([await response.json(), engine.requests, engine.residence]).toMatchObject([
      { done: true, done_reason: "unload", message: { content: "" } },
      [],
      [{ unload: "qwen3-0.6b" }],
    ]);
  });

  test("the version is one that clients accept", async () => {
    expect(await (await ask({}, "/api/version")).json()).toEqual({ version: "0.33.0" });
  });

  test.each([["/api/tags"], ["/"], ["/api/version"], ["/v1/models"], ["/swagger"]])("HEAD %s has a status and no body", async (path) => {
    const response = await ask({}, path, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

describe("operations", () => {
  test("health tells version, uptime and loaded models, under both paths", async () => {
    const bodies = await Promise.all(["/health", "/v1/health"].map(async (path) => (await ask({}, path)).json()));
    const health = {
      status: "ok",
      version: "9.9.9",
      uptime_s: 42,
      models: [{ id: "qwen3-0.6b", context_length: 4096, runtime_version: "1.3.0", running: false, queued: 0 }],
    };
    expect(bodies).toEqual([health, health]);
  });

  test("health tells whoever shares out requests that the server is about to stop", async () => {
    const response = await ask({ draining: true }, "/health");
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 503, body: { status: "draining" } });
  });

  test.each([
    ["it serves", {}, "serving", [200, "ready"]],
    ["nothing is loaded yet", { loaded: [] }, "serving", [200, "ready"]],
    ["models are loaded that are wanted from the start", {}, "starting", [503, "starting"]],
    ["one of two queues is full", { loaded: [FULL, LOADED] }, "serving", [200, "ready"]],
    ["every queue is full", { loaded: [FULL, FULL] }, "serving", [503, "full"]],
    ["it is about to stop", { loaded: [FULL] }, "draining", [503, "draining"]],
    ["it takes nothing more", { draining: true }, "serving", [503, "draining"]],
  ] as const)("readiness where %s", async (_, script, stage, [status, word]) => {
    const response = await ask(script, "/health/ready", {}, { stage: () => stage });
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { status: word } });
  });

  test("what load balancers ask every second is in the log only where it is bad news", async () => {
    const lines: RecordedLog[] = [];
    let stage: "serving" | "draining" = "serving";
    const app = createServer(serverOptions(scriptedEngine(), { stage: () => stage }, lines));
    const probe = async () => app.handle(new Request("http://localhost/health/ready"));
    await probe();
    stage = "draining";
    await probe();
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["debug", "request"],
      ["info", "request"],
    ]);
  });

  test("the front door is Ollama's sentence for programs and a page for browsers", async () => {
    const program = await ask({}, "/", { headers: { accept: "*/*" } });
    const browser = await ask({}, "/", { headers: { accept: "text/html,application/xhtml+xml" } });
    expect([program.headers.get("content-type"), await program.text()]).toEqual(["text/plain; charset=utf-8", "Ollama is running"]);
    expect([browser.headers.get("content-type"), (await browser.text()).includes('href="/swagger"')]).toEqual([
      "text/html; charset=utf-8",
      true,
    ]);
  });

  test("every request is one line in the log, a failure of ours one more with its cause", async () => {
    const lines: RecordedLog[] = [];
    const app = createServer(serverOptions(scriptedEngine({ events: [new Error("Boom.")] }), {}, lines));
    await app.handle(new Request("http://localhost/v1/chat/completions", { method: "POST", body: JSON.stringify({ messages: MESSAGES }) }));
    expect(lines).toMatchObject([
      {
        level: "error",
        message: "Boom.",
        facts: { id: "r1", code: "internal", status: 500, cause: expect.stringContaining("Error: Boom.") },
      },
      { level: "info", message: "request", facts: { id: "r1", method: "POST", path: "/v1/chat/completions", status: 500 } },
    ]);
  });
});

test.each([["http://x/v1/models/org/tiny:1b"], ["http://pi/v1/models/org/tiny:1b"], ["http://a.b//models/org/tiny:1b"]])(
  "the path of %s is found behind a short host name",
  async (url) => {
    const response = await createServer(serverOptions(scriptedEngine())).handle(new Request(url));
    expect([response.status, await response.json()]).toMatchObject([200, { id: "org/tiny:1b" }]);
  },
);

describe("other origins", () => {
  test.each([
    ["http://localhost:3000", ["http://localhost:*"], 200, "http://localhost:3000"],
    ["http://localhost:3000", ["https://chat.example.com"], 403, null],
    ["https://example.com", [], 403, null],
    ["http://localhost.example.com", ["http://localhost", "http://localhost:*"], 403, null],
    ["https://chat.example.com", ["https://*.example.com"], 200, "https://chat.example.com"],
    ["https://example.com", ["*"], 200, "*"],
  ] as const)("a page of %s where %j are allowed is answered %i", async (origin, corsOrigins, status, allowed) => {
    const response = await ask({}, "/v1/models", { headers: { origin } }, { corsOrigins });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([status, allowed]);
  });

  test("a page of the server itself needs no permission", async () => {
    const response = await ask({}, "/v1/models", { headers: { origin: "http://board.lan:8080", host: "board.lan:8080" } });
    const proxied = await ask({}, "/v1/models", { headers: { origin: "https://board.lan", host: "board.lan" } });
    expect([response.status, proxied.status]).toEqual([200, 200]);
  });

  test("a preflight is answered without a route, and echoes the headers it asks for", async () => {
    const response = await ask({}, "/v1/chat/completions", {
      method: "OPTIONS",
      headers: { origin: "http://localhost:3000", "access-control-request-headers": "authorization,x-stainless-os" },
    });
    expect([
      response.status,
      response.headers.get("access-control-allow-headers"),
      response.headers.get("access-control-allow-methods"),
    ]).toEqual([204, "authorization,x-stainless-os", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"]);
  });

  test("errors and streams can be read by an allowed page", async () => {
    const headers = { origin: "http://localhost:3000" };
    const stream = await ask({}, "/v1/chat/completions", { body: { messages: MESSAGES, stream: true }, headers });
    const error = await ask({}, "/v1/nothing", { headers });
    expect(
      [stream, error].map((response) => [
        response.status,
        response.headers.get("access-control-allow-origin"),
        response.headers.get("vary"),
      ]),
    ).toEqual([
      [200, "http://localhost:3000", "origin"],
      [404, "http://localhost:3000", "origin"],
    ]);
  });
});
