/** What `bun run bench` writes down: one file for each day and machine, to which every measurement of that day adds its own. */
import { refuseUnlike } from "../src/bench/compare.ts";
import type { MachineFacts } from "../src/bench/machine.ts";
import { meetsAim, type Figure, type Outcome } from "./measurement.ts";

/** One measurement's outcome, and how it was taken. */
export interface Result extends Outcome {
  readonly name: string;
  readonly about: string;
  /** The command that takes it again. */
  readonly command: string;
  /** The commit that was measured, with a + behind it where something was changed. */
  readonly commit: string;
  readonly repeats: number;
  readonly seconds: number;
  /** Share of the machine that other work had before it began, 0 to 1: such work makes numbers worthless. */
  readonly busyBefore: number;
}

/** A whole file. */
export interface Results {
  readonly kind: "rockchip-llama measurements";
  readonly day: string;
  readonly machine: MachineFacts;
  readonly results: readonly Result[];
}

/** `2026-11-28-intel-r-xeon-r-processor`: the name of a day's and machine's files. */
export function resultsName(day: string, { cpu }: MachineFacts): string {
  return `${day}-${cpu.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`.replace(/-$/, "");
}

/**
 * Adds results to those there are; a measurement taken again replaces itself.
 * Throws AppError config_invalid where those were taken on another machine, or with other cores of it.
 */
export function mergeResults(before: Results | null, now: Results): Results {
  if (before === null) return now;
  refuseUnlike({ machine: before.machine }, { machine: now.machine });
  const names = new Set(now.results.map(({ name }) => name));
  return { ...now, results: [...before.results.filter(({ name }) => !names.has(name)), ...now.results] };
}

/** Reads a file's text. Throws Error for what is none. */
export function parseResults(text: string, name: string): Results {
  const value = JSON.parse(text) as Partial<Results>;
  if (value.kind !== "rockchip-llama measurements") throw new Error(`${name} holds no measurements of bun run bench.`);
  return value as Results;
}

/** A figure of two files. */
export interface ComparedResult {
  readonly measurement: string;
  readonly before: Figure & { readonly value: number };
  readonly after: Figure & { readonly value: number };
}

/**
 * The figures that two files have in common. Throws AppError config_invalid where their machines differ, or where a measurement that is
 * in both measured another model, length or number of clients.
 */
export function compareResults(before: Results, after: Results): ComparedResult[] {
  refuseUnlike({ machine: before.machine }, { machine: after.machine });
  return after.results.flatMap((result) => {
    const same = before.results.find(({ name }) => name === result.name);
    if (same === undefined) return [];
    refuseUnlike({ [result.name]: factsOf(same) }, { [result.name]: factsOf(result) });
    return result.figures.flatMap((figure) => {
      const earlier = same.figures.find(({ name }) => name === figure.name);
      if (figure.value === null || earlier === undefined || earlier.value === null) return [];
      return [{ measurement: result.name, before: { ...earlier, value: earlier.value }, after: { ...figure, value: figure.value } }];
    });
  });
}

function factsOf({ facts, repeats }: Result): object {
  return { ...facts, repeats };
}

/** `0.93 (target at least 0.9: holds)`: a figure's value against its target. */
export function verdict(figure: Figure): string {
  const holds = meetsAim(figure);
  if (figure.value === null) return "not taken";
  if (holds === null) return "";
  return holds ? "holds" : "DOES NOT HOLD";
}

/** `at least 0.9`; "" where there is no target. */
export function aimText({ aimMin, aimMax }: Figure): string {
  if (aimMin !== undefined) return `at least ${aimMin}`;
  return aimMax === undefined ? "" : `at most ${aimMax}`;
}
