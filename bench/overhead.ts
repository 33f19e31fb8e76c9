/**
 * What gateway and engine host add around the runtime: processor time for each token at a pace, time to the first token of a short prompt,
 * and the time until a client that has left no longer costs anything.
 */
import { median, percentile } from "../src/bench/statistics.ts";
import { runBareLoop } from "./bare-loop.ts";
import { PACE } from "./hops.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, standInPrompt, writeStandIn } from "./models.ts";
import { cpuUs } from "./process-cost.ts";
import { startBenchServer } from "./server.ts";
import { RUNTIME, type Stamp, tracedRuns } from "./stamps.ts";
import { streamOne } from "./stream-client.ts";

/** Short answers, as attention over a long text would be most of what is measured; several, so that there is something to measure. */
const TOKENS = 250;
const ANSWERS = 4;
/** By then what serves a token, and a request, has been compiled for the last time: until then compiling takes as much as half of the time beside it. */
const WARM_UP_ANSWERS = 48;
const WARM_UP_REQUESTS = 200;
const SHORT_REQUESTS = 40;
const SHORT_TOKENS = 4;
const WARM_UP_LEAVERS = 100;
const LEAVERS = 40;
const LEAVE_AFTER_EVENTS = 20;
const LEAVE_PACE = "slow-decode=1";
/** Longer than any client here stays. */
const ENDLESS_TOKENS = 4000;
/** For the runtime to stop, and more than that to be noticed as a failure. */
const LEAVE_WAIT_MS = 1000;

/** Measures what the server costs beside the model. */
export const overhead: Measurement = {
  name: "overhead",
  about: "Processor time a token, time to the first token, and what a client leaves behind, beside the runtime's own.",
  minutes: 3,
  run: async (bench) => {
    const model = writeStandIn(bench.folder);
    return {
      figures: [...(await cpuFigures(bench, model)), ...(await firstTokenFigures(bench, model)), ...(await leaveFigures(bench, model))],
      facts: {
        model: await digestOf(model),
        pace: PACE,
        tokens: TOKENS,
        answers: ANSWERS,
        threads: 1,
        warmUpRequests: WARM_UP_REQUESTS,
        warmUpAnswers: WARM_UP_ANSWERS,
      },
    };
  },
};

const request = (model: BenchModel, prompt: readonly number[], tokens: number) => ({
  model: model.id,
  prompt,
  max_tokens: tokens,
  temperature: 0,
  stream: true,
});

async function cpuFigures(bench: Bench, model: BenchModel): Promise<Figure[]> {
  await using server = await startBenchServer(bench, { models: [model], flags: ["--cpu-count", "1"], moods: PACE });
  const pids = { gateway: server.pid, host: await server.load(model) };
  const samples: Record<"gateway" | "host" | "both" | "bare", number[]> = { gateway: [], host: [], both: [], bare: [] };
  let asked = 0;
  const ask = async (answers: number, tokens = TOKENS) => {
    for (const end = asked + answers; asked < end; asked++) {
      const body = request(model, standInPrompt(16, asked), tokens);
      await streamOne(bench.native, { url: server.url, path: "/v1/completions", body });
    }
  };
  /** Of each token, in gateway and host. */
  const cost = async () => {
    const taken = () => ({ gateway: cpuUs([pids.gateway]), host: cpuUs([pids.host]) });
    const before = taken();
    await ask(ANSWERS);
    const after = taken();
    const tokens = TOKENS * ANSWERS;
    return { gateway: (after.gateway - before.gateway) / tokens, host: (after.host - before.host) / tokens };
  };
  bench.progress("processor time of a new server");
  const fresh = await cost();
  await ask(WARM_UP_REQUESTS, SHORT_TOKENS);
  await ask(WARM_UP_ANSWERS);
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    bench.progress(`processor time ${repeat + 1}/${bench.repeats}`);
    const { gateway, host } = await cost();
    // As many tokens as the server's: attention costs more the longer a text is.
    const run = await runBareLoop(bench, {
      model,
      threads: 1,
      prompts: [standInPrompt(16, repeat)],
      tokens: TOKENS,
      moods: PACE,
    });
    samples.gateway.push(gateway);
    samples.host.push(host);
    samples.both.push(gateway + host);
    samples.bare.push((run.cpuMs * 1000) / run.tokens);
  }
  const bare = median(samples.bare);
  const both = median(samples.both);
  const name = "processor time of gateway and host, runtime included";
  return [
    {
      name,
      value: both,
      unit: "µs/token",
      aimMax: 250,
      baseline: `${bare.toFixed(0)} µs/token in the bare loop`,
      samples: samples.both,
    },
    { name: "of it above the runtime", value: both - bare, unit: "µs/token" },
    { name: "of it in the gateway", value: median(samples.gateway), unit: "µs/token" },
    { name: "of it in the host, runtime included", value: median(samples.host), unit: "µs/token" },
    { name: `${name}: the first ${ANSWERS} answers of a new server`, value: fresh.gateway + fresh.host, unit: "µs/token" },
  ];
}

/** What a client waits for the first token beyond what the runtime takes from rkllm_run to its first callback. */
async function firstTokenFigures(bench: Bench, model: BenchModel): Promise<Figure[]> {
  await using server = await startBenchServer(bench, { models: [model], flags: ["--cpu-count", "1"], traced: true });
  await server.load(model);
  bench.progress("short prompts");
  const above: number[] = [];
  const inRuntime: number[] = [];
  for (let index = 0; index < WARM_UP_REQUESTS + SHORT_REQUESTS; index++) {
    const before = server.runtimeStamps().length;
    const body = request(model, standInPrompt(12, index), SHORT_TOKENS);
    const reply = await streamOne(bench.native, { url: server.url, path: "/v1/completions", body });
    const [run] = tracedRuns(server.runtimeStamps().slice(before));
    const [first] = reply.events;
    if (run?.firstCallbackNs === undefined || first === undefined) throw new Error("A short request got no token.");
    const own = run.firstCallbackNs - run.beginNs;
    inRuntime.push(own / 1e6);
    above.push((first.ns - reply.sentNs - own) / 1e6);
  }
  const name = "time to first token of a short prompt, above the runtime";
  return [
    {
      name,
      value: median(above.slice(WARM_UP_REQUESTS)),
      unit: "ms",
      aimMax: 1.1,
      samples: above.slice(WARM_UP_REQUESTS),
      baseline: `${median(inRuntime).toFixed(2)} ms in the runtime`,
    },
    { name: `${name}: the first ${SHORT_REQUESTS} of a new server`, value: median(above.slice(0, SHORT_REQUESTS)), unit: "ms" },
  ];
}

/** From the moment a client closes its connection until rkllm_run returns, at a thousand tokens a second: more than any board makes. */
async function leaveFigures(bench: Bench, model: BenchModel): Promise<Figure[]> {
  await using server = await startBenchServer(bench, { models: [model], flags: ["--cpu-count", "1"], moods: LEAVE_PACE, traced: true });
  await server.load(model);
  bench.progress("clients that leave");
  const samples: number[] = [];
  for (let index = 0; index < WARM_UP_LEAVERS + LEAVERS; index++) {
    const before = server.runtimeStamps().length;
    const body = request(model, standInPrompt(12, index), ENDLESS_TOKENS);
    const reply = await streamOne(bench.native, { url: server.url, path: "/v1/completions", body, leaveAfter: LEAVE_AFTER_EVENTS });
    const endNs = await runEnd(() => server.runtimeStamps().slice(before));
    if (index >= WARM_UP_LEAVERS) samples.push((endNs - reply.endNs) / 1e6);
  }
  const name = "run ends after its client has left";
  return [
    { name: `${name}: p50`, value: median(samples), unit: "ms" },
    { name: `${name}: p95`, value: percentile(samples, 95), unit: "ms", aimMax: 5, samples },
  ];
}

async function runEnd(stamps: () => readonly Stamp[]): Promise<number> {
  for (let waited = 0; waited < LEAVE_WAIT_MS; waited += 10) {
    const end = stamps().find(({ kind }) => kind === RUNTIME.runEnd);
    if (end !== undefined) return end.ns;
    await Bun.sleep(10);
  }
  return Infinity;
}
