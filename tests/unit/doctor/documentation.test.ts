import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { QUESTIONS } from "../../../src/runtime/probe/questions.ts";
import { readText, sources } from "../../tidy/repository.ts";

const PROBE_HEADING = "\n## Ask the library\n";
const [CHECKS = "", PROBE = ""] = readFileSync(join(import.meta.dir, "../../../docs/doctor.md"), "utf8").split(PROBE_HEADING);

/** First cells of the rows of tables, in order. */
function namesIn(page: string): string[] {
  return [...page.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, name = ""]) => name);
}

test("docs/doctor.md explains every question of --probe, in the order in which they are asked", () => {
  const asked = QUESTIONS.filter(({ beside }) => beside !== true).map(({ id }) => id);
  expect(namesIn(PROBE)).toEqual(asked.filter((id) => id !== "batch-4" && id !== "batch-8"));
});

test("docs/doctor.md explains every check, and none that does not exist", () => {
  const code = [...sources("src/doctor"), "src/checkup.ts"].map(readText).join("\n");
  const made = [...code.matchAll(/\b(?:ok|warning|failure|portFinding)\(\s*"([a-z-]+)"/g)].map(([, check = ""]) => check);
  const told = namesIn(CHECKS);
  const byName = (a: string, b: string) => a.localeCompare(b, "en");
  expect(told.toSorted(byName)).toEqual([...new Set(made)].toSorted(byName));
});
