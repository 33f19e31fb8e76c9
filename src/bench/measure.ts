/** The measurement of one model over HTTP: every length of prompt with every number of clients, then the quality of its answers. */
import { AppError } from "../core/errors.ts";
import { ask, askJson, type ServerAddress, type TimedAnswer } from "./ask.ts";
import { type PromptSet, promptOfWords, type QualityPrompt, wordsForTokens } from "./prompt-set.ts";
import { answerFaults } from "./quality.ts";
import type { Cell, QualityResult } from "./report.ts";
import { median, summarize, type Summary } from "./statistics.ts";

/** What is to be measured. */
export interface BenchPlan {
  readonly server: ServerAddress;
  readonly model: string;
  readonly prompts: PromptSet;
  readonly promptTokens: readonly number[];
  readonly outputTokens: number;
  readonly concurrency: readonly number[];
  readonly repeats: number;
  readonly warmUps: number;
  /** Told what goes on, for whoever waits. */
  readonly progress: (line: string) => void;
}

/** Characters of an answer that a report keeps. */
const SHOWN_CHARACTERS = 200;
/** Tokens a judged answer may have: a model that does not end shows by then whether it goes round in circles. */
const QUALITY_TOKENS_MAX = 200;

/** Measures the speed, every combination in turn. Throws AppError where the server refuses. */
export async function measureSpeed(plan: BenchPlan): Promise<Cell[]> {
  const cells: Cell[] = [];
  // Marks of this run, so that neither this nor an earlier one can have left a prompt in a cache; five digits are equally long for all.
  let mark = 10_000 + Math.floor(Math.random() * 80_000);
  for (const promptTokens of plan.promptTokens) {
    const words = await wordsForTokens(plan.prompts, promptTokens, async (prompt) => countTokens(plan, prompt));
    const round = async (clients: number) => {
      const startedMs = performance.now();
      const answers = await Promise.all(
        Array.from({ length: clients }, async () => ask(plan.server, speedBody(plan, promptOfWords(plan.prompts, words, `${mark++}`)))),
      );
      return { answers, wallMs: performance.now() - startedMs };
    };
    for (const concurrency of plan.concurrency) {
      plan.progress(`${promptTokens} tokens in, ${concurrency === 1 ? "one client" : `${concurrency} clients`}`);
      for (let warmUp = 0; warmUp < plan.warmUps; warmUp++) await round(concurrency);
      const rounds = [];
      for (let repeat = 0; repeat < plan.repeats; repeat++) rounds.push(await round(concurrency));
      cells.push(cellOf({ promptTokens, concurrency }, rounds));
    }
  }
  return cells;
}

/** Asks every quality prompt once and judges the answers. Throws AppError where the server refuses. */
export async function measureQuality(plan: BenchPlan): Promise<QualityResult[]> {
  const results: QualityResult[] = [];
  for (const prompt of plan.prompts.quality) {
    plan.progress(`quality: ${prompt.id}`);
    const { text, faults } = await judged(plan, prompt);
    results.push({ id: prompt.id, faults, answer: text.slice(0, SHOWN_CHARACTERS) });
  }
  return results;
}

/** An answer that the server itself found not to be in the demanded form is a fault of the model, and no end of the measurement. */
async function judged({ server, model }: BenchPlan, prompt: QualityPrompt): Promise<{ readonly text: string; readonly faults: string[] }> {
  try {
    const { text } = await ask(server, qualityBody(model, prompt));
    return { text, faults: answerFaults(prompt, text) };
  } catch (thrown) {
    const { code, message, details } = AppError.from(thrown);
    if (code !== "output_invalid") throw thrown;
    return { text: details.partialText ?? "", faults: [message] };
  }
}

async function countTokens({ server, model }: BenchPlan, prompt: string): Promise<number> {
  return (await askJson<{ input_tokens: number }>(server, "/v1/responses/input_tokens", { model, input: prompt })).input_tokens;
}

function speedBody({ model, outputTokens }: BenchPlan, prompt: string) {
  return { model, messages: [{ role: "user", content: prompt }], max_tokens: outputTokens, temperature: 0, reasoning_effort: "none" };
}

function qualityBody(model: string, { prompt, keys }: QualityPrompt) {
  const properties = Object.fromEntries(Object.entries(keys ?? {}).map(([key, type]) => [key, { type }]));
  const schema = { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  return {
    model,
    messages: [{ role: "user", content: prompt }],
    max_tokens: QUALITY_TOKENS_MAX,
    temperature: 0,
    reasoning_effort: "none",
    ...(keys === undefined ? {} : { response_format: { type: "json_schema", json_schema: { name: "answer", schema } } }),
  };
}

/** The figures of the rounds of one combination. */
export function cellOf(
  place: { readonly promptTokens: number; readonly concurrency: number },
  rounds: readonly { readonly answers: readonly TimedAnswer[]; readonly wallMs: number }[],
): Cell {
  const answers = rounds.flatMap((round) => round.answers);
  const timings = answers.flatMap((answer) => answer.timings ?? []);
  const several = answers.filter(({ tokens, gapsMs }) => tokens > 1 && gapsMs.length > 0);
  return {
    ...place,
    promptTokensSent: median(answers.map(({ promptTokens }) => promptTokens)),
    outputTokens: median(answers.map(({ tokens }) => tokens)),
    ttftMs: summarize(answers.map(({ firstMs }) => firstMs)),
    itlMs: summaryOf(several.map(({ firstMs, lastMs, tokens }) => (lastMs - firstMs) / (tokens - 1))),
    longestGapMs: summaryOf(several.map(({ gapsMs }) => Math.max(...gapsMs))),
    endToEndMs: summarize(answers.map(({ endMs }) => endMs)),
    queueMs: summaryOf(timings.map(({ queue_ms }) => queue_ms)),
    prefillPerS: summaryOf(timings.flatMap(({ prompt_n, prompt_ms }) => (prompt_ms > 0 ? [(prompt_n * 1000) / prompt_ms] : []))),
    decodePerS: summaryOf(
      timings.flatMap(({ predicted_n, predicted_ms }) => (predicted_ms > 0 ? [(predicted_n * 1000) / predicted_ms] : [])),
    ),
    throughputPerS: summarize(rounds.map((round) => (round.answers.reduce((sum, { tokens }) => sum + tokens, 0) * 1000) / round.wallMs)),
    memoryMb: timings.length === 0 ? null : Math.max(...timings.map(({ memory_mb }) => memory_mb)),
  };
}

function summaryOf(values: readonly number[]): Summary | null {
  return values.length === 0 ? null : summarize(values);
}
