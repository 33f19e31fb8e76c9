/** The `list` command: the models, and why some cannot run. */
import { existsSync } from "node:fs";
import { connect } from "./client/connect.ts";
import type { CommandContext } from "./command-context.ts";
import { modelsOf, modelTable } from "./model-table.ts";
import { textFor } from "./terminal.ts";

/** Prints the models whose names begin with the prefix. @returns the exit status 0, also where there are none */
export async function listCommand({ words: [prefix = ""], flags, loaded, environment, out, err }: CommandContext): Promise<number> {
  await using connection = await connect(loaded, environment);
  const all = await modelsOf(connection.client);
  const begins = (name: string): boolean => name.toLowerCase().startsWith(prefix.toLowerCase());
  const models = all.models.filter(({ name }) => begins(name));
  const unrunnable = all.unrunnable.filter(({ id }) => begins(id));
  if ("json" in flags) {
    const reasons = unrunnable.map(({ id, bytes, unrunnable_reason }) => ({ name: id, size: bytes, reason: unrunnable_reason ?? "" }));
    out.write(`${JSON.stringify({ models, unrunnable: reasons }, null, 2)}\n`);
    return 0;
  }
  out.write(textFor(out, `${modelTable({ models, unrunnable }, Date.now())}\n`));
  if (all.models.length + all.unrunnable.length === 0) {
    err.write(`${emptyText(connection.isOwn ? loaded.config.server.models_dir : [])}\n`);
  }
  return 0;
}

/** Why there is no model, and what to do. The folders are known where the server is in this process. */
function emptyText(modelsDirs: readonly string[]): string {
  const missing = modelsDirs.filter((dir) => !existsSync(dir)).map((dir) => `There is no folder ${dir}.`);
  const [first] = modelsDirs;
  const put = first === undefined ? "." : `, or put a .gguf or .rkllm file into ${first}.`;
  return [...missing, `There is no model yet. Get one with "rockchip-llama pull qwen3:0.6b"${put}`].join(" ");
}
