/** What the server knows of a model; one that is not there is pulled first, as `ollama run` does. */
import { AppError } from "../../core/errors.ts";
import type { ShownModel, StatusLine } from "../client/replies.ts";
import type { ServerClient } from "../client/server-client.ts";
import { didYouMean } from "../../config/nearest.ts";
import { modelsOf } from "../model-table.ts";
import { showLines } from "../status-lines.ts";
import type { Terminal } from "../terminal.ts";

/** The server's word for a name that nothing can be pulled by. */
const NOTHING_TO_PULL = "file does not exist";
const NAMES_SHOWN_MAX = 5;

/** Throws AppError not_found that names what is near, and what keeps a model from being pulled. */
export async function findModel(client: ServerClient, model: string, err: Terminal, signal: AbortSignal): Promise<ShownModel> {
  try {
    return await show(client, model, signal);
  } catch (thrown) {
    const missing = AppError.from(thrown);
    if (missing.code !== "not_found" || !missing.message.startsWith("model ")) throw thrown;
    await pullMissing(client, model, missing, err, signal);
    return show(client, model, signal);
  }
}

async function show(client: ServerClient, model: string, signal: AbortSignal): Promise<ShownModel> {
  return client.post<ShownModel>("/api/show", { model }, { signal });
}

async function pullMissing(client: ServerClient, model: string, missing: AppError, err: Terminal, signal: AbortSignal): Promise<void> {
  try {
    await showLines(client.stream<StatusLine>("/api/pull", { model }, signal), err);
  } catch (thrown) {
    const { message } = AppError.from(thrown);
    if (!message.includes(NOTHING_TO_PULL)) throw thrown;
    throw new AppError("not_found", `${missing.message}${await nearest(client, model, missing.message)}`, { cause: thrown });
  }
}

/** The name that was meant; else names that are here, unless the server has said them already. */
async function nearest(client: ServerClient, model: string, said: string): Promise<string> {
  const { models, unrunnable } = await modelsOf(client);
  const names = [...models.map(({ name }) => name.replace(/:latest$/, "")), ...unrunnable.map(({ id }) => id)];
  const stop = said.endsWith(".") ? "" : ".";
  const hint = didYouMean(model, names);
  if (hint !== "") return `${stop}${hint}`;
  return names.length === 0 || /not found\. \S/.test(said) ? "" : `${stop} Available: ${names.slice(0, NAMES_SHOWN_MAX).join(", ")}.`;
}
