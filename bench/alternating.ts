/**
 * Four people who take turns, on a runtime as slow as an RK3588 with Qwen3 0.6B: the whole time they need, against the same where nothing
 * can be used again because every request begins in a way of its own.
 */
import { median } from "../src/bench/statistics.ts";
import { askChat, type Answerer, Chat, freshText, wordsOf } from "./chats.ts";
import type { Bench, Measurement } from "./measurement.ts";
import { type BenchModel, digestOf, TINY_CHAT } from "./models.ts";
import { startBenchServer } from "./server.ts";

const CHATS = 4;
const TURNS = 10;
/** 10 turns of these fit the built-in model's context of 2,048. */
const QUESTION_TOKENS = 96;
const ANSWER_TOKENS = 24;
const PACE = "pace=rk3588";

/** Measures chats that alternate. */
export const alternating: Measurement = {
  name: "alternating",
  about: `${CHATS} chats of ${TURNS} turns that alternate, at the speed of an RK3588 with Qwen3 0.6B, with reuse and without.`,
  minutes: 12,
  run: async (bench) => {
    const model = TINY_CHAT;
    const [reused, fresh]: [number[], number[]] = [[], []];
    const firsts: number[] = [];
    for (let repeat = 0; repeat < bench.repeats; repeat++) {
      bench.progress(`${repeat + 1}/${bench.repeats}`);
      const withReuse = await allTurns(bench, model, true);
      reused.push(withReuse.seconds);
      firsts.push(withReuse.firstMs);
      fresh.push((await allTurns(bench, model, false)).seconds);
    }
    const [own, without] = [median(reused), median(fresh)];
    return {
      figures: [
        {
          name: "time of all turns against none reused",
          value: own / without,
          unit: "",
          baseline: `${without.toFixed(1)} s without reuse`,
        },
        { name: "all turns, with reuse", value: own, unit: "s", samples: reused },
        { name: "all turns, without reuse", value: without, unit: "s", samples: fresh },
        { name: "time to first token of the last turns, with reuse", value: median(firsts), unit: "ms" },
      ],
      facts: {
        model: await digestOf(model),
        pace: PACE,
        chats: CHATS,
        turns: TURNS,
        questionTokens: QUESTION_TOKENS,
        answerTokens: ANSWER_TOKENS,
      },
    };
  },
};

async function allTurns(bench: Bench, model: BenchModel, reuses: boolean): Promise<{ seconds: number; firstMs: number }> {
  await using server = await startBenchServer(bench, { models: [model], moods: PACE });
  await server.load(model);
  const words = await wordsOf(server, model, QUESTION_TOKENS);
  const answerer: Answerer = async (messages) => {
    // A mark before everything else: no two prompts have a beginning in common then.
    const marked = reuses ? messages : [{ role: "system" as const, content: freshText(1).slice(0, 10) }, ...messages];
    return askChat(bench, server, model, marked, ANSWER_TOKENS);
  };
  const chats = Array.from({ length: CHATS }, () => new Chat(answerer));
  const startedMs = performance.now();
  const firsts: number[] = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const chat of chats) {
      const { firstMs } = await chat.say(freshText(words));
      if (turn === TURNS) firsts.push(firstMs);
    }
  }
  return { seconds: (performance.now() - startedMs) / 1000, firstMs: median(firsts) };
}
