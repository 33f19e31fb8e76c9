/** What hosts do otherwise with a library that is known: how often they abort, and how long they wait for it. */
import { expect, test } from "bun:test";
import type { PromptCache } from "../../../src/core/prompt-cache.ts";
import type { RuntimeFindings } from "../../../src/core/runtime-findings.ts";
import { HostBatch } from "../../../src/runtime/host-batch.ts";
import { HostRun } from "../../../src/runtime/host-run.ts";
import { HostWatch } from "../../../src/runtime/host-watch.ts";
import { modelKeeper } from "../../../src/runtime/model-keeper.ts";
import type { LibrarySpec } from "../../../src/runtime/protocol.ts";
import { MODEL } from "../../support/scripted-engine.ts";

const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 20,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};

function batch(abort: () => void, abortOnce = false): HostBatch {
  const run = new HostRun({ promptId: 1, wants: "text", tokensMax: 1, newPromptTokens: 1, limitKeptByRuntime: true });
  return new HostBatch(1, [run], { onText: () => {}, onEnd: () => {} }, { abort, abortOnce, idleLanesWork: false });
}

test("an abort is repeated until the run has returned, but not where a late one would end the next run", async () => {
  let [once, often] = [0, 0];
  const repeated = Promise.withResolvers<void>();
  const careful = batch(() => once++, true);
  const usual = batch(() => (++often === 3 ? repeated.resolve() : undefined));
  careful.abort(1);
  usual.abort(1);
  careful.abort(1);
  await repeated.promise;
  expect(once).toBe(1);
  usual.returned(0);
  careful.returned(0);
});

test("a prompt that is read for nobody has a time limit of its own where aborts are known not to stop it", async () => {
  const givenUp = Promise.withResolvers<string>();
  const watch: HostWatch = new HostWatch({ ...LIMITS, prefillAbortTimeoutMs: 10 }, { ping: () => watch.heard(), giveUp: givenUp.resolve });
  watch.expectFirstToken(100);
  watch.expectAbort();
  expect(await givenUp.promise).toStartWith("it reads a prompt that nobody wants any more");
  watch.stop();
});

test("once a token has come an abort has the usual time", async () => {
  const givenUp = Promise.withResolvers<string>();
  const limits = { ...LIMITS, abortTimeoutMs: 10, prefillAbortTimeoutMs: 60_000 };
  const watch: HostWatch = new HostWatch(limits, { ping: () => watch.heard(), giveUp: givenUp.resolve });
  watch.expectFirstToken(100);
  watch.expectNextToken();
  watch.expectAbort();
  expect(await givenUp.promise).toContain("abort_timeout_s");
  watch.stop();
});

test("prompts are kept on disk with a library that was found to do it right, and not with one that was not", () => {
  const keeps = (library: LibrarySpec, findings: RuntimeFindings): boolean =>
    modelKeeper({
      cache: {} as PromptCache,
      model: MODEL,
      library,
      program: "1.0.0",
      options: { lanes: 1 },
      findings,
      mode: "auto",
      onFault: () => {},
    }) !== null;
  const rockchip: LibrarySpec = { kind: "file", path: "/usr/lib/librkllmrt.so", version: "1.3.0" };
  const builtIn: LibrarySpec = { kind: "built-in", version: "1.3.0" };
  const found = (works: boolean): RuntimeFindings => ({ promptCache: { works, loadAfterAbort: false } });
  expect([keeps(rockchip, {}), keeps(rockchip, found(true)), keeps(rockchip, found(false))]).toEqual([false, true, false]);
  expect([keeps(builtIn, {}), keeps(builtIn, found(true)), keeps(builtIn, found(false))]).toEqual([true, true, false]);
  // To write one there, and to go on from it, is to compute the whole prompt again.
  expect(keeps(rockchip, { ...found(true), readsPromptsWhole: true })).toBe(false);
});
