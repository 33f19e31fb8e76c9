/** A few of the bodies that `bun run fuzz` sends by the thousands. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Value } from "@sinclair/typebox/value";
import { fuzz, TARGETS } from "./bodies.ts";
import { schemaValues } from "./schema-values.ts";

const RUNS = 2000;

test.each(TARGETS.map((target) => [target.path, target] as const))(
  "%s answers any body in a form that clients can read",
  async (_path, target) => {
    await fuzz(target, RUNS);
  },
);

test.each(TARGETS.map(({ path, body }) => [path, body] as const))("the bodies for %s are of both kinds: right and wrong", (_path, body) => {
  const right = fc.sample(schemaValues(body), { numRuns: 300, seed: 1 }).filter((value) => Value.Check(body, value)).length;
  expect([right > 50, right < 295]).toEqual([true, true]);
});

test("a reply in another form is found", async () => {
  const [target] = TARGETS;
  const found = await fuzz({ ...target!, fault: ({ status }) => (status === 200 ? "too good" : null) }, RUNS, 1).catch(
    (error: unknown) => error,
  );
  expect(String(found)).toContain("too good");
});
