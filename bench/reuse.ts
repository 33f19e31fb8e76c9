/**
 * What a chat does not have to compute again: its own history, the history of a chat that others have pushed out of the KV cache, also
 * after a restart, and a system prompt that a chat shares with others. Each is held against the same chat computed from nothing.
 */
import { join } from "node:path";
import { median } from "../src/bench/statistics.ts";
import { askChat, type Answerer, Chat, freshText, wordsOf } from "./chats.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, NO_SMOLLM2, smolLm2, TINY_CHAT } from "./models.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

const ANSWER_TOKENS = 16;
const SYSTEM_SHARE = 0.5;
const TURN_RATIO_MAX = 0.15;
const CACHE_RATIO_MAX = 0.3;
const NO_CACHE = "this server keeps no prompts on disk (GET /v1/cache is not there)";

/** Times to the first token of one repeat, ms. */
interface Times {
  cold: number;
  turn2: number;
  evicted: number;
  systemCold: number;
  system: number;
}

/** Measures reuse of prompts. */
export const reuse: Measurement = {
  name: "reuse",
  about: "Time to the first token of what was computed before, against the same from nothing.",
  minutes: 5,
  run: async (bench) => {
    const model = smolLm2() ?? TINY_CHAT;
    // The built-in model has no room for more.
    const historyTokens = model === TINY_CHAT ? 1500 : 2000;
    const cacheFolder = join(bench.folder, "reuse-cache");
    const times: Times[] = [];
    const restarted: number[] = [];
    let onDisk = false;
    for (let repeat = 0; repeat < bench.repeats; repeat++) {
      bench.progress(`${repeat + 1}/${bench.repeats}`);
      let chat: Chat;
      {
        await using server = await open(bench, model, cacheFolder);
        onDisk = await keepsPrompts(server);
        const words = await wordsOf(server, model, historyTokens);
        const round = await oneRound(bench, server, model, words);
        times.push(round.times);
        chat = round.chat;
      }
      await using server = await open(bench, model, cacheFolder);
      restarted.push((await chat.sayTo(ask(bench, server, model), "And after a pause?")).firstMs);
    }
    return {
      figures: figuresOf(times, restarted, onDisk, historyTokens),
      facts: { model: await digestOf(model), historyTokens, contextTokens: model.contextTokens },
      notes: [...(model === TINY_CHAT ? [NO_SMOLLM2] : []), ...(onDisk ? [] : [NO_CACHE])],
    };
  },
};

function ask(bench: Bench, server: BenchServer, model: BenchModel): Answerer {
  return async (messages) => askChat(bench, server, model, messages, ANSWER_TOKENS);
}

async function open(bench: Bench, model: BenchModel, cacheFolder: string): Promise<BenchServer> {
  const server = await startBenchServer(bench, { models: [model], flags: ["--max-context-len", String(model.contextTokens)], cacheFolder });
  await server.load(model);
  await ask(bench, server, model)([{ role: "user", content: "Hello" }]);
  return server;
}

async function keepsPrompts(server: BenchServer): Promise<boolean> {
  return (await fetch(`${server.url}/v1/cache`)).ok;
}

async function oneRound(bench: Bench, server: BenchServer, model: BenchModel, words: number): Promise<{ times: Times; chat: Chat }> {
  const next = ask(bench, server, model);
  const chat = new Chat(next);
  const cold = await chat.say(freshText(words));
  const turn2 = await chat.say("Go on.");
  // Others compete for the cache, and the chat goes on between them: what a server that saves some chats goes by.
  const other = new Chat(next);
  await other.say(freshText(words));
  await chat.say("And then?");
  await other.say("Go on.");
  await new Chat(next).say(freshText(words));
  const evicted = await chat.say("What came of it?");
  const system = freshText(Math.floor(words * SYSTEM_SHARE));
  const first = await new Chat(next, system).say("Hello.");
  await new Chat(next).say(freshText(words));
  const behindSystem = await new Chat(next, system).say("What did she write down?");
  return {
    times: {
      cold: cold.firstMs,
      turn2: turn2.firstMs,
      evicted: evicted.firstMs,
      systemCold: first.firstMs,
      system: behindSystem.firstMs,
    },
    chat,
  };
}

function figuresOf(times: readonly Times[], restarted: readonly number[], onDisk: boolean, historyTokens: number): Figure[] {
  const of = (key: keyof Times) => median(times.map((each) => each[key]));
  const ratio = (name: string, time: number, cold: number, aimMax: number): Figure => ({
    name,
    value: time / cold,
    unit: "of cold",
    aimMax,
    baseline: `${cold.toFixed(0)} ms from nothing, ${time.toFixed(0)} ms here`,
  });
  const disk = (figure: Figure): Figure => (onDisk ? figure : { ...figure, value: null, note: NO_CACHE });
  return [
    ratio(`turn 2 behind ${historyTokens} tokens`, of("turn2"), of("cold"), TURN_RATIO_MAX),
    disk(ratio("a chat that others have pushed out", of("evicted"), of("cold"), CACHE_RATIO_MAX)),
    disk(ratio("that chat after a restart", median(restarted), of("cold"), CACHE_RATIO_MAX)),
    disk(
      ratio(
        `a new chat behind a known system prompt of ${historyTokens * SYSTEM_SHARE} tokens`,
        of("system"),
        of("systemCold"),
        CACHE_RATIO_MAX,
      ),
    ),
  ];
}
