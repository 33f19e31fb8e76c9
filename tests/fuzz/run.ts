/** `bun run fuzz [bodies]`: sends that many to each target. */
import { fuzz, TARGETS } from "./bodies.ts";

const BODIES = 10_000;

const each = Number(process.argv[2] ?? BODIES);
for (const target of TARGETS) {
  const startedMs = performance.now();
  await fuzz(target, each);
  console.log(`${target.path}: ${each} bodies in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
