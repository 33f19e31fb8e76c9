import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FindingsFile } from "../../../src/store/findings-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const KEY = { library: "1.3.0 abc", model: { bytes: 100, modifiedMs: 5 } };
const FINDINGS = { batchMax: 4, promptCache: { works: true, loadAfterAbort: false } };
const AT = new Date("2026-01-02T03:04:05Z");

test("findings are kept per library and model, also for another process, and newer ones take the place of older ones", () => {
  const folder = join(temporaryFolder(), "cache");
  const file = new FindingsFile(folder);
  expect(file.findingsOf(KEY)).toEqual({});
  expect(file.keep(KEY, { batchMax: 1 }, AT)).toBeNull();
  expect(file.keep({ ...KEY, library: "1.2.3 abc" }, { batchMax: 2 }, AT)).toBeNull();
  const other = new FindingsFile(folder);
  expect(other.findingsOf(KEY)).toEqual({ batchMax: 1 });
  expect(file.keep(KEY, FINDINGS, AT)).toBeNull();
  expect(other.findingsOf(KEY)).toEqual(FINDINGS);
  expect(other.findingsOf({ ...KEY, library: "1.2.3 abc" })).toEqual({ batchMax: 2 });
  expect(other.findingsOf({ ...KEY, library: "1.3.0 def" })).toEqual({});
});

test("a model is the same by its digest, or by its size and time", () => {
  const file = new FindingsFile(temporaryFolder());
  file.keep({ ...KEY, model: { bytes: 100, modifiedMs: 5, digest: "d" } }, FINDINGS, AT);
  const found = (model: typeof KEY.model & { digest?: string }) => file.findingsOf({ ...KEY, model });
  expect(found({ bytes: 100, modifiedMs: 5 })).toEqual(FINDINGS);
  expect(found({ bytes: 100, modifiedMs: 6, digest: "d" })).toEqual(FINDINGS);
  expect(found({ bytes: 100, modifiedMs: 6, digest: "e" })).toEqual({});
  expect(found({ bytes: 101, modifiedMs: 5 })).toEqual({});
});

test.each([
  ["no JSON", "{"],
  ["another version", JSON.stringify({ version: 2, entries: [{ ...KEY, findings: FINDINGS }] })],
  ["no list", JSON.stringify({ version: 1, entries: {} })],
  ["entries of another kind", JSON.stringify({ version: 1, entries: [null, 3, { library: "1.3.0 abc" }, { ...KEY, findings: null }] })],
])("a file that is %s counts as none, and is written over", (_, text) => {
  const file = new FindingsFile(temporaryFolder());
  writeFileSync(file.path, text);
  expect(file.findingsOf(KEY)).toEqual({});
  expect(file.keep(KEY, FINDINGS, AT)).toBeNull();
  expect(file.findingsOf(KEY)).toEqual(FINDINGS);
});

test("values that make no sense are left out, the others hold", () => {
  const file = new FindingsFile(temporaryFolder());
  const findings = {
    batchMax: 1.5,
    contextReserveTokens: -1,
    contextStepTokens: 0,
    openMs: 12.5,
    abortStopsPrefill: "no",
    vectorsNeedEmptyCache: false,
    promptCache: { works: 1 },
  };
  writeFileSync(file.path, JSON.stringify({ version: 1, entries: [{ ...KEY, findings, at: 3 }] }));
  expect(file.findingsOf(KEY)).toEqual({ openMs: 12.5, vectorsNeedEmptyCache: false });
});

test("a folder that cannot be written to is said, and nothing fails", () => {
  const folder = temporaryFolder();
  const blocked = new FindingsFile(join(folder, "file", "cache"));
  writeFileSync(join(folder, "file"), "");
  expect(blocked.findingsOf(KEY)).toEqual({});
  expect(blocked.keep(KEY, FINDINGS, AT)).toContain("ENOTDIR");
  const closed = join(folder, "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  if (process.getuid?.() !== 0) expect(new FindingsFile(closed).keep(KEY, FINDINGS, AT)).toContain("EACCES");
});

test("no more than a hundred are kept, the newest", () => {
  const file = new FindingsFile(temporaryFolder());
  for (let bytes = 0; bytes < 103; bytes++) file.keep({ ...KEY, model: { bytes, modifiedMs: 1 } }, FINDINGS, AT);
  const { entries } = JSON.parse(readFileSync(file.path, "utf8")) as { entries: { model: { bytes: number } }[] };
  expect([entries.length, entries[0]?.model.bytes]).toEqual([100, 3]);
});
