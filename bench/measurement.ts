/** What every file of measurements gives to `bun run bench`. */
import type { NativePrograms } from "./native.ts";

/** One number of a report. */
export interface Figure {
  readonly name: string;
  /** null where it could not be taken; `note` says why. */
  readonly value: number | null;
  readonly unit: string;
  /** What it should stay below, where there is a target. */
  readonly aimMax?: number;
  /** What it should reach, where there is a target. */
  readonly aimMin?: number;
  /** What it is held against, measured in the same run, with its unit. */
  readonly baseline?: string;
  /** The single measurements behind a median. */
  readonly samples?: readonly number[];
  readonly note?: string;
}

/** Points of a curve, for the chart. */
export interface Series {
  readonly name: string;
  /** What x and y are, with their units. */
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[];
}

/** All that one measurement found out. */
export interface Outcome {
  readonly figures: readonly Figure[];
  /** What was measured: model digests, threads, contexts. Outcomes whose facts differ are not compared. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly series?: readonly Series[];
  readonly notes?: readonly string[];
}

/** What a measurement works with. */
export interface Bench {
  /** How often each number is taken; reported is the median. */
  readonly repeats: number;
  /** Length of what runs by the clock, minutes. */
  readonly minutes: number;
  /** A new folder for it alone, which goes afterwards. */
  readonly folder: string;
  /** Program and first arguments that start rockchip-llama. */
  readonly program: readonly string[];
  readonly native: NativePrograms;
  progress(this: void, line: string): void;
}

/** One measurement: a name on the command line. */
export interface Measurement {
  readonly name: string;
  /** A sentence. */
  readonly about: string;
  /** About how long it takes with five repeats on two cores; minutes. */
  readonly minutes: number;
  /** It runs only where it is named. */
  readonly onlyByName?: true;
  run(this: void, bench: Bench): Promise<Outcome>;
}

/** Whether a number is as it should be; null where there is no target or no number. */
export function meetsAim({ value, aimMax, aimMin }: Figure): boolean | null {
  if (value === null || (aimMax === undefined && aimMin === undefined)) return null;
  return value <= (aimMax ?? Infinity) && value >= (aimMin ?? -Infinity);
}
