/** What gateway and engine host take of the memory, idle and over many requests. */
import { median } from "../src/bench/statistics.ts";
import { hardwareFlags, runBareLoop } from "./bare-loop.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, standInPrompt, TINY_CHAT, writeStandIn } from "./models.ts";
import { residentMb } from "./process-cost.ts";
import { startBenchServer } from "./server.ts";

const GATEWAY_MB_MAX = 90;
const HOST_MB_MAX = 60;
const REQUESTS = 20_000;
/** Before them, and until heaps have found their size: measured over 80,000 requests, the gateway's does not grow from 12,000 on. */
const SETTLING = 16_000;
const CONNECTIONS = 4;
const SAMPLE_EVERY = 500;
/** What collectors swing by. */
const GROWTH_MB_MAX = 10;

/** Measures memory. */
export const memory: Measurement = {
  name: "memory",
  about: "Resident memory of the idle gateway, of an engine host beyond its model, and its growth over 20,000 requests.",
  minutes: 2,
  run: async (bench) => {
    const standIn = writeStandIn(bench.folder);
    const growth = await growthFigures(bench, standIn);
    return {
      figures: [...(await idleFigures(bench)), ...growth.figures],
      facts: { model: await digestOf(TINY_CHAT), standIn: await digestOf(standIn), requests: REQUESTS, warmUpRequests: SETTLING },
      series: growth.series,
    };
  },
};

async function idleFigures(bench: Bench): Promise<Figure[]> {
  const gateway: number[] = [];
  const host: number[] = [];
  const bare: number[] = [];
  const model = TINY_CHAT;
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    bench.progress(`idle ${repeat + 1}/${bench.repeats}`);
    await using server = await startBenchServer(bench, { models: [model], flags: hardwareFlags(model, 1) });
    gateway.push(residentMb(server.pid));
    const pid = await server.load(model);
    const body = JSON.stringify({ model: model.id, messages: [{ role: "user", content: "Hello" }], temperature: 0 });
    await (await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body })).text();
    host.push(residentMb(pid));
    bare.push((await runBareLoop(bench, { model, threads: 1, prompts: [[300, 301]], tokens: 16 })).memoryMb);
  }
  const modelMb = median(bare);
  return [
    { name: "idle gateway", value: median(gateway), unit: "MB", aimMax: GATEWAY_MB_MAX, samples: gateway },
    {
      name: "engine host beyond its model",
      value: median(host) - modelMb,
      unit: "MB",
      aimMax: HOST_MB_MAX,
      baseline: `${modelMb.toFixed(0)} MB for ${model.id} in the bare loop, ${median(host).toFixed(0)} MB for the whole host`,
    },
  ];
}

async function growthFigures(bench: Bench, model: BenchModel) {
  await using server = await startBenchServer(bench, { models: [model], flags: ["--cpu-count", "1"] });
  const pids = { gateway: server.pid, host: await server.load(model) };
  const points: Record<keyof typeof pids, { x: number; y: number; label: string }[]> = { gateway: [], host: [] };
  const sample = (done: number) => {
    for (const name of ["gateway", "host"] as const) points[name].push({ x: done, y: residentMb(pids[name]), label: "" });
  };
  let [taken, done] = [0, 0];
  const client = async () => {
    while (taken < SETTLING + REQUESTS) {
      const body = { model: model.id, prompt: standInPrompt(8, taken++), max_tokens: 2, temperature: 0 };
      const response = await fetch(`${server.url}/v1/completions`, { method: "POST", body: JSON.stringify(body) });
      await response.text();
      if (!response.ok) throw new Error(`A request was answered with ${response.status}.`);
      if (++done % SAMPLE_EVERY === 0) sample(done);
      if (done % 5000 === 0) bench.progress(`${done} of ${SETTLING + REQUESTS} requests`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const figures = (["gateway", "host"] as const).map((name): Figure => {
    const settled = points[name].filter(({ x }) => x >= SETTLING).map(({ y }) => y);
    // Of both ends the median of some: a heap swings.
    const [early, late] = [median(settled.slice(0, 6)), median(settled.slice(-6))];
    return {
      name: `${name}: growth over ${REQUESTS} requests`,
      value: late - early,
      unit: "MB",
      aimMax: GROWTH_MB_MAX,
      baseline: `${early.toFixed(0)} MB after ${SETTLING}`,
    };
  });
  const series = (["gateway", "host"] as const).map((name) => ({ name, x: "requests", y: "resident memory, MB", points: points[name] }));
  return { figures, series };
}
