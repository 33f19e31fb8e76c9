import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CacheSpace, WrittenSequence, PromptCache } from "../../../src/core/prompt-cache.ts";
import { createPromptCache, type PromptCacheOptions } from "../../../src/store/prompt-cache.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SPACE: CacheSpace = { model: "qwen3/0.6b", key: "ab12cd34ef" };
const OTHER: CacheSpace = { model: "other", key: "99" };
const DAY_MS = 86_400_000;

/** A cache with a clock that a test sets, and its warnings. */
function cacheIn(folder: string, change: Partial<PromptCacheOptions> = {}) {
  const warnings: string[] = [];
  const clock = { nowMs: 10 * DAY_MS };
  const cache = createPromptCache({
    folder,
    bytesMax: 10_000,
    ageMaxMs: DAY_MS,
    bytesWrittenPerDayMax: 100_000,
    nowMs: () => clock.nowMs,
    warn: (message) => void warnings.push(message),
    ...change,
  });
  return { cache, warnings, clock };
}

const sequence = (...prefixes: string[]): WrittenSequence => ({
  tokens: prefixes.length * 32 + 5,
  prefixes,
  ids: prefixes.join(),
});

function reserved(cache: PromptCache, bytes = 1000, space = SPACE, pinned = false): string {
  const answer = cache.reserve(space, bytes, pinned);
  return "path" in answer ? answer.path : expect.unreachable(answer.refused);
}

/** Why a file of so many bytes may not be written; null: it may. */
function refusal(cache: PromptCache, bytes = 1000, pinned = false): string | null {
  const answer = cache.reserve(SPACE, bytes, pinned);
  return "refused" in answer ? answer.refused : null;
}

/** Keeps a file as a runtime would write it. */
function kept(cache: PromptCache, held: WrittenSequence, bytes = 1000, space = SPACE, pinned = false): string {
  const path = reserved(cache, bytes, space, pinned);
  writeFileSync(path, Buffer.alloc(bytes));
  expect(cache.add(space, { path, sequence: held, pinned })).toEqual({ bytes, isKept: true });
  return path;
}

const there = (...paths: readonly string[]): boolean[] => paths.map((path) => existsSync(path));

test("the file with the longest common beginning is found, in its own space", () => {
  const { cache } = cacheIn(temporaryFolder());
  kept(cache, sequence("a", "b"));
  const longer = kept(cache, sequence("a", "b", "c", "d"));
  kept(cache, sequence("x"), 1000, OTHER);
  expect(cache.find(SPACE, ["a", "b", "c", "other"])).toMatchObject({ path: longer, tokens: 96, bytes: 1000 });
  expect([cache.find(SPACE, ["x"]), cache.find(OTHER, ["a"]), cache.find(SPACE, [])]).toEqual([null, null, null]);
});

test("a model's folder goes with the last file in it, unless one is being written there", () => {
  const folder = temporaryFolder();
  const { cache } = cacheIn(folder);
  const [one, other] = [kept(cache, sequence("a")), kept(cache, sequence("x"), 1000, OTHER)];
  const coming = reserved(cache, 1000, OTHER);
  cache.clear();
  expect([existsSync(dirname(one)), existsSync(dirname(other))]).toEqual([false, true]);
  cache.drop(coming);
  expect(readdirSync(folder).filter((name) => !name.startsWith("index.sqlite"))).toEqual([]);
});

test("files outlive the server, those that are gone or changed do not", () => {
  const folder = temporaryFolder();
  const first = cacheIn(folder).cache;
  const good = kept(first, sequence("a"));
  const changed = kept(first, sequence("b"));
  first.close();
  writeFileSync(changed, "another");
  const { cache, warnings } = cacheIn(folder);
  expect([cache.find(SPACE, ["a"])?.path, cache.find(SPACE, ["b"]), cache.status().entries.length]).toEqual([good, null, 1]);
  expect(warnings).toEqual([]);
});

test("what a server left that was ended while it wrote is deleted, but not what another may be writing just now", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "tiny-1"));
  const [old, young] = ["old.kv", "young.kv"].map((name) => join(folder, "tiny-1", name));
  for (const path of [old!, young!]) writeFileSync(path, "left");
  utimesSync(old!, 1, 1);
  cacheIn(folder).cache.status();
  expect([existsSync(old!), existsSync(young!)]).toEqual([false, true]);
});

test("an index that cannot be opened knows no files, and none are deleted or written", () => {
  const folder = temporaryFolder();
  const { cache: before } = cacheIn(folder);
  const file = kept(before, sequence("a"), 1000, SPACE, true);
  before.close();
  utimesSync(file, 1, 1);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(folder, `index.sqlite${suffix}`), { force: true });
  mkdirSync(join(folder, "index.sqlite"));
  const { cache, warnings } = cacheIn(folder);
  expect([cache.find(SPACE, ["a"]), refusal(cache), cache.status().entries, existsSync(file)]).toEqual([null, "unusable", [], true]);
  expect(warnings).toEqual(["no prompt cache entries are kept: their file cannot be opened"]);
});

test("a folder that cannot be made is tried and warned of once", () => {
  const folder = join(temporaryFolder(), "file");
  writeFileSync(folder, "a file where the folder should be");
  const { cache, warnings } = cacheIn(folder);
  for (let search = 0; search < 10; search++) cache.find(SPACE, ["a"]);
  expect(warnings).toHaveLength(1);
});

test("a file takes the place of one of the same beginning, which may have been pinned, and of no shorter one", () => {
  const { cache } = cacheIn(temporaryFolder());
  const shorter = kept(cache, sequence("a"));
  const first = kept(cache, sequence("a", "b"), 1000, SPACE, true);
  const second = kept(cache, sequence("a", "b"));
  const elsewhere = kept(cache, sequence("a", "b"), 1000, OTHER);
  expect([shorter, first, second, elsewhere].map((path) => existsSync(path))).toEqual([true, false, true, true]);
  expect(cache.status().entries.map(({ model, tokens, pinned }) => [model, tokens, pinned])).toEqual([
    ["other", 69, false],
    [SPACE.model, 69, true],
    [SPACE.model, 37, false],
  ]);
});

test("a file that is pinned later goes as late as one that was pinned from the first", () => {
  const { cache } = cacheIn(temporaryFolder(), { bytesMax: 2000 });
  const path = kept(cache, sequence("p"));
  kept(cache, sequence("n"));
  cache.pin(path);
  kept(cache, sequence("o"));
  expect([there(path), cache.status().entries.map(({ pinned }) => pinned)]).toEqual([[true], [false, true]]);
});

test("the least used goes when there is too much, a pinned one last", () => {
  const { cache } = cacheIn(temporaryFolder(), { bytesMax: 3000 });
  const pinned = kept(cache, sequence("p"), 1000, SPACE, true);
  const used = kept(cache, sequence("u"));
  const unused = kept(cache, sequence("v"));
  cache.note({ kind: "hit", path: used, tokens: 32, msSaved: 10 });
  kept(cache, sequence("w"));
  expect([pinned, used, unused].map((path) => existsSync(path))).toEqual([true, true, false]);
  expect(cache.status()).toMatchObject({ bytes: 3000, hits: 1, tokensSaved: 32, msSaved: 10 });
});

test("what nobody used for long goes, pinned or not, unless it is pinned again", () => {
  const { cache, clock } = cacheIn(temporaryFolder());
  const pinned = kept(cache, sequence("p"), 1000, SPACE, true);
  const renewed = kept(cache, sequence("r"), 1000, SPACE, true);
  const old = kept(cache, sequence("o"));
  clock.nowMs += DAY_MS / 2;
  cache.pin(renewed);
  const young = kept(cache, sequence("y"));
  clock.nowMs += DAY_MS / 2 + 1;
  expect(["p", "r", "o", "y"].map((prefix) => cache.find(SPACE, [prefix])?.path)).toEqual([undefined, renewed, undefined, young]);
  expect(there(pinned, old)).toEqual([false, false]);
});

test("what is used while the clock is wrong, as before the network is there, gets no older by it", () => {
  const { cache, clock } = cacheIn(temporaryFolder());
  const [pinned, found] = [kept(cache, sequence("p"), 1000, SPACE, true), kept(cache, sequence("f"))];
  const rightMs = clock.nowMs;
  clock.nowMs = 0;
  cache.pin(pinned);
  cache.note({ kind: "hit", path: found, tokens: 1, msSaved: 1 });
  clock.nowMs = rightMs + 1;
  expect(["p", "f"].map((prefix) => cache.find(SPACE, [prefix])?.path)).toEqual([pinned, found]);
});

test("what is too old, or beyond a limit that was lowered, goes at the start, before anybody asks", () => {
  const folder = temporaryFolder();
  const { cache: before, clock } = cacheIn(folder);
  const old = kept(before, sequence("o"), 1000, SPACE, true);
  clock.nowMs += DAY_MS;
  const [less, more] = [kept(before, sequence("l")), kept(before, sequence("m"))];
  before.close();
  cacheIn(folder, { bytesMax: 1500, nowMs: () => clock.nowMs + 1 });
  expect(there(old, less, more)).toEqual([false, false, true]);
});

test("room is made before a file is written, not after it", () => {
  const { cache } = cacheIn(temporaryFolder(), { bytesMax: 3000 });
  const [one, two, three] = [kept(cache, sequence("a")), kept(cache, sequence("b")), kept(cache, sequence("c"))];
  reserved(cache, 1500);
  expect(there(one, two, three)).toEqual([false, false, true]);
});

test("a file that turns out larger than all may be is deleted, and no other", () => {
  const { cache } = cacheIn(temporaryFolder());
  const others = [kept(cache, sequence("p"), 1000, SPACE, true), kept(cache, sequence("a"))];
  for (const pinned of [false, true]) {
    const path = reserved(cache);
    writeFileSync(path, Buffer.alloc(10_001));
    expect(cache.add(SPACE, { path, sequence: sequence("x"), pinned })).toEqual({ bytes: 10_001, isKept: false });
    expect(there(path, ...others)).toEqual([false, true, true]);
  }
  expect(cache.status()).toMatchObject({ bytes: 2000, bytesWrittenToday: 22_002 });
});

test("what has no room beside the pinned files is not written, and where that is seen too late it goes alone", () => {
  const { cache } = cacheIn(temporaryFolder(), { bytesMax: 3000 });
  const others = [kept(cache, sequence("p"), 2000, SPACE, true), kept(cache, sequence("a"), 500)];
  expect([refusal(cache, 1001), refusal(cache, 1001, true)]).toEqual(["too_large", null]);
  expect(there(...others)).toEqual([false, false]);
  const pinned = kept(cache, sequence("p"), 2000, SPACE, true);
  const [chat, late] = [kept(cache, sequence("a"), 500), reserved(cache, 500)];
  writeFileSync(late, Buffer.alloc(1001));
  expect(cache.add(SPACE, { path: late, sequence: sequence("x"), pinned: false })?.isKept).toBe(false);
  expect(there(pinned, chat, late)).toEqual([true, true, false]);
});

test("a clock that is set back, or far ahead, stops nothing", () => {
  const { cache, clock, warnings } = cacheIn(temporaryFolder(), { bytesWrittenPerDayMax: 2500 });
  const found = () => ["a", "b", "c"].filter((prefix) => cache.find(SPACE, [prefix]) !== null);
  kept(cache, sequence("a"));
  clock.nowMs = 0;
  kept(cache, sequence("b"));
  const before = found();
  clock.nowMs = 20_000 * DAY_MS;
  kept(cache, sequence("c"));
  expect([before, found(), warnings]).toEqual([["a", "b"], ["c"], []]);
});

test("an index that is deleted with its folder is begun anew, and files are kept again", () => {
  const folder = join(temporaryFolder(), "prompts");
  const { cache, warnings } = cacheIn(folder);
  kept(cache, sequence("a"));
  rmSync(folder, { recursive: true });
  expect(cache.find(SPACE, ["a"])).toBeNull();
  kept(cache, sequence("b"));
  cache.close();
  expect([cacheIn(folder).cache.find(SPACE, ["b"])?.tokens, warnings]).toEqual([
    32,
    ["the file of prompt cache entries is gone, and a new one is begun"],
  ]);
});

test("no more is written on a day than may be", () => {
  const { cache, clock } = cacheIn(temporaryFolder(), { bytesWrittenPerDayMax: 2500 });
  kept(cache, sequence("a"));
  kept(cache, sequence("b"));
  expect([refusal(cache), cache.status().bytesWrittenToday]).toEqual(["daily_budget", 2000]);
  clock.nowMs += DAY_MS;
  expect(refusal(cache)).toBeNull();
});

test("nothing is written to a disk that is nearly full, which is said once", () => {
  let free = 70_000_000;
  const { cache, warnings } = cacheIn(temporaryFolder(), { freeBytes: () => free });
  const before = refusal(cache, 9000);
  free = 67_000_000;
  const full = [refusal(cache, 9000), refusal(cache, 9000)];
  free = 70_000_000;
  expect([before, full, refusal(cache, 9000)]).toEqual([null, ["disk_full", "disk_full"], null]);
  expect(warnings).toEqual(["no prompts are kept: the disk is nearly full"]);
});

test("on a disk that is nearly full the least used files make room for new ones, no more than it takes", () => {
  const lacking = { bytes: -1_000_000 };
  const { cache, warnings } = cacheIn(temporaryFolder(), { freeBytes: () => 64 * 1024 * 1024 - lacking.bytes });
  const pinned = kept(cache, sequence("p"), 1000, SPACE, true);
  const [old, less, more] = [kept(cache, sequence("o")), kept(cache, sequence("l")), kept(cache, sequence("m"))];
  lacking.bytes = 500;
  reserved(cache, 1000);
  expect([there(pinned, old, less, more), warnings]).toEqual([[true, false, false, true], []]);
  // What is pinned goes for what is to be pinned, and for nothing else.
  lacking.bytes = 1500;
  expect([refusal(cache), there(pinned, more)]).toEqual(["disk_full", [true, true]]);
  expect([refusal(cache, 500, true), there(pinned, more)]).toEqual([null, [false, false]]);
});

test("one that is larger than all may be is not written", () => {
  expect(refusal(cacheIn(temporaryFolder()).cache, 10_001)).toBe("too_large");
});

test("a library that wrote nothing leaves nothing behind", () => {
  const { cache } = cacheIn(temporaryFolder());
  const path = reserved(cache, 10);
  expect([cache.add(SPACE, { path, sequence: sequence("a"), pinned: false }), cache.find(SPACE, ["a"])]).toEqual([null, null]);
});

test("all files, or those of one model, are deleted when asked for", () => {
  const { cache } = cacheIn(temporaryFolder());
  const paths = [kept(cache, sequence("a")), kept(cache, sequence("b"), 1000, OTHER), kept(cache, sequence("c"))];
  expect([cache.clear("other"), paths.map((path) => existsSync(path))]).toEqual([1, [true, false, true]]);
  expect([cache.clear(), paths.map((path) => existsSync(path))]).toEqual([2, [false, false, false]]);
});

test("a model's files of other editions go, pinned or not, and those of other models stay", () => {
  const { cache } = cacheIn(temporaryFolder());
  const spaces = ["aa11", "aa22", "bb11"].map((key) => ({ model: SPACE.model, key }));
  const [base, adapted, stale] = spaces.map((space, index) => kept(cache, sequence(`${index}`), 1000, space, index === 2));
  const other = kept(cache, sequence("x"), 1000, { model: "other", key: "bb11" }, true);
  cache.retire(SPACE.model, "aa");
  expect(there(base!, adapted!, stale!, other)).toEqual([true, true, false, true]);
});

test("what was measured of a model outlives the server, and is that of one edition; an older index takes it in", () => {
  const folder = temporaryFolder();
  const rates = { prefillMsPerToken: 0.5, readMsPerByte: 5e-6, writeMsPerByte: null, bytesPerToken: 3088 };
  const { cache: before } = cacheIn(folder);
  kept(before, sequence("a"));
  before.close();
  const index = new Database(join(folder, "index.sqlite"));
  index.run("DROP TABLE rates");
  index.run("DROP TABLE spellings");
  index.close();
  const { cache: first, warnings } = cacheIn(folder);
  const unknown = first.ratesOf("tiny", "aa");
  first.keepRates("tiny", "aa", { ...rates, prefillMsPerToken: 9 });
  first.keepRates("tiny", "aa", rates);
  first.close();
  const { cache } = cacheIn(folder);
  expect([unknown, cache.ratesOf("tiny", "aa"), cache.ratesOf("tiny", "bb")]).toEqual([null, rates, null]);
  expect([cache.find(SPACE, ["a"])?.tokens, warnings]).toEqual([32, []]);
});

test("an index that cannot be read is set aside, and a new one begun", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "index.sqlite"), "no database at all, but long enough to look like one".repeat(40));
  const { cache, warnings } = cacheIn(folder);
  const path = kept(cache, sequence("a"));
  expect([cache.find(SPACE, ["a"])?.path, existsSync(join(folder, "index.sqlite.unusable")), warnings.length]).toEqual([path, true, 1]);
});

test("without room nothing is kept, and nothing touched", () => {
  const folder = join(temporaryFolder(), "none");
  const { cache, warnings } = cacheIn(folder, { bytesMax: 0 });
  expect([refusal(cache, 1), cache.find(SPACE, ["a"]), cache.clear(), existsSync(folder), warnings]).toEqual([
    "too_large",
    null,
    0,
    false,
    [],
  ]);
});

test("the token ids of what an edition's files hold are there as long as the files are: where they are too many, those that were used last", () => {
  const { cache } = cacheIn(temporaryFolder());
  const keptIn = (model: string, key: string, name: string) => kept(cache, sequence(name), 1000, { model, key });
  const first = keptIn("tiny", "aa1", "a");
  keptIn("tiny", "aa1", "b");
  const last = keptIn("tiny", "aa2", "c");
  keptIn("other", "aa1", "x");
  keptIn("tiny", "bb1", "y");
  cache.note({ kind: "hit", path: first, tokens: 32, msSaved: 1 });
  const idsOf = (tokensMax: number) => cache.sequencesOf("tiny", "aa", tokensMax);
  expect([idsOf(111), idsOf(110), idsOf(74)]).toEqual([
    ["b", "c", "a"],
    ["c", "a"],
    ["c", "a"],
  ]);
  cache.drop(last);
  expect(idsOf(1000)).toEqual(["b", "a"]);
});

test("what was said is not left in the index when its file is deleted", () => {
  const folder = temporaryFolder();
  const { cache } = cacheIn(folder);
  // More than a page of the index holds.
  const said = Array.from({ length: 5 }, (_, chat) => `chat${chat}:`.repeat(1000));
  for (const [chat, ids] of said.entries()) kept(cache, { ...sequence(`a${chat}`), ids });
  expect(cache.clear()).toBe(5);
  cache.close();
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  expect(said.filter((_, chat) => files.some((text) => text.includes(`chat${chat}:chat${chat}:`)))).toEqual([]);
});
