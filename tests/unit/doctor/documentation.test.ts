import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readText, sources } from "../../tidy/repository.ts";

test("docs/doctor.md explains every check, and none that does not exist", () => {
  const code = [...sources("src/doctor"), "src/checkup.ts"].map(readText).join("\n");
  const made = [...code.matchAll(/\b(?:ok|warning|failure|portFinding)\(\s*"([a-z-]+)"/g)].map(([, check = ""]) => check);
  const page = readFileSync(join(import.meta.dir, "../../../docs/doctor.md"), "utf8");
  const told = [...page.matchAll(/^\| `([a-z-]+)`/gm)].map(([, check = ""]) => check);
  const byName = (a: string, b: string) => a.localeCompare(b, "en");
  expect(told.toSorted(byName)).toEqual([...new Set(made)].toSorted(byName));
});
