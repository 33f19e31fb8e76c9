import { expect, test } from "bun:test";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LibraryRefusals } from "../../../src/store/library-refusals.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const MODEL = { path: "/models/a.rkllm", bytes: 10, modifiedMs: 1 };

/** Two libraries, and the file that remembers. */
function stage() {
  const folder = temporaryFolder();
  const libraries = ["a.so", "b.so"].map((name) => join(folder, name));
  for (const path of libraries) writeFileSync(path, "library");
  const path = join(folder, "cache/refusals.json");
  return { path, libraries, open: (nowMs?: () => number) => new LibraryRefusals(path, nowMs) };
}

/** Libraries that said no, or (`mayPass`) were lost over it. */
const failed = (paths: readonly string[], mayPass = false) => paths.map((path) => ({ path, mayPass }));

test("a library that refused a model is remembered, also after a restart", () => {
  const { libraries, open } = stage();
  const refusals = open();
  refusals.note(MODEL, failed(libraries), []);
  expect([refusals.of(MODEL), open().of(MODEL)]).toEqual([libraries, libraries]);
  expect(refusals.of({ ...MODEL, path: "/models/b.rkllm" })).toEqual([]);
});

test("it gets another chance when the weights change, or the library", () => {
  const { libraries, open } = stage();
  open().note(MODEL, failed(libraries), []);
  expect(open().of({ ...MODEL, bytes: 11 })).toEqual([]);
  expect(open().of({ ...MODEL, modifiedMs: 2 })).toEqual([]);
  utimesSync(libraries[0]!, 1, 1);
  writeFileSync(libraries[1]!, "another library");
  expect(open().of(MODEL)).toEqual([]);
});

test("it stays remembered while another opens the model, and is forgotten when it opens the model itself", () => {
  const { path, libraries, open } = stage();
  const [first, second] = libraries as [string, string];
  open().note(MODEL, [], [first]);
  expect(existsSync(path)).toBe(false);
  open().note(MODEL, failed([first]), [second]);
  open().note(MODEL, [], [second]);
  expect(open().of(MODEL)).toEqual([first]);
  open().note(MODEL, failed([second]), ["/c.so"]);
  expect(open().of(MODEL)).toEqual([first, second]);
  open().note(MODEL, [], [first]);
  expect(open().of(MODEL)).toEqual([second]);
});

test("one that crashed or hung gets another chance after a day, though the clock was set meanwhile, one that said no does not", () => {
  const { libraries, open } = stage();
  const [crashed, refusing] = libraries as [string, string];
  const dayMs = 86_400_000;
  const at = (nowMs: number) => open(() => nowMs);
  at(10 * dayMs).note(MODEL, [...failed([crashed], true), ...failed([refusing])], []);
  expect(at(11 * dayMs - 1).of(MODEL)).toEqual([crashed, refusing]);
  expect([at(11 * dayMs).of(MODEL), at(0).of(MODEL)]).toEqual([[refusing], [refusing]]);
  at(12 * dayMs).note(MODEL, failed([crashed], true), []);
  expect(at(12 * dayMs).of(MODEL)).toEqual([refusing, crashed]);
});

test("a file that is damaged or cannot be written costs no more than finding out again", () => {
  const { path, libraries, open } = stage();
  open().note(MODEL, failed(libraries), []);
  writeFileSync(path, "{");
  expect(open().of(MODEL)).toEqual([]);
  const unwritable = new LibraryRefusals("/proc/nowhere/refusals.json");
  unwritable.note(MODEL, failed(libraries), []);
  expect(unwritable.of(MODEL)).toEqual(libraries);
});
