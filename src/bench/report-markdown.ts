/** A report, and the comparison of two, as Markdown for people. */
import { table } from "../core/markdown-table.ts";
import type { ComparedFigure } from "./compare.ts";
import { type Cell, passes, type PublishedResult, type Report } from "./report.ts";
import type { Summary } from "./statistics.ts";

/** The whole report. */
export function reportMarkdown(report: Report): string {
  const { facts } = report;
  const { machine } = facts;
  return [
    `# ${facts.model} on ${machine.cpu}`,
    [
      `- ${report.date.slice(0, 16).replace("T", " ")} UTC, rockchip-llama ${report.version}, runtime ${report.runtimeVersion}`,
      `- ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, ${machine.arch}`,
      `- model ${facts.modelDigest.slice(0, 12)}, context ${facts.contextTokens}, ${facts.threads} threads, n_batch ${facts.nBatch}`,
      `- prompts version ${facts.promptSet}, ${report.repeats} repeats; again with \`${report.command}\``,
    ].join("\n"),
    ...report.cells.map(cellMarkdown),
    publishedMarkdown(report.published, report.cells),
    qualityMarkdown(report),
  ].join("\n\n");
}

function cellMarkdown(cell: Cell): string {
  const clients = cell.concurrency === 1 ? "one client" : `${cell.concurrency} clients at once`;
  const rows = (
    [
      ["time to first token, ms", cell.ttftMs],
      ["time between tokens, ms", cell.itlMs],
      ["longest silence, ms", cell.longestGapMs],
      ["whole answer, ms", cell.endToEndMs],
      ["waiting for others, ms", cell.queueMs],
      ["prefill, tokens/s", cell.prefillPerS],
      ["decode, tokens/s", cell.decodePerS],
      ["all clients, tokens/s", cell.throughputPerS],
    ] as const
  ).map(([name, summary]) => [name, ...summaryCells(summary)]);
  const memory = cell.memoryMb === null ? "" : ` Most memory: ${cell.memoryMb.toFixed(0)} MB.`;
  return [
    `## ${cell.promptTokensSent} tokens in, ${cell.outputTokens} out, ${clients}`,
    `${table(["", "median", "mean", "min", "max", "p95"], rows)}\n\n${cell.ttftMs.n} answers.${memory}`,
  ].join("\n\n");
}

function summaryCells(summary: Summary | null): string[] {
  if (summary === null) return ["-", "-", "-", "-", "-"];
  return [summary.median, summary.mean, summary.min, summary.max, summary.p95].map(numberText);
}

/** A number with three digits that tell something: `0.123`, `12.3`, `1234`. */
export function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

function publishedMarkdown(published: PublishedResult, cells: readonly Cell[]): string {
  const head = "## Against Rockchip's published figures";
  if ("none" in published) return `${head}\n\nNo published figure: ${published.none}`;
  const cell = cells.find(({ promptTokens, concurrency }) => promptTokens === 128 && concurrency === 1);
  const share = (mine: number | undefined, theirs: number) =>
    mine === undefined ? ["-", numberText(theirs), "-"] : [numberText(mine), numberText(theirs), (mine / theirs).toFixed(2)];
  const rows = [
    ["time to first token, ms", ...share(cell?.ttftMs.median, published.ttftMs)],
    ["decode, tokens/s", ...share(cell?.decodePerS?.median, published.tokensPerS)],
    ["memory, MB", ...share(cell?.memoryMb ?? undefined, published.memoryMb)],
  ];
  const place = `${published.title} on ${published.soc}, 128 tokens in, 64 out, highest clocks.`;
  return `${head}\n\n${place}\n\n${table(["", "here", "published", "ratio"], rows)}`;
}

function qualityMarkdown(report: Report): string {
  const rows = report.quality.map(({ id, faults, answer }) => [
    id,
    faults.length === 0 ? "good" : `FAILED: ${faults.join(" ")}`,
    answer.replaceAll(/\s+/g, " ").slice(0, 60),
  ]);
  const verdict = passes(report)
    ? "Every answer is one."
    : "FAILED: a model that answers so is of no use, however fast it is. Most often the conversion or the template is wrong.";
  return `## Quality\n\n${table(["prompt", "answer is", "answer"], rows)}\n\n${verdict}`;
}

/** Two reports side by side. A ratio above 1 is more than before, whether that is better or worse. */
export function comparisonMarkdown(figures: readonly ComparedFigure[]): string {
  const rows = figures.map(({ name, unit, before, after }) => [
    `${name}, ${unit}`,
    numberText(before),
    numberText(after),
    before === 0 ? "-" : (after / before).toFixed(2),
  ]);
  return table(["", "before", "after", "after / before"], rows);
}
