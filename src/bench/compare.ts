/** Two reports side by side, where they are about the same thing. */
import { AppError } from "../core/errors.ts";
import { type Cell, REPORT_FORMAT, REPORT_KIND, type Report } from "./report.ts";

/** One number in both reports. */
export interface ComparedFigure {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Reads a report's JSON. Throws AppError config_invalid for anything else, and for the format of another version.
 * @param name of the file, for the message
 */
export function parseReport(text: string, name: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("config_invalid", `${name} is not JSON.`, { cause });
  }
  const report = value as Partial<Report> | null;
  if (report?.kind !== REPORT_KIND) throw new AppError("config_invalid", `${name} is no report of rockchip-llama bench --json.`);
  if (report.format !== REPORT_FORMAT) {
    throw new AppError("config_invalid", `${name} is a report of another version of the program: run the benchmark again.`);
  }
  return report as Report;
}

/**
 * What two sets of facts disagree in, a line each; empty where they are alike. Facts are whatever JSON holds; those within an object are
 * named by their path.
 */
export function differences(before: object, after: object, prefix = ""): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [one, other] = [before, after].map((facts) => (facts as Readonly<Record<string, unknown>>)[name]);
    if (isFacts(one) && isFacts(other)) return differences(one, other, `${prefix}${name}.`);
    const [first, second] = [one, other].map((value) => JSON.stringify(value) ?? "nothing");
    return first === second ? [] : [`${prefix}${name}: ${first ?? ""} and ${second ?? ""}`];
  });
}

function isFacts(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws AppError config_invalid that names every fact in which the runs differ. */
export function refuseUnlike(before: object, after: object): void {
  const found = differences(before, after);
  if (found.length === 0) return;
  throw new AppError(
    "config_invalid",
    ["These two runs cannot be compared. They differ in", ...found.map((line) => `  ${line}`)].join("\n"),
  );
}

/** The medians of both. Throws AppError config_invalid as `refuseUnlike` does. */
export function compareReports(before: Report, after: Report): ComparedFigure[] {
  refuseUnlike(before.facts, after.facts);
  return before.cells.flatMap((cell) => {
    const same = after.cells.find((each) => each.promptTokens === cell.promptTokens && each.concurrency === cell.concurrency);
    return same === undefined ? [] : compareCells(cell, same);
  });
}

function compareCells(before: Cell, after: Cell): ComparedFigure[] {
  const place = `${before.promptTokens} tokens in, ${before.concurrency === 1 ? "one client" : `${before.concurrency} clients`}`;
  const figures = FIGURES.map(({ name, unit, of }) => ({ name: `${name}, ${place}`, unit, before: of(before), after: of(after) }));
  return figures.flatMap(({ before, after, ...rest }) => (before === undefined || after === undefined ? [] : [{ ...rest, before, after }]));
}

/** The figures of a cell that are compared, and how each is called. */
const FIGURES: readonly { readonly name: string; readonly unit: string; readonly of: (cell: Cell) => number | undefined }[] = [
  { name: "time to first token", unit: "ms", of: ({ ttftMs }) => ttftMs.median },
  { name: "time between tokens", unit: "ms", of: ({ itlMs }) => itlMs?.median },
  { name: "whole answer", unit: "ms", of: ({ endToEndMs }) => endToEndMs.median },
  { name: "waiting", unit: "ms", of: ({ queueMs }) => queueMs?.median },
  { name: "prefill", unit: "tokens/s", of: ({ prefillPerS }) => prefillPerS?.median },
  { name: "decode", unit: "tokens/s", of: ({ decodePerS }) => decodePerS?.median },
  { name: "all clients", unit: "tokens/s", of: ({ throughputPerS }) => throughputPerS.median },
  { name: "memory", unit: "MB", of: ({ memoryMb }) => memoryMb ?? undefined },
];
