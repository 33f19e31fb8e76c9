/** The `list` command: the models of this machine, and why some cannot run on it. */
import { existsSync } from "node:fs";
import { openConfiguredCatalog } from "../app.ts";
import { readBoardSoc } from "../catalog/board-soc.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ServerConfig } from "../config/server-schema.ts";
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { alignedLines } from "./aligned-lines.ts";

/** Prints the models, the default one first. @returns the exit status 0, also where there are none. */
export async function listCommand(config: ServerConfig): Promise<number> {
  const catalog = openConfiguredCatalog(config, await readBoardSoc());
  const models = await catalog.list();
  console.log(models.length === 0 ? await emptyText(catalog, config.models_dir) : modelTable(models));
  return 0;
}

/** Why there is no model, and what to do. */
async function emptyText(catalog: Catalog, modelsDirs: readonly string[]): Promise<string> {
  const missing = modelsDirs.filter((dir) => !existsSync(dir)).map((dir) => `There is no folder ${dir}.`);
  const why = await catalog.resolve("").catch((thrown: unknown) => AppError.from(thrown).message);
  return typeof why === "string" ? [...missing, why].join(" ") : `${why.id} has just come.`;
}

/** Models as a table for people; below it the reasons, each once, why some cannot run. */
export function modelTable(models: readonly ModelDescriptor[]): string {
  const head = ["NAME", "SIZE", "CONTEXT", "QUANTIZATION", "FORMAT", "SOC", "RUNS HERE"];
  const reasons = [...new Set(models.map((model) => model.unrunnableReason).filter((reason) => reason !== undefined))];
  const rows = models.map((model) => [
    model.id,
    formatBytes(model.bytes),
    model.contextTokensMax.toLocaleString("en"),
    model.quantization || "-",
    model.format,
    model.soc ?? "-",
    model.unrunnableReason === undefined ? "yes" : `no (${reasons.indexOf(model.unrunnableReason) + 1})`,
  ]);
  return [
    ...alignedLines([head, ...rows]),
    ...(reasons.length === 0 ? [] : [""]),
    ...reasons.map((reason, index) => `(${index + 1}) ${reason}`),
  ].join("\n");
}
