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
  return { path, libraries, open: () => new LibraryRefusals(path) };
}

test("a library that refused a model is remembered, also after a restart", () => {
  const { libraries, open } = stage();
  const refusals = open();
  refusals.note(MODEL, libraries, []);
  expect([refusals.of(MODEL), open().of(MODEL)]).toEqual([libraries, libraries]);
  expect(refusals.of({ ...MODEL, path: "/models/b.rkllm" })).toEqual([]);
});

test("it gets another chance when the weights change, or the library", () => {
  const { libraries, open } = stage();
  open().note(MODEL, libraries, []);
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
  open().note(MODEL, [first], [second]);
  open().note(MODEL, [], [second]);
  expect(open().of(MODEL)).toEqual([first]);
  open().note(MODEL, [second], ["/c.so"]);
  expect(open().of(MODEL)).toEqual([first, second]);
  open().note(MODEL, [], [first]);
  expect(open().of(MODEL)).toEqual([second]);
});

test("a file that is damaged or cannot be written costs no more than finding out again", () => {
  const { path, libraries, open } = stage();
  open().note(MODEL, libraries, []);
  writeFileSync(path, "{");
  expect(open().of(MODEL)).toEqual([]);
  const unwritable = new LibraryRefusals("/proc/nowhere/refusals.json");
  unwritable.note(MODEL, libraries, []);
  expect(unwritable.of(MODEL)).toEqual(libraries);
});
