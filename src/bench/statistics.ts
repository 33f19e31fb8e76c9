/** What becomes of repeated measurements of one number. */

/** The usual figures of a sample, in the sample's own unit. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
}

/** Throws RangeError for an empty sample: nothing was measured then, and no number would say so. */
export function summarize(values: readonly number[]): Summary {
  const sorted = sortedSample(values);
  return {
    n: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: median(sorted),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    p95: percentile(sorted, 95),
  };
}

/** The middle value, or the mean of the two in the middle: one slow run on a busy machine does not move it. Throws RangeError for nothing. */
export function median(values: readonly number[]): number {
  const sorted = sortedSample(values);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}

/** The smallest value that `share` percent of the sample do not exceed (nearest rank). Throws RangeError for nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = sortedSample(values);
  const rank = Math.ceil((share / 100) * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? 0;
}

function sortedSample(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError("There are no figures of nothing.");
  return values.toSorted((a, b) => a - b);
}
