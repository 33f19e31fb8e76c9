/** On which CPU cores Rockchip's library is to work: it is told a number of threads and a mask, and by report uses all cores where they differ. */
import type { Soc } from "../core/model.ts";

const LOWER = [0, 1, 2, 3];
const UPPER = [4, 5, 6, 7];

/** Cores in the order in which they are taken: where there are big ones, which are the upper, those first. */
const CORES: Readonly<Record<Soc, readonly number[]>> = {
  rk3588: [...UPPER, ...LOWER],
  rk3576: [...UPPER, ...LOWER],
  rk3562: LOWER,
  rv1126b: LOWER,
};
const UNKNOWN_CORES = [...LOWER, ...UPPER];

/** A bit for each of so many threads, 1 to 8, as far as there are cores. */
export function maskFor(threads: number, soc: Soc | null): number {
  const cores = soc === null ? UNKNOWN_CORES : CORES[soc];
  return cores.slice(0, threads).reduce((mask, core) => mask | (1 << core), 0);
}

/** How many cores a mask has, up to 32. */
export function coresIn(mask: number): number {
  let cores = 0;
  for (let rest = mask >>> 0; rest > 0; rest = Math.floor(rest / 2)) cores += rest % 2;
  return cores;
}
