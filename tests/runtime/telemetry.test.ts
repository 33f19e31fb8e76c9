/** What a whole server says of itself while it works: its metrics, its status, its traces and its log. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type Exposition, scrape } from "../support/prometheus.ts";
import { holdModel } from "../support/held-model.ts";
import { deltaText, processGone, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyLora } from "../support/tiny-gguf.ts";
import { attribute, collectTraces } from "../support/trace-collector.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const CHAT = "/v1/chat/completions";
const MESSAGES = [{ role: "user", content: "Tell me a SECRET story" }];
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

async function chat(server: TestServer, change: object = {}): Promise<Usage> {
  const response = await server.post(CHAT, { messages: MESSAGES, max_tokens: 5, ...change });
  expect(response.status).toBe(200);
  return ((await response.json()) as { usage: Usage }).usage;
}

/** Begins a long answer, and gives the way to end it. */
const begin = async (server: TestServer, model: string) =>
  holdModel(server, CHAT, { model, messages: MESSAGES, max_tokens: 1000, stream: true });

/** Asks until what is shown is so; there is no event for it. */
async function until(server: TestServer, isSo: (shown: Exposition) => boolean): Promise<Exposition> {
  for (;;) {
    const shown = await scrape(server.url);
    if (isSo(shown)) return shown;
  }
}

test("answers are counted, by model, with their tokens, times and speeds", async () => {
  await using server = await startTestServer();
  const usages = [await chat(server), await chat(server), await chat(server, { model: "TINY.GGUF" })];
  await server.post(CHAT, { model: "nothing", messages: MESSAGES });
  await server.post("/v1/embeddings", { input: ["a", "b"] });
  const shown = await scrape(server.url);
  const value = (name: string, labels: Record<string, string> = { model: "tiny" }) => shown.value(`rockchip_llama_${name}`, labels);
  const sum = (count: (usage: Usage) => number) => usages.reduce((total, usage) => total + count(usage), 0);
  expect(value("work_total", { kind: "answer", outcome: "length" })).toBe(3);
  expect(value("work_total", { kind: "answer", outcome: "model_not_found", model: "" })).toBe(1);
  expect(value("work_total", { kind: "embedding", outcome: "done" })).toBe(1);
  expect(value("http_requests_total", { route: CHAT, method: "POST", status: "200" })).toBe(3);
  expect(value("http_requests_total", { route: CHAT, method: "POST", status: "404", model: "" })).toBe(1);
  expect(value("generated_tokens_total")).toBe(sum((usage) => usage.completion_tokens));
  expect(value("prompt_tokens_total")).toBeGreaterThan(sum((usage) => usage.prompt_tokens));
  expect(value("cached_prompt_tokens_total")).toBe(sum((usage) => usage.prompt_tokens_details.cached_tokens));
  const histograms = ["time_to_first_token_seconds", "answer_duration_seconds", "prefill_tokens_per_second", "decode_tokens_per_second"];
  expect(histograms.map((name) => value(`${name}_count`))).toEqual([3, 3, 3, 3]);
  expect(histograms.filter((name) => !(value(`${name}_sum`)! > 0))).toEqual([]);
  expect([value("queue_wait_seconds_count"), value("batch_size_count"), value("batch_size_sum")]).toEqual([4, 3, 3]);
  // One after the other: nobody was ahead.
  expect([value("queue_position_count"), value("queue_position_sum")]).toEqual([4, 0]);
  expect([value("model_loaded"), value("model_loads_total", { result: "ok" }), value("model_load_seconds_count")]).toEqual([1, 1, 1]);
  expect(value("model_memory_bytes")).toBeGreaterThan(0);
});

test("what runs and what waits is shown, for the status page and for whoever routes a fleet", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20", flags: ["--metrics", "open"] });
  writeTinyLora(join(server.modelsDir, "pirate_lora.gguf"), { strength: 2 });
  const end = await begin(server, "tiny+pirate");
  const client = new AbortController();
  const waiting = server.post(CHAT, { messages: MESSAGES, max_tokens: 5 }, client.signal).catch(() => null);
  const busy = await until(server, (shown) => shown.value("vllm:num_requests_waiting") === 1);
  const model = { model: "tiny" };
  expect([busy.value("rockchip_llama_requests_running", model), busy.value("rockchip_llama_requests_waiting", model)]).toEqual([1, 1]);
  expect(busy.value("vllm:num_requests_running")).toBe(1);
  expect(busy.value("vllm:kv_cache_usage_perc")).toBeGreaterThan(0);
  expect(busy.value("vllm:gpu_cache_usage_perc")).toBe(busy.value("vllm:kv_cache_usage_perc"));
  const adapters = { running_lora_adapters: "tiny+pirate", waiting_lora_adapters: "", max_lora: "1" };
  expect(busy.series.find(({ name }) => name === "vllm:lora_requests_info")?.labels).toEqual(adapters);
  const status = (await (await fetch(`${server.url}/v1/status`)).json()) as {
    queue: object;
    models: object[];
    throughput: { samples: { tokens_per_s: number }[] };
  };
  expect(status.queue).toEqual({ waiting: 1, running: 1, models: [{ id: "tiny", waiting: 1, running: 1 }] });
  expect(status.models).toMatchObject([{ id: "tiny", base_id: "tiny", state: "running", running: 1, waiting: 1 }]);
  expect(status.throughput.samples.some(({ tokens_per_s }) => tokens_per_s > 0)).toBe(true);
  client.abort();
  await waiting;
  end();
  const idle = await until(
    server,
    (shown) => shown.value("vllm:num_requests_running") === 0 && shown.value("vllm:num_requests_waiting") === 0,
  );
  expect([idle.value("vllm:kv_cache_usage_perc"), idle.value("rockchip_llama_requests_running", model)]).toEqual([0, 0]);
  expect(idle.value("rockchip_llama_work_total", { outcome: "cancelled", model: "tiny+pirate" })).toBe(1);
});

test("a host that is killed is counted, and the status page shows what it cost", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20" });
  const response = await server.post(CHAT, { messages: MESSAGES, max_tokens: 1000, stream: true });
  const chunks = sseChunks(response);
  while (deltaText((await chunks.next()).value ?? {}) === "");
  const [pid] = server.hostPids();
  process.kill(pid!, "SIGKILL");
  await Array.fromAsync(chunks);
  await processGone(pid!);
  const shown = await until(server, (each) => each.value("rockchip_llama_host_restarts_total", { model: "tiny", reason: "lost" }) === 1);
  expect(shown.value("rockchip_llama_work_total", { outcome: "engine_lost", model: "tiny" })).toBe(1);
  const { errors } = (await (await fetch(`${server.url}/v1/status`)).json()) as {
    errors: { request_id: string; code: string; model: string }[];
  };
  expect(errors.map(({ code, model }) => [code, model])).toEqual([["engine_lost", "tiny"]]);
  expect(errors[0]?.request_id).toBe(response.headers.get("x-request-id")!);
});

test("a request is a trace in which its model's stages follow one another, and it goes on with its client's", async () => {
  using collector = collectTraces();
  const env = ["--otlp-endpoint", `${collector.url}/`, "--otlp-service-name", "board-1", "--log-format", "json"];
  const server = await startTestServer({ flags: env });
  const post = async (headers: Record<string, string>, body: object) =>
    fetch(server.url + CHAT, { method: "POST", headers, body: JSON.stringify({ messages: MESSAGES, max_tokens: 5, ...body }) });
  const traced = await post({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "vendor=1" }, { stream: true });
  await traced.text();
  const unsampled = await post({ traceparent: `00-${TRACE.replace("4", "5")}-${PARENT}-00` }, {});
  await unsampled.text();
  // What has not been sent yet is sent at the end.
  expect(await server.server.stop()).toBe(0);
  const names = collector.spans.map(({ name }) => name);
  expect(names).toEqual([`POST ${CHAT}`, "answer", "load", "queue", "prefill", "decode"]);
  const [request, answer, load, queue, prefill, decode] = collector.spans.map((span) => span);
  expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: "vendor=1", kind: 2 });
  expect(traced.headers.get("traceresponse")).toBe(`00-${TRACE}-${request!.spanId}-01`);
  expect([answer?.parentSpanId, ...[load, queue, prefill, decode].map((span) => span?.parentSpanId)]).toEqual([
    request?.spanId,
    ...[load, queue, prefill, decode].map(() => answer?.spanId),
  ]);
  const times = [load, queue, prefill, decode].map((span) => [span!.startTimeUnixNano, span!.endTimeUnixNano] as const);
  expect(times.slice(1).map(([start]) => start)).toEqual(times.slice(0, -1).map(([, end]) => end));
  expect(BigInt(request!.endTimeUnixNano) >= BigInt(answer!.endTimeUnixNano)).toBe(true);
  expect(["gen_ai.response.model", "gen_ai.usage.output_tokens", "rockchip_llama.outcome"].map((key) => attribute(answer!, key))).toEqual([
    "tiny",
    "5",
    "length",
  ]);
  expect(attribute(request!, "rockchip_llama.request.id")).toBe(traced.headers.get("x-request-id")!);
  expect(collector.requests.map(({ body }) => attribute(body.resourceSpans[0]!.resource, "service.name"))).toEqual(["board-1"]);
  const log = (await server.server.log)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(log.filter(({ message }) => message === "request").map(({ trace }) => trace)).toEqual([TRACE, TRACE.replace("4", "5")]);
  expect(JSON.stringify([log, collector.requests.map(({ body }) => body)])).not.toContain("SECRET");
});

test("each line of the log about a request has its id, and a prompt is there only where that was asked for", async () => {
  const logOf = async (flags: readonly string[]): Promise<{ lines: string[]; id: string }> => {
    const server = await startTestServer({ flags });
    const response = await server.post(CHAT, { messages: MESSAGES, max_tokens: 5 });
    await response.text();
    await fetch(`${server.url}/metrics`);
    await server.server.stop();
    return { lines: (await server.server.log).trim().split("\n"), id: response.headers.get("x-request-id") ?? "" };
  };
  const kindsOf = (lines: readonly string[], id: string) =>
    lines.filter((line) => line.includes(`id=${id}`)).map((line) => line.split(/\s+/)[2]);
  const plain = await logOf([]);
  expect(kindsOf(plain.lines, plain.id)).toEqual(["answer", "request"]);
  expect(plain.lines.join("\n")).not.toContain("SECRET");
  expect(plain.lines.join("\n")).not.toContain("/metrics");
  const full = await logOf(["--log-prompts", "--log-level", "debug"]);
  expect(kindsOf(full.lines, full.id)).toEqual(["prompt", "answer", "request"]);
  expect(full.lines.filter((line) => line.includes("SECRET")).length).toBe(1);
  expect(full.lines.filter((line) => line.includes("warn") && line.includes("log_prompts")).length).toBe(1);
  expect(full.lines.some((line) => line.includes("path=/metrics"))).toBe(true);
});
