/** The `bench` command: how fast a model answers, whether it answers sensibly, and how that compares. */
import { compareReports, parseReport } from "../bench/compare.ts";
import { type MachineFacts, machineFacts } from "../bench/machine.ts";
import { type BenchPlan, measureQuality, measureSpeed } from "../bench/measure.ts";
import { PROMPT_SET } from "../bench/prompt-set.ts";
import { passes, REPORT_FORMAT, REPORT_KIND, type Report } from "../bench/report.ts";
import { comparisonMarkdown, reportMarkdown } from "../bench/report-markdown.ts";
import { readSubject } from "../bench/subject.ts";
import { readBoardSoc } from "../catalog/board-soc.ts";
import { publishedFigure } from "../catalog/published-speeds.ts";
import { AppError } from "../core/errors.ts";
import { connect } from "./client/connect.ts";
import type { CommandContext } from "./command-context.ts";
import { textFor } from "./terminal.ts";

/** Where no flag says otherwise; 128 tokens in and 64 out is what Rockchip measures with. */
const DEFAULTS = { "prompt-tokens": "128,512", "output-tokens": "64", concurrency: "1,4", repeats: "5" };
const WARM_UPS = 1;
const COUNT_MAX = 1_000_000;
const CLIENTS_MAX = 256;

/**
 * Measures a model, or compares two reports.
 * @returns the exit status: 1 where an answer is a bad one, else 0
 * @throws AppError config_invalid for wrong arguments and for reports that cannot be compared; whatever the server refuses
 */
export async function benchCommand(context: CommandContext): Promise<number> {
  const { words, flags, out } = context;
  if ("compare" in flags) {
    out.write(`${await comparison(words, "json" in flags)}\n`);
    return 0;
  }
  if (words[1] !== undefined) throw new AppError("config_invalid", `${words[1]}: bench measures one model at a time.`);
  const report = await measure(context);
  out.write(`${"json" in flags ? JSON.stringify(report, null, 2) : textFor(out, reportMarkdown(report))}\n`);
  return passes(report) ? 0 : 1;
}

async function comparison([before, after]: readonly string[], asJson: boolean): Promise<string> {
  if (before === undefined || after === undefined) throw new AppError("config_invalid", "--compare: it takes the files of two reports.");
  const [one, other] = [parseReport(await textOf(before), before), parseReport(await textOf(after), after)];
  const figures = compareReports(one, other);
  return asJson ? JSON.stringify(figures, null, 2) : comparisonMarkdown(figures);
}

async function textOf(path: string): Promise<string> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new AppError("config_invalid", `${path}: there is no such file.`);
  return file.text();
}

async function measure({ words: [wanted], flags, loaded, environment, err }: CommandContext): Promise<Report> {
  const given = { ...DEFAULTS, ...flags };
  const promptTokens = counts("--prompt-tokens", given["prompt-tokens"]);
  const outputTokens = count("--output-tokens", given["output-tokens"]);
  const concurrency = counts("--concurrency", given.concurrency, CLIENTS_MAX);
  const repeats = count("--repeats", given.repeats);
  await using connection = await connect(loaded, environment);
  const { place } = connection.client;
  const progress = (line: string) => err.write(`${line}\n`);
  progress(connection.isOwn ? "No server is running: measuring in this process" : `Measuring the server at ${place.url}`);
  const subject = await readSubject(place, wanted);
  const prompts = PROMPT_SET;
  const plan: BenchPlan = {
    server: place,
    model: subject.model,
    prompts,
    promptTokens,
    outputTokens,
    concurrency,
    repeats,
    progress,
    warmUps: WARM_UPS,
  };
  const cells = await measureSpeed(plan);
  return {
    kind: REPORT_KIND,
    format: REPORT_FORMAT,
    date: new Date().toISOString(),
    command:
      `rockchip-llama bench ${subject.model} --prompt-tokens ${promptTokens.join(",")} --output-tokens ${outputTokens} ` +
      `--concurrency ${concurrency.join(",")} --repeats ${repeats}`,
    version: subject.version,
    runtimeVersion: subject.runtimeVersion,
    repeats,
    facts: {
      machine: place.isHere ? machineFacts() : elsewhere(place.url),
      model: subject.model,
      modelDigest: subject.digest,
      contextTokens: subject.contextTokens,
      threads: subject.threads,
      nBatch: subject.nBatch,
      promptSet: prompts.version,
      promptTokens,
      outputTokens,
      concurrency,
    },
    cells,
    quality: await measureQuality(plan),
    published: publishedFigure({ ...subject, id: subject.model }, await readBoardSoc()),
  };
}

/** Of another machine only its name is known. */
function elsewhere(url: string): MachineFacts {
  return { cpu: new URL(url).host, cores: 0, memoryGb: 0, kernel: "unknown", arch: "unknown", bun: "unknown" };
}

function counts(flag: string, text: string, max: number = COUNT_MAX): number[] {
  return text.split(",").map((part) => count(flag, part.trim(), max));
}

/** Throws AppError config_invalid for what is no whole number from 1 to `max`. */
function count(flag: string, text: string, max: number = COUNT_MAX): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new AppError("config_invalid", `${flag}: ${JSON.stringify(text)} is no whole number from 1 to ${max.toLocaleString("en")}.`);
}
