import { expect, test } from "bun:test";
import { join } from "node:path";
import { MODELS_PAGE, withModelTables } from "../../../src/catalog/models-page.ts";

test("the tables of docs/models.md are what bun run docs:models writes", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../..", MODELS_PAGE)).text();
  expect(withModelTables(page)).toBe(page);
  // Both are there.
  expect(page.match(/<!-- (?:short names|speeds) -->\n\n\| /g)).toHaveLength(2);
});
