/** The `doctor` command: what keeps the server, the NPU or a model from working, and how to mend it. */
import { existsSync } from "node:fs";
import { checkUp } from "../checkup.ts";
import type { Environment } from "../config/environment.ts";
import { CONFIG_FILES } from "../config/known-keys.ts";
import { LiveSettings } from "../config/live-settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import { alignedLines } from "./aligned-lines.ts";

type Report = Awaited<ReturnType<typeof checkUp>>;
type Level = Report["level"];

/** One key of the configuration, as text. */
interface EffectiveValue {
  /** Its name; of a model's section, with the model: `models.qwen3-0.6b.temperature`. */
  readonly key: string;
  /** As JSON; a secret only as `set` or `unset`. */
  readonly value: string;
  /** `--port`, `OLLAMA_HOST`, the file's path, or `default`. */
  readonly source: string;
}

/** Escape codes of a terminal: green, yellow, red. */
const COLOURS: Readonly<Record<Level, number>> = { ok: 32, warning: 33, failure: 31 };

/** Column where a finding's sentence begins. */
const TEXT_COLUMN = Math.max(...Object.keys(COLOURS).map((level) => level.length)) + 4;

/** Examines the machine and prints what was found. @returns the exit status: 1 where something does not work, else 0 */
export async function doctorCommand(
  loaded: LoadedConfig,
  environment: Environment,
  flags: Readonly<Record<string, string>> = {},
): Promise<number> {
  const report = await checkUp(loaded, environment);
  const values = "config" in flags ? effectiveValues(loaded) : null;
  const colour = process.stdout.isTTY && (environment["NO_COLOR"] ?? "") === "";
  console.log("json" in flags ? reportJson(report, values) : reportText(report, values, colour));
  return report.level === "failure" ? 1 : 0;
}

/** All keys in the order of the documentation, then what single models have of their own. */
export function effectiveValues(loaded: LoadedConfig): EffectiveValue[] {
  const settings = new LiveSettings(loaded);
  const keys = settings.list().map(({ name, value, isSet, source }) => ({
    key: name,
    value: isSet === undefined ? JSON.stringify(value) : isSet ? "set" : "unset",
    source,
  }));
  const sections = Object.entries(settings.modelSections()).flatMap(([id, section]) =>
    Object.entries(section).map(([name, value]) => ({
      key: `models.${id}.${name}`,
      value: JSON.stringify(value),
      source: CONFIG_FILES.inference,
    })),
  );
  return [...keys, ...sections];
}

/** The report for programs. `values` is left out where it was not asked for. */
export function reportJson(report: Report, values: readonly EffectiveValue[] | null): string {
  return JSON.stringify({ ...report, ...(values === null ? {} : { config: values }) }, null, 2);
}

/** The report for people: a line for each finding, below it what mends it. */
export function reportText(report: Report, values: readonly EffectiveValue[] | null, colour: boolean): string {
  const paint = (level: Level, text: string) => (colour ? `\u001b[${COLOURS[level]}m${text}\u001b[0m` : text);
  const indent = " ".repeat(TEXT_COLUMN);
  const sections = report.sections.map(({ title, findings }) =>
    [
      title,
      ...findings.flatMap(({ level, text, fix }) => [
        `  ${paint(level, level)}${" ".repeat(TEXT_COLUMN - 2 - level.length)}${text}`,
        ...(fix === undefined ? [] : [`${indent}-> ${fix}`]),
      ]),
    ].join("\n"),
  );
  const rows = (values ?? []).map(({ key, value, source }) => [`  ${key}`, source, value]);
  const table = values === null ? [] : [["Values", ...alignedLines(rows)].join("\n")];
  return [...sections, ...table, summary(report)].join("\n\n");
}

/** Where the package puts the page; whoever has only the executable finds it in the repository. */
function documentation(): string {
  const installed = "/usr/share/doc/rockchip-llama/docs/doctor.md";
  return existsSync(installed) ? installed : "docs/doctor.md in the repository";
}

function summary({ sections }: Report): string {
  const all = sections.flatMap(({ findings }) => findings);
  const count = (level: Level, word: string) => {
    const found = all.filter((finding) => finding.level === level).length;
    return `${found === 0 ? "no" : found} ${word}${found === 1 ? "" : "s"}`;
  };
  return `${count("failure", "failure")}, ${count("warning", "warning")}. ${documentation()} explains every check.`;
}
