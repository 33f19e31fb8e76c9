/** The routes for those who look after the server. */
import { describe, expect, test } from "bun:test";
import { createServer } from "../../src/api/server.ts";
import { ask, LOADED, MODEL, scriptedEngine, serverOptions, SLASHED } from "../support/scripted-engine.ts";

const LOADED_OBJECT = {
  id: MODEL.id,
  object: "loaded_model",
  base_id: MODEL.id,
  bytes: 400_000_000,
  memory_bytes: 500_000_000,
  context_length: 4096,
  slots: 1,
  n_batch: 1,
  cpu_count: 1,
  runtime_version: "1.3.0",
  running: false,
  queued: 0,
  pinned: false,
  expires_at: "2026-01-02T03:09:05.000Z",
  loaded_at: "2026-01-02T03:04:00.000Z",
};

const json = async (asked: Promise<Response>) => {
  const response = await asked;
  const body: unknown = await response.json();
  return { status: response.status, body };
};

describe("loading", () => {
  test("takes a pin and how long the model stays, and shows the loaded model", async () => {
    const engine = scriptedEngine();
    const replies = [
      await json(ask(engine, "/v1/models/load", { body: { model: "qwen3:0.6b", pin: true, keep_alive: "10m" } })),
      await json(ask(engine, "/v1/models/load", { body: { model: MODEL.id, keep_alive: -1 } })),
      await json(ask(engine, "/models/load", { body: { model: MODEL.id, pin: null } })),
    ];
    expect({ replies, asked: engine.residence }).toEqual({
      replies: [
        { status: 200, body: { ...LOADED_OBJECT, pinned: true } },
        { status: 200, body: LOADED_OBJECT },
        { status: 200, body: LOADED_OBJECT },
      ],
      asked: [
        { load: "qwen3:0.6b", options: { keepAliveMs: 600_000, pinned: true } },
        { load: MODEL.id, options: { keepAliveMs: Infinity } },
        { load: MODEL.id, options: {} },
      ],
    });
  });

  test.each([
    [{}, 400, "model"],
    [{ model: "" }, 400, "model"],
    [{ model: "nobody" }, 404, "model"],
    [{ model: MODEL.id, pin: "yes" }, 400, "pin"],
    [{ model: MODEL.id, keep_alive: "soon" }, 400, "keep_alive"],
  ])("refuses %j", async (body, status, param) => {
    const reply = await json(ask({}, "/v1/models/load", { body }));
    expect(reply).toMatchObject({ status, body: { error: { param } } });
  });

  test("is a route of its own beside those of single models", async () => {
    const reply = await json(ask({}, "/v1/models/load"));
    expect(reply).toMatchObject({ status: 405, body: { error: { message: "/v1/models/load takes POST, OPTIONS, not GET." } } });
    expect((await ask({}, `/v1/models/${SLASHED.id}`)).status).toBe(200);
  });
});

test("unloading says whether the model was loaded", async () => {
  const replies = [MODEL, SLASHED].map(async ({ id }) => json(ask({}, "/v1/models/unload", { body: { model: id } })));
  expect(await Promise.all(replies)).toEqual([
    { status: 200, body: { id: MODEL.id, object: "loaded_model", unloaded: true } },
    { status: 200, body: { id: SLASHED.id, object: "loaded_model", unloaded: false } },
  ]);
  expect(await json(ask({}, "/v1/models/unload", { body: { model: "nobody" } }))).toMatchObject({ status: 404 });
});

test("loaded models are listed; one that stays has no expiry", async () => {
  const loaded = [LOADED, { ...LOADED, id: SLASHED.id, baseId: SLASHED.id, expiresAtMs: null, memoryBytes: null, pinned: true }];
  expect(await json(ask({ loaded }, "/v1/models/loaded"))).toEqual({
    status: 200,
    body: {
      object: "list",
      data: [LOADED_OBJECT, { ...LOADED_OBJECT, id: SLASHED.id, base_id: SLASHED.id, expires_at: null, memory_bytes: null, pinned: true }],
    },
  });
});

test("available models are listed with their adapters, and with the reason where they cannot run", async () => {
  const adapted = {
    ...MODEL,
    id: `${MODEL.id}+pirate`,
    adapted: { base: MODEL, adapter: { name: "pirate", path: "/p.gguf", scale: 0.5, edition: "1" } },
  };
  const foreign = { ...MODEL, id: "board", format: "rkllm" as const, unrunnableReason: "This machine has no NPU." };
  const engine = { ...scriptedEngine(), models: async () => [MODEL, adapted, foreign] };
  const shared = {
    object: "model",
    bytes: 400_000_000,
    context_length: 4096,
    family: "qwen3",
    parameter_size: "0.6B",
    quantization: "Q4_1",
    aliases: MODEL.aliases,
    made_from: null,
  };
  expect(await json(ask(engine, "/v1/models/available"))).toEqual({
    status: 200,
    body: {
      object: "list",
      data: [
        {
          ...shared,
          id: MODEL.id,
          format: "gguf",
          runtime: "cpu",
          loaded: true,
          runnable: true,
          unrunnable_reason: null,
          adapters: [{ id: adapted.id, name: "pirate", scale: 0.5, runnable: true, unrunnable_reason: null }],
        },
        {
          ...shared,
          id: "board",
          format: "rkllm",
          runtime: "npu",
          loaded: false,
          runnable: false,
          unrunnable_reason: "This machine has no NPU.",
          adapters: [],
        },
      ],
    },
  });
});

describe("the configuration", () => {
  test("is shown with its sources, and without secrets", async () => {
    const { body } = await json(ask({}, "/v1/config"));
    const { data, models } = body as { data: readonly { readonly name: string }[]; models: unknown };
    expect([data.find(({ name }) => name === "queue_depth_max"), data.find(({ name }) => name === "hf_token"), models]).toEqual([
      { name: "queue_depth_max", value: 256, source: "default", changeable: true },
      { name: "hf_token", value: null, secret: true, is_set: false, source: "default", changeable: false },
      {},
    ]);
  });

  test("changes until the server ends, which the reply says", async () => {
    const app = createServer(serverOptions(scriptedEngine()));
    const send = async (init: RequestInit) => (await app.handle(new Request("http://localhost/v1/config", init))).json();
    expect(await send({ method: "PATCH", body: JSON.stringify({ queue_depth_max: 4 }) })).toEqual({
      object: "config",
      changed: [{ name: "queue_depth_max", value: 4, source: "changed while running", changeable: true }],
      persisted: false,
      note: "It holds until the server ends. To keep it, write it into the configuration.",
    });
    const { data } = (await send({})) as { data: readonly { readonly name: string; readonly value: unknown }[] };
    expect(data.find(({ name }) => name === "queue_depth_max")?.value).toBe(4);
  });

  test.each([
    [{ port: 1 }, "port", "port cannot be changed while the server runs."],
    [{ speed: 1 }, "speed", 'There is no setting "speed".'],
    [{ queue_depth_max: "many" }, "queue_depth_max", "it takes a whole number from 1 to 65536"],
    [[], null, "object"],
  ])("refuses %j", async (body, param, message) => {
    const reply = await json(ask({}, "/v1/config", { method: "PATCH", body }));
    expect(reply).toMatchObject({
      status: 400,
      body: { error: { type: "invalid_request_error", param, message: expect.stringContaining(message) } },
    });
  });
});
