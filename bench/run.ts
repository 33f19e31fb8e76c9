/**
 * `bun run bench [NAME...]`: takes the project's own measurements, all but the soak or those that are named, and writes
 * bench/results/<day>-<processor>.json, .md and .svg. It wants a machine that does nothing else; --help lists what there is.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machineFacts } from "../src/bench/machine.ts";
import { numberText } from "../src/bench/report-markdown.ts";
import { AppError } from "../src/core/errors.ts";
import { alternating } from "./alternating.ts";
import { bareLoop } from "./bare-loop.ts";
import { batching } from "./batching.ts";
import { resultsChart } from "./chart.ts";
import { hops } from "./hops.ts";
import { llamaCpp } from "./llama-cpp.ts";
import type { Bench, Measurement } from "./measurement.ts";
import { memory } from "./memory.ts";
import { buildNativePrograms } from "./native.ts";
import { overhead } from "./overhead.ts";
import { busyShare } from "./process-cost.ts";
import { promptPath } from "./prompt-path.ts";
import { aimText, compareResults, mergeResults, parseResults, type Result, type Results, resultsName, verdict } from "./results.ts";
import { comparedMarkdown, resultsMarkdown } from "./results-markdown.ts";
import { reuse } from "./reuse.ts";
import { soak } from "./soak.ts";
import { startup } from "./startup.ts";

const ROOT = join(import.meta.dir, "..");
const RESULTS = join(import.meta.dir, "results");
const EXECUTABLE = join(ROOT, `dist/rockchip-llama-linux-${process.arch}`);

/** A machine that does more than this beside is not quiet. */
const BUSY_SHARE_MAX = 0.05;

const MEASUREMENTS: readonly Measurement[] = [
  startup,
  bareLoop,
  hops,
  overhead,
  promptPath,
  reuse,
  batching,
  memory,
  llamaCpp,
  alternating,
  soak,
];

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    repeats: { type: "string", default: "5" },
    minutes: { type: "string", default: "10" },
    executable: { type: "boolean", default: false },
    out: { type: "string", default: RESULTS },
    compare: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const HELP = [
  "bun run bench [NAME...] [--repeats 5] [--minutes 10] [--executable] [--out bench/results]",
  "bun run bench --compare BEFORE.json AFTER.json",
  "",
  ...MEASUREMENTS.map(
    ({ name, about, minutes, onlyByName }) =>
      `  ${name.padEnd(12)} ${`${minutes} min`.padStart(6)}  ${about}${onlyByName ? " Only by name." : ""}`,
  ),
  "",
  "--executable measures what bun run build has made, in place of the sources. --minutes is the length of the soak.",
].join("\n");

function chosen(): readonly Measurement[] {
  const unknown = names.filter((name) => !MEASUREMENTS.some((each) => each.name === name));
  if (unknown.length > 0) throw new AppError("config_invalid", `${unknown.join(", ")}: no such measurement.\n${HELP}`);
  return MEASUREMENTS.filter(({ name, onlyByName }) => (names.length === 0 ? onlyByName !== true : names.includes(name)));
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new AppError("config_invalid", `${flag}: ${text} is no number above 0.`);
  return value;
}

/** The commit under measurement, with a + where files differ from it, results aside. */
function commit(): string {
  if (Bun.which("git") === null) return "unknown";
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", ...words], { cwd: ROOT })
      .stdout.toString()
      .trim();
  const changed = git("status", "--porcelain", "--", ".", ":(exclude)bench/results") !== "";
  return `${git("rev-parse", "--short=12", "HEAD")}${changed ? "+" : ""}`;
}

async function take(measurement: Measurement, common: Omit<Bench, "folder">): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const busyBefore = await busyShare();
  const startedMs = performance.now();
  try {
    const outcome = await measurement.run({ ...common, folder });
    const busy = `The machine was ${Math.round(busyBefore * 100)} % busy before this began: such numbers are worth little.`;
    const flags = `${options.executable ? " --executable" : ""}${measurement.onlyByName === true ? ` --minutes ${common.minutes}` : ""}`;
    return {
      name: measurement.name,
      commit: commit(),
      about: measurement.about,
      repeats: common.repeats,
      busyBefore,
      command: `bun run bench ${measurement.name} --repeats ${common.repeats}${flags}`,
      seconds: (performance.now() - startedMs) / 1000,
      ...outcome,
      notes: [...(outcome.notes ?? []), ...(busyBefore > BUSY_SHARE_MAX ? [busy] : [])],
      facts: { program: options.executable ? "executable" : "sources", ...outcome.facts },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print({ name, figures, notes = [] }: Result): void {
  console.log(`\n${name}`);
  for (const figure of figures) {
    const value = figure.value === null ? "-" : numberText(figure.value);
    const target = aimText(figure) === "" ? "" : `  target ${aimText(figure)}: ${verdict(figure)}`;
    console.log(`  ${figure.name.padEnd(66)} ${value.padStart(8)} ${figure.unit}${target}`);
    if (figure.baseline !== undefined) console.log(`  ${" ".repeat(4)}baseline: ${figure.baseline}`);
    if (figure.note !== undefined) console.log(`  ${" ".repeat(4)}${figure.note}`);
  }
  for (const note of notes) console.log(`  note: ${note}`);
}

/** Adds to the day's file. Throws AppError config_invalid where that was made on another machine. */
async function write(results: readonly Result[]): Promise<void> {
  const machine = machineFacts();
  const day = new Date().toISOString().slice(0, 10);
  const name = resultsName(day, machine);
  const path = join(options.out, name);
  await mkdir(options.out, { recursive: true });
  const before = existsSync(`${path}.json`) ? parseResults(await Bun.file(`${path}.json`).text(), path) : null;
  const merged = mergeResults(before, { kind: "rockchip-llama measurements", day, machine, results });
  if (merged.results.length === 0) return;
  await Bun.write(`${path}.json`, `${JSON.stringify(merged, sixDigits, 2)}\n`);
  await Bun.write(`${path}.md`, resultsMarkdown(merged, `${name}.svg`));
  await Bun.write(`${path}.svg`, resultsChart(merged));
  // As the repository wants its files.
  Bun.spawnSync([process.execPath, "fmt", `${path}.json`, `${path}.md`], { cwd: ROOT });
  if (results.length > 0) console.log(`\nWritten to ${path}.json, .md and .svg`);
}

/** Nothing here is measured to more digits than that. */
function sixDigits(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

async function measure(): Promise<void> {
  const measurements = chosen();
  // Before hours of measuring, not behind them: results of two machines do not go into one file.
  await write([]);
  if (options.executable && !existsSync(EXECUTABLE)) throw new AppError("config_invalid", "There is no executable: bun run build");
  const folder = await mkdtemp(join(tmpdir(), "bench-native-"));
  try {
    const native = await buildNativePrograms(folder);
    const program = options.executable ? [EXECUTABLE] : [process.execPath, join(ROOT, "src/main.ts")];
    const [repeats, minutes] = [positive("--repeats", options.repeats), positive("--minutes", options.minutes)];
    for (const measurement of measurements) {
      const progress = (line: string) => console.error(`${measurement.name}: ${line}`);
      const result = await take(measurement, { repeats, minutes, program, native, progress });
      print(result);
      // After each of them: a run that is broken off keeps what it has.
      await write([result]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(): Promise<void> {
  const [before, after] = names;
  if (before === undefined || after === undefined) throw new AppError("config_invalid", "--compare: it takes two files of results.");
  const files: Results[] = [];
  for (const name of [before, after]) files.push(parseResults(await Bun.file(name).text(), name));
  const [one, other] = files;
  if (one !== undefined && other !== undefined) console.log(comparedMarkdown(compareResults(one, other)));
}

try {
  if (options.help) console.log(HELP);
  else await (options.compare ? compare() : measure());
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 2;
}
