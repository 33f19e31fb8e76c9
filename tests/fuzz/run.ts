/** `bun run fuzz [cases]`: sends that many bodies, shared out among all targets. */
import { fuzz, TARGETS } from "./bodies.ts";

const CASES = 20_000;

const cases = Number(process.argv[2] ?? CASES);
const each = Math.ceil(cases / TARGETS.length);
for (const target of TARGETS) {
  const startedMs = performance.now();
  await fuzz(target, each);
  console.log(`${target.path}: ${each} bodies in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
