import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { AppError } from "../../../src/core/errors.ts";
import type { CacheSpace, WrittenSequence, PromptCache } from "../../../src/core/prompt-cache.ts";
import type { PreparedPrompt } from "../../../src/core/runtime.ts";
import { type CachingHost, PromptKeeper } from "../../../src/runtime/prompt-keeper.ts";
import { createPromptCache } from "../../../src/store/prompt-cache.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SPACE: CacheSpace = { model: "tiny", key: "ab12" };
/** As slow as a board: what is long enough is worth a file. */
const STATS = { prefillTokens: 1000, prefillMs: 10_000, decodeTokens: 1, decodeMs: 1, memoryMb: 1 };
const BYTES = 1000;

/** A sequence of so many steps, and some tokens; those of one name begin alike. */
const chat = (name: string, steps: number): WrittenSequence => ({
  tokens: steps * 32 + 5,
  prefixes: Array.from({ length: steps }, (_, step) => `${name}${step}`),
  ids: `${name}${steps}`,
});

const promptOf = ({ tokens, prefixes }: WrittenSequence): PreparedPrompt => ({
  promptId: 1,
  promptTokens: tokens,
  format: { reasoning: null, toolSyntax: "hermes" },
  opening: "",
  prefixes,
});

/** A host that does as it is told, and what it was asked. */
class PlayedHost implements CachingHost {
  lost: AppError | null = null;
  abortCalled = false;
  /** What its KV cache holds, as it knows it. */
  held: WrittenSequence | null = null;
  asked: string[] = [];
  /** Size of the next file. */
  bytes = BYTES;
  /** What becomes of the next file; null: it is written or read. */
  end: (() => AppError) | null = null;

  async savePrompt(path: string): Promise<WrittenSequence | null> {
    this.asked.push("save");
    this.dieIfTold();
    if (this.held !== null) writeFileSync(path, Buffer.alloc(this.bytes));
    return this.held;
  }

  async loadPrompt(): Promise<boolean> {
    this.asked.push("load");
    this.dieIfTold();
    this.held = null;
    return true;
  }

  private dieIfTold(): void {
    if (this.end === null) return;
    this.lost = this.end();
    throw this.lost;
  }
}

const crash = () => new AppError("engine_lost", "The engine host ended unexpectedly");
const closing = () => new AppError("shutting_down", "The model is being unloaded");

function stage({ loadsAfterAbort = true, bytesWrittenPerDayMax = 1000 * BYTES } = {}) {
  const cache: PromptCache = createPromptCache({
    folder: temporaryFolder(),
    bytesMax: 100 * BYTES,
    ageMaxMs: 1e9,
    bytesWrittenPerDayMax,
    warn: (message) => expect.unreachable(message),
  });
  const faults: string[] = [];
  /** A keeper, as a model has one whenever it is opened. */
  const open = () =>
    new PromptKeeper({
      cache,
      spaceOf: () => SPACE,
      sequences: () => cache.sequencesOf(SPACE.model, "ab", 1e9),
      bytesPerToken: 1,
      ratesBefore: cache.ratesOf(SPACE.model, "ab"),
      keepRates: (rates) => cache.keepRates(SPACE.model, "ab", rates),
      loadsAfterAbort,
      onFault: (path) => void faults.push(path),
    });
  const keeper = open();
  /** One turn of a chat in a host. */
  const run = async (host: PlayedHost, held: WrittenSequence): Promise<void> => {
    await keeper.before(host, promptOf(held), undefined);
    host.held = held;
    keeper.after(host, undefined, held, STATS);
  };
  /** A chat for which there is a file, as another server left it. */
  const fileOf = (sequence: WrittenSequence): string => {
    const reserved = cache.reserve(SPACE, BYTES, false);
    const path = "path" in reserved ? reserved.path : expect.unreachable(reserved.refused);
    writeFileSync(path, Buffer.alloc(BYTES));
    cache.add(SPACE, { path, sequence, pinned: false });
    return path;
  };
  return { cache, keeper, open, faults, run, fileOf };
}

test("a chat is written when another takes its place, and read when it comes back", async () => {
  const { run, cache } = stage();
  const host = new PlayedHost();
  await run(host, chat("a", 10));
  await run(host, chat("b", 10));
  await run(host, chat("a", 11));
  expect(host.asked).toEqual(["save", "save", "load"]);
  expect(cache.status()).toMatchObject({ hits: 1, tokensSaved: 320 });
});

test("a prompt that was kept is written again where its file was deleted", async () => {
  const { run, keeper, cache } = stage();
  const host = new PlayedHost();
  await run(host, chat("a", 5));
  expect([await keeper.keep(host), await keeper.keep(host)]).toEqual([
    { tokens: 165, bytes: BYTES },
    { tokens: 160, bytes: 0 },
  ]);
  cache.clear();
  expect(await keeper.keep(host)).toEqual({ tokens: 165, bytes: BYTES });
  expect(cache.status().entries).toMatchObject([{ tokens: 165, pinned: true }]);
});

test("a prompt that turns out larger than all files may be is not kept, costs no other its file, and is not tried again", async () => {
  const { run, keeper, fileOf } = stage();
  const good = fileOf(chat("b", 10));
  const host = new PlayedHost();
  host.bytes = 101 * BYTES;
  await run(host, chat("a", 10));
  const kept = [await keeper.keep(host), await keeper.keep(host)];
  expect([kept, host.asked, existsSync(good)]).toEqual([[{ refused: "too_large" }, { refused: "too_large" }], ["save"], true]);
  expect([keeper.refusal(100), keeper.refusal(325)]).toEqual([null, "too_large"]);
});

test("what is not kept has its reason", async () => {
  const { run, keeper } = stage({ bytesWrittenPerDayMax: 1.5 * BYTES });
  const host = new PlayedHost();
  const nothing = await keeper.keep(host);
  await run(host, chat("a", 10));
  await keeper.keep(host);
  await run(host, chat("b", 10));
  const spent = await keeper.keep(host);
  expect([nothing, spent]).toEqual([{ refused: "not_written" }, { refused: "daily_budget" }]);
  for (const [end, refused] of [
    [crash, "not_written"],
    [closing, "closing"],
  ] as const) {
    const other = stage();
    const dying = new PlayedHost();
    await other.run(dying, chat("a", 10));
    dying.end = end;
    expect(await other.keeper.keep(dying)).toEqual({ refused });
  }
});

test("a prompt that is to be kept and has a file already is pinned, and not written again by the next server", async () => {
  const { run, keeper, fileOf, cache } = stage();
  const path = fileOf(chat("a", 1));
  const host = new PlayedHost();
  await run(host, chat("a", 1));
  expect(await keeper.keep(host)).toEqual({ tokens: 32, bytes: 0 });
  expect([host.asked, cache.status().entries.map(({ pinned }) => pinned), existsSync(path)]).toEqual([[], [true], true]);
});

test("a host that dies while it writes costs no file that is good", async () => {
  const { run, keeper, fileOf, faults } = stage();
  const good = fileOf(chat("b", 10));
  const host = new PlayedHost();
  await run(host, chat("a", 10));
  host.end = crash;
  await keeper.before(host, promptOf(chat("b", 11)), undefined);
  expect([host.asked, faults.length, existsSync(good)]).toEqual([["save"], 1, true]);
});

test("a file whose reading costs a host its life is deleted, one that was being read when the model was closed is not", async () => {
  const { keeper, fileOf, faults } = stage();
  const [fatal, good] = [fileOf(chat("a", 10)), fileOf(chat("b", 10))];
  for (const [end, name] of [
    [crash, "a"],
    [closing, "b"],
  ] as const) {
    const host = new PlayedHost();
    host.end = end;
    await keeper.before(host, promptOf(chat(name, 11)), undefined);
  }
  expect([faults, existsSync(fatal), existsSync(good)]).toEqual([[fatal], false, true]);
});

test("the next host is not asked for what the last one held, however often hosts die", async () => {
  const { run, cache } = stage();
  for (let life = 0; life < 3; life++) {
    const host = new PlayedHost();
    await run(host, chat("a", 10));
    host.lost = crash();
    expect(host.asked).toEqual([]);
  }
  // Saving has not been given up over it.
  const last = new PlayedHost();
  await run(last, chat("a", 10));
  await run(last, chat("b", 10));
  expect([last.asked, cache.status().entries.length]).toEqual([["save"], 1]);
});

test("what the last host held is read for the next, which holds nothing", async () => {
  const { run, fileOf } = stage();
  fileOf(chat("a", 10));
  const host = new PlayedHost();
  await run(host, chat("a", 10));
  host.lost = crash();
  const next = new PlayedHost();
  await run(next, chat("a", 10));
  expect(next.asked).toEqual(["load"]);
});

test("what was read for a run that never began is known to be there, and is not written", async () => {
  const { keeper, run, fileOf, cache } = stage();
  fileOf(chat("b", 10));
  const host = new PlayedHost();
  await run(host, chat("a", 10));
  await keeper.before(host, promptOf(chat("b", 11)), undefined);
  expect(host.asked).toEqual(["save", "load"]);
  await keeper.before(host, promptOf(chat("b", 11)), undefined);
  cache.clear();
  await keeper.before(host, promptOf(chat("c", 10)), undefined);
  expect(host.asked).toEqual(["save", "load"]);
});

test("nothing is read after an abort where that is not known to be safe, until another host is opened", async () => {
  const { keeper, run, fileOf, cache } = stage({ loadsAfterAbort: false });
  const file = fileOf(chat("b", 10));
  const host = new PlayedHost();
  host.abortCalled = true;
  await run(host, chat("a", 10));
  keeper.forget();
  await keeper.before(host, promptOf(chat("b", 11)), undefined);
  const next = new PlayedHost();
  await keeper.before(next, promptOf(chat("b", 11)), undefined);
  expect([host.asked, next.asked, existsSync(file), cache.status().passed]).toEqual([[], ["load"], true, 1]);
});

test("what a host must not read after an abort is written no earlier than when it is closed", async () => {
  const { keeper, run } = stage({ loadsAfterAbort: false });
  const host = new PlayedHost();
  await run(host, chat("a", 10));
  host.abortCalled = true;
  await run(host, chat("b", 10));
  await keeper.before(host, null, undefined);
  const asked = [...host.asked];
  await keeper.park(host, null);
  expect([asked, host.asked]).toEqual([[], ["save"]]);
});

test.each<[string, number, readonly string[]]>([
  ["reads what it knows to be slow to compute", 10_000, ["load"]],
  ["does not read what it knows to be computed sooner", 1e-4, []],
])("a model that is opened again %s, before its first run", async (_, prefillMs, asked) => {
  const { keeper, open, fileOf } = stage();
  const host = new PlayedHost();
  keeper.after(host, undefined, null, { ...STATS, prefillMs });
  await keeper.park(host, null);
  fileOf(chat("a", 10));
  const next = new PlayedHost();
  await open().before(next, promptOf(chat("a", 11)), undefined);
  expect(next.asked).toEqual([...asked]);
});

test("a copy of a model that measured nothing takes nothing from what another has measured", async () => {
  const { keeper, open, cache } = stage();
  const idle = open();
  keeper.after(new PlayedHost(), undefined, null, STATS);
  for (const each of [keeper, idle]) await each.park(new PlayedHost(), null);
  expect(cache.ratesOf(SPACE.model, "ab")).toMatchObject({ prefillMsPerToken: 10, readMsPerByte: null });
});

test("a host is parked with leave to use the device, which is asked for where there is something to write", async () => {
  const { keeper, run } = stage();
  const host = new PlayedHost();
  const permits: string[] = [];
  const permit = async () => {
    permits.push(`taken after ${host.asked.join()}`);
    return () => void permits.push(`given back after ${host.asked.join()}`);
  };
  await run(host, chat("a", 10));
  await keeper.park(host, permit);
  await keeper.park(host, permit);
  expect(permits).toEqual(["taken after ", "given back after save"]);
});
