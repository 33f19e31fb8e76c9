/** Writes the tables in docs/api/: `bun run docs:api`. */
import { join } from "node:path";
import { API_PAGES, withTables } from "./document.ts";

const ROOT = join(import.meta.dir, "../..");

for (const path of API_PAGES) {
  const file = Bun.file(join(ROOT, path));
  await file.write(withTables(await file.text()));
}
