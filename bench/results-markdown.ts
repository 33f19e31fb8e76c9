/** Results as Markdown. */
import { numberText } from "../src/bench/report-markdown.ts";
import { table } from "../src/core/markdown-table.ts";
import { aimText, type ComparedResult, type Result, type Results, verdict } from "./results.ts";

/** The whole file. `chart` is the name of the picture beside it. */
export function resultsMarkdown({ day, machine, results }: Results, chart: string): string {
  const head = [
    `# ${day}, ${machine.cpu}`,
    `${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, ${machine.arch}, Bun ${machine.bun}.`,
    `![Figures against their targets](${chart})`,
  ];
  return `${[...head, ...results.map(resultMarkdown)].join("\n\n")}\n`;
}

function resultMarkdown(result: Result): string {
  const rows = result.figures.map((figure) => [
    figure.name,
    figure.value === null ? "-" : numberText(figure.value),
    figure.unit,
    aimText(figure),
    verdict(figure),
    [figure.baseline, figure.note].filter((text) => text !== undefined).join("; "),
  ]);
  const facts = Object.entries(result.facts).map(([name, value]) => `${name} ${shortText(value)}`);
  const busy = `machine ${Math.round(result.busyBefore * 100)} % busy before it`;
  return [
    `## ${result.name}`,
    `${result.about} \`${result.command}\`, commit ${result.commit}, medians of ${result.repeats}, ${Math.round(result.seconds)} s, ${busy}.`,
    table(["figure", "value", "unit", "target", "", "baseline"], rows),
    `Measured with ${facts.join(", ")}.`,
    ...(result.notes ?? []).map((note) => `Note: ${note}`),
  ].join("\n\n");
}

/** Digests are shortened: people compare them, they do not type them. */
function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}

/** Two files side by side. */
export function comparedMarkdown(figures: readonly ComparedResult[]): string {
  const rows = figures.map(({ measurement, before, after }) => [
    `${measurement}: ${after.name}`,
    after.unit,
    numberText(before.value),
    numberText(after.value),
    before.value === 0 ? "-" : (after.value / before.value).toFixed(2),
  ]);
  return table(["figure", "unit", "before", "after", "after / before"], rows);
}
