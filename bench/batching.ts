/** Eight clients at once on a real model, with one, two, four and eight prompts in a run: tokens a second against how long each waits. */
import { availableParallelism } from "node:os";
import { median } from "../src/bench/statistics.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, NO_SMOLLM2, smolLm2, TINY_CHAT } from "./models.ts";
import { startBenchServer } from "./server.ts";
import { streamAll, type StreamedReply } from "./stream-client.ts";

const CLIENTS = 8;
const TOKENS = 64;
const SIZES = [1, 2, 4, 8];
const GAIN_MIN = 2;
/** Medians over the repeats. */
interface Point {
  readonly size: number;
  readonly tokensPerS: number;
  readonly requestsPerS: number;
  readonly latencyMs: number;
}

/** Measures what batches gain. */
export const batching: Measurement = {
  name: "batching",
  about: "Eight clients with n_batch 1, 2, 4 and 8: throughput against latency.",
  minutes: 2,
  run: async (bench) => {
    const model = smolLm2() ?? TINY_CHAT;
    const points: Point[] = [];
    for (const size of SIZES) points.push(await measureSize(bench, model, size));
    return {
      figures: [...gainOf(points), ...points.flatMap(pointFigures)],
      facts: { model: await digestOf(model), clients: CLIENTS, tokens: TOKENS, threads: availableParallelism() },
      series: [
        {
          name: `${model.id}, ${CLIENTS} clients`,
          x: "latency of an answer, ms",
          y: "tokens/s of all clients",
          points: points.map(({ size, latencyMs, tokensPerS }) => ({ x: latencyMs, y: tokensPerS, label: `n_batch ${size}` })),
        },
      ],
      notes: model === TINY_CHAT ? [NO_SMOLLM2] : [],
    };
  },
};

function gainOf(points: readonly Point[]): Figure[] {
  const [alone] = points;
  const together = points.at(-1);
  if (alone === undefined || together === undefined) return [];
  return [
    {
      name: `${CLIENTS} clients, n_batch ${together.size} against 1`,
      value: together.tokensPerS / alone.tokensPerS,
      unit: "times",
      aimMin: GAIN_MIN,
      baseline: `${alone.tokensPerS.toFixed(0)} tokens/s with n_batch 1`,
    },
  ];
}

async function measureSize(bench: Bench, model: BenchModel, size: number): Promise<Point> {
  const threads = String(availableParallelism());
  await using server = await startBenchServer(bench, { models: [model], flags: ["--n-batch", String(size), "--cpu-count", threads] });
  await server.load(model);
  const rounds = [];
  for (let repeat = 0; repeat <= bench.repeats; repeat++) {
    bench.progress(`n_batch ${size}, ${repeat}/${bench.repeats}`);
    const bodies = Array.from({ length: CLIENTS }, (_, client) => ({
      model: model.id,
      prompt: countingFrom(100 * (1 + repeat * CLIENTS + client)),
      max_tokens: TOKENS,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }));
    const replies = await streamAll(bench.native, { url: server.url, path: "/v1/completions", bodies });
    const tokens = replies.reduce((sum, reply) => sum + tokensIn(reply), 0);
    const seconds = (Math.max(...replies.map(({ endNs }) => endNs)) - Math.min(...replies.map(({ sentNs }) => sentNs))) / 1e9;
    const latencies = replies.map(({ sentNs, endNs }) => (endNs - sentNs) / 1e6);
    // The first round warms up.
    if (repeat > 0) rounds.push({ tokensPerS: tokens / seconds, requestsPerS: CLIENTS / seconds, latencyMs: median(latencies) });
  }
  return {
    size,
    tokensPerS: median(rounds.map(({ tokensPerS }) => tokensPerS)),
    requestsPerS: median(rounds.map(({ requestsPerS }) => requestsPerS)),
    latencyMs: median(rounds.map(({ latencyMs }) => latencyMs)),
  };
}

/** A model goes on with it to the limit: where answers end early, lanes are idle, and that is not what is measured. */
function countingFrom(first: number): string {
  return Array.from({ length: 5 }, (_, index) => first + index).join(", ");
}

function tokensIn({ events }: StreamedReply): number {
  const usages = events.flatMap(({ data }) => (JSON.parse(data) as { usage?: { completion_tokens: number } | null }).usage ?? []);
  return usages.at(-1)?.completion_tokens ?? 0;
}

function pointFigures({ size, tokensPerS, requestsPerS, latencyMs }: Point): Figure[] {
  return [
    { name: `n_batch ${size}: decode, all clients`, value: tokensPerS, unit: "tokens/s" },
    { name: `n_batch ${size}: answers of ${TOKENS} tokens`, value: requestsPerS, unit: "requests/s" },
    { name: `n_batch ${size}: whole answer, p50`, value: latencyMs, unit: "ms" },
  ];
}
