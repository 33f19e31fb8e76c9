/** From a request with a prompt of 1,000 tokens to rkllm_run: reading, template, tokens, queue. */
import { median } from "../src/bench/statistics.ts";
import { askChat, Chat, freshText, wordsOf } from "./chats.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, NO_SMOLLM2, smolLm2, TINY_CHAT } from "./models.ts";
import { type BenchServer, startBenchServer } from "./server.ts";
import { RUNTIME } from "./stamps.ts";

const PROMPT_TOKENS = 1000;
/** Requests behind each repeat's median. */
const REQUESTS = 4;
const COLD_MS_MAX = 15;
const WARM_MS_MAX = 8;

/** Measures the way to the runtime, with texts that were never seen and behind texts that were. */
export const promptPath: Measurement = {
  name: "prompt-path",
  about: "From a request of 1,000 tokens to rkllm_run, cold and with its prefix tokenized before.",
  minutes: 2,
  run: async (bench) => {
    const real = smolLm2();
    const models = real === null ? [TINY_CHAT] : [TINY_CHAT, real];
    const figures: Figure[] = [];
    for (const model of models) figures.push(...(await pathFigures(bench, model)));
    const digests = await Promise.all(models.map(async (model) => [model.id, await digestOf(model)] as const));
    return {
      figures,
      facts: { promptTokens: PROMPT_TOKENS, requests: REQUESTS, ...Object.fromEntries(digests) },
      notes: real === null ? [NO_SMOLLM2] : [],
    };
  },
};

async function pathFigures(bench: Bench, model: BenchModel): Promise<Figure[]> {
  // What the last chat has computed is not written to disk in between: that has a measurement of its own (reuse.ts).
  await using server = await startBenchServer(bench, { models: [model], traced: true, flags: ["--prompt-cache", "off"] });
  await server.load(model);
  const words = await wordsOf(server, model, PROMPT_TOKENS);
  const samples: Record<"cold" | "warm" | "short", number[]> = { cold: [], warm: [], short: [] };
  for (let index = -1; index < bench.repeats * REQUESTS; index++) {
    bench.progress(`${model.id} ${index + 1}/${bench.repeats * REQUESTS}`);
    const chat = new Chat(async (messages) => askChat(bench, server, model, messages, 1));
    const cold = await untilRun(server, () => chat.say(freshText(words)));
    const warm = await untilRun(server, () => chat.say("Go on."));
    const short = await untilRun(server, () => askChat(bench, server, model, [{ role: "user", content: "Hello" }], 1));
    if (index < 0) continue;
    samples.cold.push(cold);
    samples.warm.push(warm);
    samples.short.push(short);
  }
  const baseline = `${median(samples.short).toFixed(1)} ms with a short prompt`;
  const name = `${model.id}: request of ${PROMPT_TOKENS} tokens to rkllm_run`;
  return [
    { name: `${name}, cold, p50`, value: median(samples.cold), unit: "ms", aimMax: COLD_MS_MAX, baseline, samples: samples.cold },
    { name: `${name}, prefix seen, p50`, value: median(samples.warm), unit: "ms", aimMax: WARM_MS_MAX, baseline, samples: samples.warm },
  ];
}

/** Milliseconds from the sending of a request to the entry of rkllm_run. */
async function untilRun(server: BenchServer, ask: () => Promise<{ readonly sentNs: number }>): Promise<number> {
  const before = server.runtimeStamps().length;
  const { sentNs } = await ask();
  const begin = server
    .runtimeStamps()
    .slice(before)
    .find(({ kind }) => kind === RUNTIME.runBegin);
  if (begin === undefined) throw new Error("The request did not reach the runtime.");
  return (begin.ns - sentNs) / 1e6;
}
