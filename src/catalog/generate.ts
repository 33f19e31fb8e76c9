/** Writes the tables in docs/models.md: `bun run docs:models`. */
import { join } from "node:path";
import { MODELS_PAGE, withModelTables } from "./models-page.ts";

const file = Bun.file(join(import.meta.dir, "../..", MODELS_PAGE));
await file.write(withModelTables(await file.text()));
