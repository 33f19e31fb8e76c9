/** The `doctor --probe` command: asks a runtime library how it behaves, and shows what it said. */
import { openConfiguredCatalog, prepareConfiguredAssets } from "../app.ts";
import { readBoardSoc } from "../catalog/board-soc.ts";
import type { LoadedConfig } from "../config/load.ts";
import { table } from "../core/markdown-table.ts";
import { probeModel, type ProbeReport, type ReportRow, writeReport } from "../probe-model.ts";
import { VERSION } from "../version.ts";

/** Column where a question's sentences begin. */
const TEXT_COLUMN = 20;

/** Probes, prints and writes the report. @returns the exit status: 1 where the model does not open, or the report cannot be written, else 0 */
export async function probeCommand(
  loaded: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string>>,
): Promise<number> {
  const { server } = loaded.config;
  const soc = await readBoardSoc();
  const model = await openConfiguredCatalog(server, soc).resolve(flags["probe"] ?? "");
  console.error(`Asking the runtime library how it behaves with ${model.id}; a question may take minutes.`);
  const { report, notKept } = await probeModel({
    model,
    loaded,
    environment,
    assets: await prepareConfiguredAssets(server),
    soc,
    program: VERSION,
    onQuestion: (asks) => console.error(`  ${asks}`),
  });
  const path = flags["report"] ?? null;
  const written = writeReport(path?.endsWith(".json") === true ? probeJson(report) : probeMarkdown(report), path, { loaded, report });
  console.log("json" in flags ? probeJson(report) : probeText(report));
  console.error(written.fault === null ? `The report is ${written.path}.` : `The report could not be written: ${written.fault}`);
  if (notKept !== null) console.error(`The answers could not be kept for the server: ${notKept}`);
  const opens = report.rows.some(({ question, ending }) => question === "open" && ending === "answered");
  return opens && written.fault === null ? 0 : 1;
}

/** The report for programs. */
function probeJson(report: ProbeReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The report for a terminal: each question, its answer, and what the server does with that. */
function probeText(report: ProbeReport): string {
  const indent = " ".repeat(TEXT_COLUMN);
  const blocks = report.rows.map(({ question, asks, answer, server }) =>
    [`${question.padEnd(TEXT_COLUMN)}${asks}`, `${indent}${answer}`, `${indent}-> ${server}`].join("\n"),
  );
  return [subjectLine(report), ...blocks, summary(report)].join("\n\n");
}

/** The report to send. */
function probeMarkdown(report: ProbeReport): string {
  const { rows, findings, said } = report;
  const cells = rows.map((row) => [`\`${row.question}\``, row.asks, row.answer, row.server, figuresText(row)]);
  return [
    "# How a runtime library behaves",
    subjectLine(report),
    table(["Name", "Question", "Answer", "What the server does", "Measured"], cells),
    "The server goes by this:",
    fenced(JSON.stringify(findings, null, 2), "json"),
    "The library said when the model was first opened:",
    fenced(said.join("\n"), "text"),
    "All that was found:",
    fenced(
      JSON.stringify(Object.fromEntries(rows.map(({ question, ending, facts }) => [question, { ending, ...facts }])), null, 2),
      "json",
    ),
    "",
  ].join("\n\n");
}

function subjectLine({ at, program, library, model, machine }: ProbeReport): string {
  const file = library.file === null ? "built-in CPU runtime" : `${library.file} (SHA-256 ${library.sha256 ?? "unknown"})`;
  const board = machine.soc === null ? "" : `, ${machine.soc}`;
  return `RockchipLlama ${program}, ${at}. Library: ${file}, version ${library.version}. Model: ${model.file}, ${model.bytes} bytes. Machine: ${machine.processor}${board}, Linux ${machine.kernel}.`;
}

function summary({ rows }: ProbeReport): string {
  const count = (ending: ReportRow["ending"]) => rows.filter((row) => row.ending === ending).length;
  const others = (["refused", "crashed", "hung", "not asked"] as const).filter((ending) => count(ending) > 0);
  return [`${count("answered")} answered`, ...others.map((ending) => `${count(ending)} ${ending}`)].join(", ");
}

function figuresText({ figures }: ReportRow): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))}`)
    .join(", ");
}

function fenced(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
