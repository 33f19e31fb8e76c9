/** What Prometheus gets, and who gets it. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createServer } from "../../src/api/server.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { machineOf, RK3588 } from "../support/fake-machine.ts";
import { type Exposition, parseExposition } from "../support/prometheus.ts";
import { ask, HELLO, MODEL, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";

const ROOT = join(import.meta.dir, "../..");
const KEY = "rl-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const KEYS = {
  keys: { current: () => [{ name: "laptop", sha256: new Bun.CryptoHasher("sha256").update(KEY).digest() }] },
  allow: [],
  rateLimit: null,
};
const QUIET = { error() {}, warn() {}, info() {}, debug() {} };

/** A server that is asked one thing after another. */
function server(change: Parameters<typeof serverOptions>[1] = {}) {
  const app = createServer(serverOptions(scriptedEngine({ events: HELLO }), change));
  const request = async (path: string, init: RequestInit = {}) => app.handle(new Request(`http://localhost${path}`, init));
  return {
    request,
    metrics: async (): Promise<Exposition> => parseExposition(await (await request("/metrics")).text()),
  };
}

/** Names of metrics in a text; `_bucket` and the like belong to a histogram. */
function namesIn(text: string, known: ReadonlyMap<string, string>): string[] {
  const names = text.match(/\b(?:rockchip_llama_\w+|process_\w+|vllm:\w+)/g) ?? [];
  return [...new Set(names.map((name) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ""))))].sort();
}

describe("documents", () => {
  test("docs/metrics.md lists each metric that is shown, and no other, with its type and labels", async () => {
    const { types, series } = await server().metrics();
    const text = await Bun.file(join(ROOT, "docs/metrics.md")).text();
    expect(namesIn(text, types)).toEqual([...types.keys()].sort());
    const rows = [...text.matchAll(/^\| `((?:rockchip_llama|process)_\w+)`\s+\| (\w+)\s+\| ([^|]*)\|/gm)];
    const listed = new Map(rows.map(([, name = "", type = "", labels = ""]) => [name, { type, labels: labels.match(/\w+/g) ?? [] }]));
    for (const [name, type] of types) if (!name.startsWith("vllm:")) expect([name, listed.get(name)?.type]).toEqual([name, type]);
    for (const { name, labels } of series) {
      const wanted = listed.get(name)?.labels;
      if (wanted !== undefined) expect([name, Object.keys(labels).sort()]).toEqual([name, [...wanted].sort()]);
    }
  });

  test("the dashboard asks for nothing that is not shown", async () => {
    const { types } = await server().metrics();
    const dashboard = (await Bun.file(join(ROOT, "docs/grafana/rockchip-llama.json")).json()) as {
      readonly panels: readonly { readonly id: number; readonly targets?: readonly { readonly expr: string }[] }[];
    };
    const asked = namesIn(dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n"), types);
    expect(asked.filter((name) => !types.has(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(30);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe("who may read them", () => {
  test.each([
    ["on", {}, 401],
    ["on", { authorization: `Bearer ${KEY}` }, 200],
    ["open", {}, 200],
    ["off", { authorization: `Bearer ${KEY}` }, 404],
  ] as const)("metrics %s, asked with %j: %i", async (metrics, headers, status) => {
    expect((await ask({}, "/metrics", { headers }, { metrics, access: KEYS })).status).toBe(status);
  });

  test("what is open is only the metrics", async () => {
    const paths = ["/v1/status", "/v1/models", "/metrics/", "/v1/metrics"];
    const replies = await Promise.all(paths.map((path) => ask({}, path, {}, { metrics: "open", access: KEYS })));
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 200, 401]);
  });

  test("the description has no route that is off", async () => {
    const document = (await (await ask({}, "/swagger/json", {}, { metrics: "off" })).json()) as { readonly paths: object };
    expect(Object.keys(document.paths)).not.toContain("/metrics");
  });
});

describe("requests", () => {
  test("are counted by the pattern of their route, never by what a client wrote", async () => {
    const { request, metrics } = server();
    await request(`/v1/models/${MODEL.id}`);
    await request("/v1/models/secret-name");
    await request("/v1/models/other%2Fsecret");
    await request("/secret/path?secret");
    await request("/v1/chat/completions", { method: "DELETE" });
    await request("/v1/chat/completions", { method: "POST", body: JSON.stringify({ model: "secret", messages: [] }) });
    const shown = await metrics();
    const counted = shown.series.filter(({ name }) => name === "rockchip_llama_http_requests_total");
    expect(counted.map(({ labels, value }) => [labels["route"], labels["method"], labels["status"], value])).toEqual([
      ["/v1/models/:id", "GET", "200", 1],
      ["/v1/models/:id", "GET", "404", 2],
      ["", "GET", "404", 1],
      ["/v1/chat/completions", "DELETE", "405", 1],
      ["/v1/chat/completions", "POST", "400", 1],
    ]);
    expect(JSON.stringify(shown.series)).not.toContain("secret");
  });

  test("last until the end of their replies, streams included", async () => {
    const { request, metrics } = server();
    const body = JSON.stringify({ messages: [{ role: "user", content: "hi" }], stream: true });
    const response = await request("/v1/chat/completions", { method: "POST", body });
    const count = async () =>
      (await metrics()).value("rockchip_llama_http_request_duration_seconds_count", { route: "/v1/chat/completions" });
    const before = await count();
    await response.text();
    expect([before, await count()]).toEqual([null, 1]);
  });
});

test("a board's NPU, clocks, sensors and memory are shown; what it hides has no series", async () => {
  const files = {
    ...RK3588,
    "/sys/class/devfreq/fdab0000.npu/cur_freq": "600000000\n",
    "/sys/kernel/debug/rknpu/load": "NPU load:  Core0: 74%, Core1:  1%, Core2:  0%,\n",
    "/sys/class/thermal/thermal_zone1/type": "npu-thermal\n",
    "/sys/class/thermal/thermal_zone1/temp": "51500\n",
  };
  const telemetry = new Telemetry({ version: "9.9.9", root: machineOf(files), exporter: null, log: QUIET });
  const board = await server({ telemetry }).metrics();
  const value = (name: string, labels = {}) => board.value(`rockchip_llama_${name}`, labels);
  expect([value("npu_load_ratio"), value("npu_core_load_ratio", { core: "0" }), value("npu_core_load_ratio", { core: "2" })]).toEqual([
    0.25, 0.74, 0,
  ]);
  expect([value("npu_frequency_hertz"), value("npu_frequency_max_hertz")]).toEqual([6e8, 1e9]);
  expect([value("temperature_celsius", { sensor: "soc-thermal" }), value("temperature_celsius", { sensor: "npu-thermal" })]).toEqual([
    48.23, 51.5,
  ]);
  expect(value("machine_memory_bytes")).toBe(16 * 1024 ** 3);
  // Only its limits were laid out.
  expect(value("cpu_frequency_hertz")).toBeNull();
  const bare = await server().metrics();
  expect(["npu_load_ratio", "npu_frequency_hertz", "machine_memory_bytes"].map((name) => bare.value(`rockchip_llama_${name}`))).toEqual([
    null,
    null,
    null,
  ]);
});

test("the gauges that route a fleet are each one series, also where nothing is loaded", async () => {
  const app = createServer(serverOptions(scriptedEngine({ loaded: [] })));
  const shown = parseExposition(await (await app.handle(new Request("http://localhost/metrics"))).text());
  const fleet = shown.series.filter(({ name }) => name.startsWith("vllm:"));
  expect(fleet.map(({ name, labels }) => [name, labels])).toEqual([
    ["vllm:num_requests_waiting", {}],
    ["vllm:num_requests_running", {}],
    ["vllm:kv_cache_usage_perc", {}],
    ["vllm:gpu_cache_usage_perc", {}],
    ["vllm:lora_requests_info", { running_lora_adapters: "", waiting_lora_adapters: "", max_lora: "1" }],
    ["vllm:cache_config_info", { block_size: "32", num_gpu_blocks: "0" }],
  ]);
});

test("names from outside are escaped in labels", async () => {
  const files = { "/sys/class/thermal/thermal_zone0/type": 'a "b" \\ c\nd', "/sys/class/thermal/thermal_zone0/temp": "1000" };
  const telemetry = new Telemetry({ version: "9.9.9", root: machineOf(files), exporter: null, log: QUIET });
  const shown = await server({ telemetry }).metrics();
  expect(shown.value("rockchip_llama_temperature_celsius", { sensor: 'a \\"b\\" \\\\ c\\nd' })).toBe(1);
});
