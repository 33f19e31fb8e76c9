import { expect, test } from "bun:test";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { Census, contextUsed } from "../../../src/telemetry/census.ts";
import { Throughput } from "../../../src/telemetry/throughput.ts";
import { Work } from "../../../src/telemetry/work.ts";

/** Work on a model, which runs where it has got tokens. */
function workOn(census: Census, id: string, baseId: string, tokens: number | null): Work {
  const listeners = {
    throughput: new Throughput(performance.now()),
    onResolved: (work: Work) => census.add(work),
    onEnd: (work: Work) => census.remove(work),
  };
  const work = new Work("answer", "r1", listeners);
  const adapted = id === baseId ? {} : { adapted: {} };
  work.resolved({ id, ...adapted } as ModelDescriptor, baseId);
  work.loaded();
  work.prepared(100, 0);
  if (tokens !== null) work.granted();
  if (tokens !== null && tokens > 0) work.tokens(tokens);
  return work;
}

test("work is counted by the model that is loaded for it, until it ends", () => {
  const census = new Census();
  const running = workOn(census, "a+pirate", "a", 20);
  workOn(census, "a", "a", null);
  workOn(census, "a+pirate", "a", null);
  workOn(census, "a+poet", "a", null);
  workOn(census, "b", "b", 0);
  expect([census.total(), [...census.byModel()]]).toEqual([
    { waiting: 3, running: 2 },
    [
      ["a", { waiting: 3, running: 1 }],
      ["b", { waiting: 0, running: 1 }],
    ],
  ]);
  expect(census.adapters()).toEqual({ running: ["a+pirate"], waiting: ["a+poet"] });
  expect([census.contextTokens("a"), census.contextTokens("b"), census.contextTokens("c")]).toEqual([120, 100, 0]);
  running.done();
  expect([census.total(), census.adapters(), census.contextTokens("a")]).toEqual([
    { waiting: 3, running: 1 },
    { running: [], waiting: ["a+pirate", "a+poet"] },
    0,
  ]);
});

test.each([
  [1024, { slots: 1, lanes: 1, contextTokens: 4096 }, 0.25],
  [1024, { slots: 2, lanes: 2, contextTokens: 4096 }, 0.0625],
  [9999, { slots: 1, lanes: 1, contextTokens: 4096 }, 1],
  [1, { slots: 0, lanes: 1, contextTokens: 4096 }, 0],
])("%i tokens in %j fill %d of it", (tokens, room, used) => {
  expect(contextUsed(tokens, room)).toBe(used);
});
