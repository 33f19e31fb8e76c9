/** On which CPU cores Rockchip's library is to work: it is told a number of threads and a mask, and by report uses all cores where they differ. */
import type { Soc } from "../core/model.ts";

/** Cores in the order in which they are taken: where there are big ones (4 to 7), those first. RK3562 and RV1126B have four. */
function coresOf(soc: Soc | null): readonly number[] {
  const [little, other] = [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ];
  if (soc === "rk3588" || soc === "rk3576") return [...other, ...little];
  return soc === null ? [...little, ...other] : little;
}

/** A bit for each of so many threads, 1 to 8, as far as there are cores. */
export function maskFor(threads: number, soc: Soc | null): number {
  return coresOf(soc)
    .slice(0, threads)
    .reduce((mask, core) => mask | (1 << core), 0);
}

/** How many cores a mask has, up to 32. */
export function coresIn(mask: number): number {
  let cores = 0;
  for (let rest = mask >>> 0; rest > 0; rest = Math.floor(rest / 2)) cores += rest % 2;
  return cores;
}
