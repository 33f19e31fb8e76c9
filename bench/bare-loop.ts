/**
 * One stream over HTTP against the same model, prompt and thread in a C program without a server: what gateway, engine host and HTTP take
 * from a model's speed. Both decode greedily, and their texts have to be equal.
 */
import { join } from "node:path";
import { median } from "../src/bench/statistics.ts";
import type { Bench, Figure, Measurement, Outcome } from "./measurement.ts";
import { type BenchModel, digestOf, NO_SMOLLM2, smolLm2, TINY_CHAT } from "./models.ts";
import { type BenchServer, startBenchServer } from "./server.ts";
import { type StreamedReply, streamOne } from "./stream-client.ts";

/** On one thread in both: with more, the threads of the model and those of the server fight for the cores. */
const THREADS = 1;

interface Case {
  readonly model: BenchModel;
  readonly aimMin: number;
  readonly tokens: number;
  /** How it goes on does not matter, but it has to go on for that many tokens. */
  readonly prompt: string;
}

const FAST: Case = { model: TINY_CHAT, aimMin: 0.9, tokens: 512, prompt: "a b c d e f g h ".repeat(8) };

/** Compares on the built-in model and on a real one. */
export const bareLoop: Measurement = {
  name: "bare-loop",
  about: "One stream over HTTP against a C loop over the same runtime.",
  minutes: 1,
  run: async (bench) => {
    const real = smolLm2();
    const slow: Case[] = real === null ? [] : [{ model: real, aimMin: 0.98, tokens: 256, prompt: "The harbour of the old town lies" }];
    const outcomes = [];
    for (const each of [FAST, ...slow]) outcomes.push(await compareCase(bench, each));
    return {
      figures: outcomes.flatMap(({ figures }) => figures),
      facts: Object.assign({ threads: THREADS }, ...outcomes.map(({ facts }) => facts)) as Outcome["facts"],
      notes: [...outcomes.flatMap(({ notes = [] }) => notes), ...(real === null ? [NO_SMOLLM2] : [])],
    };
  },
};

async function compareCase(bench: Bench, { model, aimMin, tokens, prompt }: Case): Promise<Outcome> {
  await using server = await startBenchServer(bench, { models: [model], flags: hardwareFlags(model, THREADS) });
  await server.load(model);
  const ids = await idsOf(server, model, prompt);
  const overHttp: number[] = [];
  const bare: number[] = [];
  let sameText = true;
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    bench.progress(`${model.id} ${repeat + 1}/${bench.repeats}`);
    const run = await runBareLoop(bench, { model, threads: THREADS, prompts: [ids], tokens });
    const reply = await askHttp(bench, server, model, ids, tokens);
    // Of a short one the time to the first token would be most of what is compared.
    if (run.tokens < tokens) throw new Error(`${model.id} ended its answer to "${prompt}" after ${run.tokens} of ${tokens} tokens.`);
    bare.push((run.tokens * 1000) / run.wallMs);
    overHttp.push((reply.tokens * 1e9) / (reply.endNs - reply.sentNs));
    sameText &&= reply.text === run.text && reply.tokens === run.tokens;
  }
  const [fast, own] = [median(bare), median(overHttp)];
  const figures: Figure[] = [
    { name: `${model.id}: share of the bare loop's speed`, value: own / fast, unit: "", aimMin, baseline: `${fast.toFixed(0)} tokens/s` },
    { name: `${model.id}: one stream over HTTP`, value: own, unit: "tokens/s", samples: overHttp },
    { name: `${model.id}: bare loop`, value: fast, unit: "tokens/s", samples: bare },
  ];
  const fault = `${model.id}: the bare loop and the server did not answer the same, so the ratio is not to be trusted.`;
  return {
    figures,
    facts: { [model.id]: await digestOf(model), [`${model.id} tokens`]: tokens, [`${model.id} promptTokens`]: ids.length },
    notes: sameText ? [] : [fault],
  };
}

/** Settings that bare loop and server share. */
export function hardwareFlags(model: BenchModel, threads: number): string[] {
  return ["--cpu-count", String(threads), "--max-context-len", String(model.contextTokens)];
}

/** A text's tokens by the model's own vocabulary. */
export async function idsOf(server: BenchServer, model: BenchModel, text: string): Promise<number[]> {
  const response = await fetch(`${server.url}/v1/tokenize`, { method: "POST", body: JSON.stringify({ model: model.id, prompt: text }) });
  return ((await response.json()) as { tokens: number[] }).tokens;
}

/** One answer to token ids at temperature 0, with a KV cache that holds nothing of the prompt but perhaps its first token. */
export async function askHttp(
  bench: Bench,
  server: Pick<BenchServer, "url">,
  model: BenchModel,
  ids: readonly number[],
  tokens: number,
): Promise<StreamedReply & { readonly text: string; readonly tokens: number }> {
  const body = { model: model.id, temperature: 0, stream: true, stream_options: { include_usage: true } };
  const request = { url: server.url, path: "/v1/completions" };
  await streamOne(bench.native, { ...request, body: { ...body, prompt: ids.toReversed(), max_tokens: 1 } });
  const reply = await streamOne(bench.native, { ...request, body: { ...body, prompt: ids, max_tokens: tokens } });
  const chunks = reply.events.map(({ data }) => JSON.parse(data) as CompletionChunk);
  return {
    ...reply,
    text: chunks.map(({ choices }) => choices[0]?.text ?? "").join(""),
    tokens: chunks.find(({ usage }) => usage !== null && usage !== undefined)?.usage?.completion_tokens ?? 0,
  };
}

/** What of a streamed completion is read here. */
export interface CompletionChunk {
  readonly choices: readonly { readonly text?: string }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

/** A run of native/bare-loop.c. */
export interface BareRun {
  readonly wallMs: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly tokens: number;
  /** Processor time of the whole process. */
  readonly cpuMs: number;
  readonly text: string;
  /** Memory that opening the model and running it took, MB. */
  readonly memoryMb: number;
}

/** Runs it twice in a new process and gives the second run: the first one warms caches and clocks up. */
export async function runBareLoop(
  bench: Bench,
  run: {
    readonly model: BenchModel;
    readonly threads: number;
    readonly prompts: readonly (readonly number[])[];
    readonly tokens: number;
    readonly moods?: string;
  },
): Promise<BareRun> {
  const { model, threads, prompts, tokens, moods } = run;
  const numbers = [model.contextTokens, threads, prompts.length, tokens, 2].map(String);
  const child = Bun.spawn([bench.native.bareLoop, bench.native.runtime, model.path, ...numbers], {
    cwd: bench.folder,
    env: { ...process.env, RKLLM_CPU_LIBDIR: bench.native.llamaFolder, ...(moods === undefined ? {} : { RKLLM_CPU_MOODS: moods }) },
    stdin: Buffer.from(prompts.map((ids) => `${ids.join(" ")}\n`).join("")),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${join("bench/native", "bare-loop")} failed:\n${output}${errors}`);
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  const measured = JSON.parse(lines.at(-2) ?? "") as Omit<BareRun, "memoryMb">;
  const { beforeKb, afterKb } = JSON.parse(lines.at(-1) ?? "") as { beforeKb: number; afterKb: number };
  return { ...measured, memoryMb: ((afterKb - beforeKb) * 1024) / 1e6 };
}
