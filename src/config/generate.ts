/** Writes docs/config.md, the default configuration files and their JSON Schemas: `bun src/config/generate.ts`. */
import { join } from "node:path";
import { configDocuments } from "./document.ts";

const ROOT = join(import.meta.dir, "../..");

await Promise.all(Object.entries(configDocuments()).map(([path, text]) => Bun.write(join(ROOT, path), text)));
