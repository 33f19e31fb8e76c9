/**
 * The same weights, prompt and threads in other programs: node-llama-cpp's own loop in one process, held against this server in one process
 * (--isolation thread), and llama.cpp's HTTP server, held against this server as it is.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { median } from "../src/bench/statistics.ts";
import { askHttp, hardwareFlags, idsOf } from "./bare-loop.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, NO_SMOLLM2, smolLm2, TINY_CHAT } from "./models.ts";
import { llamaServer, nodeLlamaCpp } from "./outside-tools.ts";
import { startBenchServer } from "./server.ts";
import { streamOne } from "./stream-client.ts";

const TOKENS = 256;
const SHARE_MIN = 0.95;
/** Of times to the first token that differ by less nobody is faster. */
const TTFT_RATIO_MAX = 1.05;
const PROMPT = "The harbour of the old town lies open to the west, and in the evening the light comes in low over the water.";
const WARM_UP_REQUESTS = 200;
/** Before what is timed, of every program alike: until then what serves a request is still being compiled here (bench/README.md). */
const warmUpPrompts = (ids: readonly number[]) => Array.from({ length: WARM_UP_REQUESTS }, (_, index) => ids.slice(0, 2 + (index % 2)));
const READY_MS_MAX = 60_000;

interface Speed {
  readonly decodePerS: number;
  readonly firstMs: number;
}

/** Compares with llama.cpp in other hands. */
export const llamaCpp: Measurement = {
  name: "llama-cpp",
  about: "The same model, prompt and threads in node-llama-cpp and in llama.cpp's server.",
  minutes: 5,
  run: async (bench) => {
    const model = smolLm2() ?? TINY_CHAT;
    // As many as the server lets a model have: it keeps a core for itself and its clients.
    const threads = Math.max(1, availableParallelism() - 1);
    const folder = await nodeLlamaCpp(bench.progress);
    const ids = await promptIds(bench, model);
    const [oneProcess, loop]: [Speed[], Speed[]] = [[], []];
    for (let repeat = 0; repeat < bench.repeats; repeat++) {
      bench.progress(`node-llama-cpp ${repeat + 1}/${bench.repeats}`);
      loop.push(await nodeLoop(folder, model, ids, threads));
      oneProcess.push(await ownSpeed(bench, model, ids, ["--isolation", "thread", ...hardwareFlags(model, threads)]));
    }
    const server = await againstServer(bench, model, ids, threads);
    return {
      figures: [...figuresOf("node-llama-cpp's loop, one process each", oneProcess, loop), ...server.figures],
      facts: { model: await digestOf(model), threads, tokens: TOKENS, promptTokens: ids.length, warmUpRequests: WARM_UP_REQUESTS },
      notes: [...server.notes, ...(model === TINY_CHAT ? [NO_SMOLLM2] : [])],
    };
  },
};

function figuresOf(against: string, own: readonly Speed[], other: readonly Speed[]): Figure[] {
  const [decode, theirDecode] = [own, other].map((speeds) => median(speeds.map(({ decodePerS }) => decodePerS)));
  const [first, theirFirst] = [own, other].map((speeds) => median(speeds.map(({ firstMs }) => firstMs)));
  return [
    {
      name: `decode against ${against}`,
      value: (decode ?? 0) / (theirDecode ?? 1),
      unit: "",
      aimMin: SHARE_MIN,
      baseline: `${(theirDecode ?? 0).toFixed(1)} tokens/s there, ${(decode ?? 0).toFixed(1)} here`,
    },
    {
      name: `time to first token against ${against}`,
      value: (first ?? 0) / (theirFirst ?? 1),
      unit: "",
      aimMax: TTFT_RATIO_MAX,
      baseline: `${(theirFirst ?? 0).toFixed(1)} ms there, ${(first ?? 0).toFixed(1)} here`,
    },
  ];
}

async function promptIds(bench: Bench, model: BenchModel): Promise<number[]> {
  await using server = await startBenchServer(bench, { models: [model] });
  await server.load(model);
  // Awaited here: at the end of this block the server is stopped.
  return await idsOf(server, model, PROMPT);
}

async function ownSpeed(bench: Bench, model: BenchModel, ids: readonly number[], flags: readonly string[]): Promise<Speed> {
  await using server = await startBenchServer(bench, { models: [model], flags });
  await server.load(model);
  for (const prompt of warmUpPrompts(ids)) {
    const body = { model: model.id, temperature: 0, stream: true, prompt, max_tokens: 1 };
    await streamOne(bench.native, { url: server.url, path: "/v1/completions", body });
  }
  await askHttp(bench, server, model, ids, TOKENS);
  const { sentNs, events, tokens } = await askHttp(bench, server, model, ids, TOKENS);
  return speedOf(
    sentNs,
    events.filter(({ data }) => /"text":"[^"]/.test(data)).map(({ ns }) => ns),
    tokens,
  );
}

/** Decode is the time from the first piece to the last, over all tokens but the first. */
function speedOf(sentNs: number, pieces: readonly number[], tokens: number): Speed {
  const [first = sentNs, last = sentNs] = [pieces[0], pieces.at(-1)];
  return { decodePerS: ((tokens - 1) * 1e9) / (last - first), firstMs: (first - sentNs) / 1e6 };
}

async function nodeLoop(folder: string, model: BenchModel, ids: readonly number[], threads: number): Promise<Speed> {
  const script = join(folder, "loop.mjs");
  await Bun.write(script, await Bun.file(join(import.meta.dir, "native/node-llama-cpp-loop.mjs")).text());
  const job = { path: model.path, ids, threads, contextTokens: model.contextTokens, tokens: TOKENS, warmUpPrompts: warmUpPrompts(ids) };
  const child = Bun.spawn([process.execPath, script, JSON.stringify(job)], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`node-llama-cpp's loop failed:\n${errors}`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Speed;
}

async function againstServer(bench: Bench, model: BenchModel, ids: readonly number[], threads: number) {
  const built = await llamaServer(bench.native.llamaFolder, bench.progress);
  if ("fault" in built) return { figures: [], notes: [built.fault] };
  const [own, theirs]: [Speed[], Speed[]] = [[], []];
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    bench.progress(`llama.cpp's server ${repeat + 1}/${bench.repeats}`);
    theirs.push(await serverSpeed(bench, built.path, model, ids, threads));
    own.push(await ownSpeed(bench, model, ids, hardwareFlags(model, threads)));
  }
  return { figures: figuresOf("llama.cpp's server", own, theirs), notes: [] };
}

async function serverSpeed(bench: Bench, path: string, model: BenchModel, ids: readonly number[], threads: number): Promise<Speed> {
  const port = await freePort();
  const words = ["-m", model.path, "-t", String(threads), "-c", String(model.contextTokens), "-np", "1", "--host", "127.0.0.1"];
  const child = Bun.spawn([path, ...words, "--port", String(port)], { stdout: "ignore", stderr: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}`;
    await ready(`${url}/health`);
    const ask = async (tokens: number, prompt: readonly number[]) => {
      const body = { prompt, n_predict: tokens, temperature: 0, stream: true, cache_prompt: true };
      return streamOne(bench.native, { url, path: "/completion", body });
    };
    for (const short of warmUpPrompts(ids)) await ask(1, short);
    await ask(TOKENS, ids);
    await ask(1, ids.toReversed());
    const { sentNs, events } = await ask(TOKENS, ids);
    const pieces = events.filter(({ data }) => (JSON.parse(data) as { content?: string }).content !== "").map(({ ns }) => ns);
    const counted = events.map(({ data }) => (JSON.parse(data) as { tokens_predicted?: number }).tokens_predicted ?? 0);
    return speedOf(sentNs, pieces, counted.at(-1) ?? 0);
  } finally {
    child.kill();
    await child.exited;
  }
}

async function freePort(): Promise<number> {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  await probe.stop(true);
  return port ?? 0;
}

async function ready(url: string): Promise<void> {
  for (let waited = 0; waited < READY_MS_MAX; waited += 100) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await Bun.sleep(100);
  }
  throw new Error("llama.cpp's server does not answer.");
}
