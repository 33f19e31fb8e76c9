/** One number of a report. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should stay below, where there is an aim. */
  readonly aimMax?: number;
  /** What it should reach, where there is an aim. */
  readonly aimMin?: number;
}

/** Whether a number is as it should be; null where there is no aim. */
export function meetsAim({ value, aimMax, aimMin }: Measurement): boolean | null {
  if (aimMax === undefined && aimMin === undefined) return null;
  return value <= (aimMax ?? Infinity) && value >= (aimMin ?? -Infinity);
}

/** The middle value: one slow run on a busy machine does not move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("There is no median of nothing.");
  return middle;
}
