import { expect, test } from "bun:test";
import { join } from "node:path";
import { kvBytesOf, SHORT_CONTEXTS } from "../../../src/catalog/short-contexts.ts";
import { MODELS_PAGE, withModelTables } from "../../../src/catalog/models-page.ts";

test("the tables of docs/models.md are what bun run docs:models writes", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../..", MODELS_PAGE)).text();
  expect(withModelTables(page)).toBe(page);
  // All are there.
  expect(page.match(/<!-- (?:short names|speeds|contexts|published) -->\n\n\| /g)).toHaveLength(4);
});

test("a file of the prompt cache was as large as the table of contexts says of its model", () => {
  const { tokensMax, ...shape } = SHORT_CONTEXTS["smollm2:135m"]!;
  // Measured: 21,004,764 bytes for 911 tokens, which also hold ids and a head (docs/performance.md).
  expect([tokensMax, Math.round(21_004_764 / 911 / kvBytesOf({ tokensMax, ...shape }))]).toEqual([8192, 1]);
});
