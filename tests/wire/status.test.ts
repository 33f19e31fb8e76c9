/** What the status page gets. */
import { Value } from "@sinclair/typebox/value";
import { expect, test } from "bun:test";
import { createServer } from "../../src/api/server.ts";
import { STATUS_DETAIL } from "../../src/api/ops/status-documentation.ts";
import { AppError } from "../../src/core/errors.ts";
import { SAMPLES } from "../../src/telemetry/throughput.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { LAPTOP, machineOf, RK3588 } from "../support/fake-machine.ts";
import { LOADED, MODEL, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";

const QUIET = { error() {}, warn() {}, info() {}, debug() {} };
type Json = Record<string, unknown>;

interface Described {
  readonly responses: { readonly 200: { readonly content: { readonly "application/json": { readonly schema: never } } } };
}
const SCHEMA = (STATUS_DETAIL as unknown as Described).responses[200].content["application/json"].schema;

async function statusOf(options: Parameters<typeof serverOptions>[1] = {}, engine = scriptedEngine()): Promise<Json> {
  const response = await createServer(serverOptions(engine, options)).handle(new Request("http://localhost/v1/status"));
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const status = (await response.json()) as Json;
  // Formats are not checked here; the rest is.
  expect([...Value.Errors(SCHEMA, status)].filter(({ message }) => !message.includes("format"))).toEqual([]);
  return status;
}

function on(files: Parameters<typeof machineOf>[0]) {
  return { telemetry: new Telemetry({ version: "9.9.9", root: machineOf(files), exporter: null, log: QUIET }) };
}

test("an idle server says what is loaded, and has no past", async () => {
  const status = await statusOf();
  const { throughput } = status as { throughput: { sample_s: number; samples: Json[] } };
  expect(status).toMatchObject({
    object: "status",
    version: "9.9.9",
    draining: false,
    queue: { waiting: 0, running: 0, models: [] },
    models: [
      {
        id: MODEL.id,
        state: "idle",
        slots: 1,
        lanes: 1,
        memory_bytes: LOADED.memoryBytes,
        context_length: 4096,
        context_used: 0,
        runtime_version: "1.3.0",
        loaded_at: "2026-01-02T03:04:00.000Z",
        expires_at: "2026-01-02T03:09:05.000Z",
      },
    ],
    totals: { requests: 0, failed: 0, prompt_tokens: 0, cached_tokens: 0, generated_tokens: 0 },
    memory: { hosts_bytes: LOADED.memoryBytes },
    errors: [],
  });
  expect([throughput.sample_s, throughput.samples.length]).toEqual([5, SAMPLES]);
  expect(throughput.samples.every((sample) => sample["tokens_per_s"] === 0 && sample["ttft_s"] === null)).toBe(true);
  const times = throughput.samples.map(({ time }) => Date.parse(String(time)));
  expect(times.every((time, index) => index === 0 || Math.abs(time - times[index - 1]! - 5000) <= 1)).toBe(true);
});

test("a model that is being loaded is shown behind those that are", async () => {
  const engine = scriptedEngine({ loading: [{ id: "big", memoryBytes: 7, expiresAtMs: null }] });
  const { models } = (await statusOf({}, engine)) as { models: Json[] };
  expect(models.map(({ id, state, memory_bytes, context_length }) => [id, state, memory_bytes, context_length])).toEqual([
    [MODEL.id, "idle", LOADED.memoryBytes, 4096],
    ["big", "loading", 7, null],
  ]);
});

test("a board shows its NPU; the load of its cores only where it may be read", async () => {
  const npu = {
    ...RK3588,
    "/sys/class/devfreq/fdab0000.npu/cur_freq": "600000000\n",
    "/sys/class/devfreq/fdab0000.npu/load": "37@600000000Hz\n",
  };
  const cores = { ...npu, "/sys/kernel/debug/rknpu/load": "NPU load:  Core0: 50%, Core1: 10%, Core2:  0%,\n" };
  const clock = { ...RK3588, "/sys/devices/system/cpu/cpufreq/policy4/scaling_cur_freq": "1800000\n" };
  const statuses = [await statusOf(on(npu)), await statusOf(on(cores)), await statusOf(on(clock))];
  expect(statuses.map((status) => status["npu"])).toEqual([
    { frequency_hz: 6e8, frequency_max_hz: 1e9, load: 0.37, cores: [] },
    { frequency_hz: 6e8, frequency_max_hz: 1e9, load: 0.2, cores: [0.5, 0.1, 0] },
    { frequency_hz: null, frequency_max_hz: 1e9, load: null, cores: [] },
  ]);
  expect(statuses[2]).toMatchObject({
    temperatures: [{ sensor: "soc-thermal", celsius: 48.23 }],
    cpu: [{ cores: "4 5", frequency_hz: 1.8e9, frequency_max_hz: 2.256e9 }],
    memory: { total_bytes: 16 * 1024 ** 3, available_bytes: 12 * 1024 ** 3 },
    doctor: { level: "ok" },
  });
});

test("a laptop has no NPU, and the doctor's quick checks are there", async () => {
  const status = await statusOf(on(LAPTOP));
  const { sections } = status["doctor"] as { sections: { title: string }[] };
  expect([status["npu"], status["temperatures"], sections.map(({ title }) => title)]).toEqual([null, [], ["Board", "Machine"]]);
});

test("failures of the server are shown with their request's id, those of clients are not, and no text of theirs is", async () => {
  const events = [new AppError("output_invalid", "The model's answer is not the JSON it must be: it says SECRET.")];
  const app = createServer(serverOptions(scriptedEngine({ events })));
  const post = async (body: unknown) =>
    app.handle(new Request("http://localhost/v1/chat/completions", { method: "POST", body: JSON.stringify(body) }));
  await post({ messages: [{ role: "user", content: "SECRET" }] });
  await (await post({ messages: [{ role: "user", content: "SECRET" }], stream: true })).text();
  await post({ messages: "SECRET" });
  await post({ model: "SECRET", messages: [{ role: "user", content: "hi" }] });
  const text = await (await app.handle(new Request("http://localhost/v1/status"))).text();
  const { errors } = JSON.parse(text) as { errors: Json[] };
  expect(errors.map(({ request_id, code, model }) => [request_id, code, model])).toEqual([
    ["r2", "output_invalid", null],
    ["r1", "output_invalid", null],
  ]);
  expect(text).not.toContain("SECRET");
});
