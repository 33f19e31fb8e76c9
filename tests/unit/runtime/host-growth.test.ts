import { expect, test } from "bun:test";
import { HostGrowth } from "../../../src/runtime/host-growth.ts";

/** Memory after each run, bytes, none of it of files; and what is said of it. */
function noteAll(growth: HostGrowth, residents: readonly number[]) {
  return residents.map((residentBytes) => growth.note({ residentBytes, fileBytes: 0 })?.grownBytes ?? null);
}

test("a host has grown when it takes more than it took after its first runs", () => {
  expect(noteAll(new HostGrowth(100), [10, 500, 1000, 1100, 1101, 1200])).toEqual([null, null, null, null, 101, 200]);
});

test("what a host gives back counts again when it takes it again", () => {
  expect(noteAll(new HostGrowth(100), [10, 10, 1000, 900, 1001])).toEqual([null, null, null, null, 101]);
});

test("pages of files do not count: the system can take them back", () => {
  const growth = new HostGrowth(100);
  const notes = [0, 0, 0, 900].map((fileBytes) => growth.note({ residentBytes: 1000 + fileBytes, fileBytes }));
  expect(notes).toEqual([null, null, null, null]);
});

test("a host may grow without end where that is asked for, and where nobody can tell its memory", () => {
  expect(noteAll(new HostGrowth(0), [1, 1, 1, 1e12])).toEqual([null, null, null, null]);
  const growth = new HostGrowth(100);
  expect([null, null, null, null].map((memory) => growth.note(memory))).toEqual([null, null, null, null]);
});
