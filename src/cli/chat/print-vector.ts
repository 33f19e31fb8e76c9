/** What `run` does with a model for embeddings: it prints the vector of the prompt. */
import { AppError } from "../../core/errors.ts";
import type { ServerClient } from "../client/server-client.ts";
import type { CommandContext } from "../command-context.ts";

/** Prints it as JSON; with --json the whole reply. Throws AppError. */
export async function printVector(
  client: ServerClient,
  { words: [model = ""], flags, out }: CommandContext,
  prompt: string,
  signal: AbortSignal,
): Promise<void> {
  if (prompt === "") throw new AppError("config_invalid", `${model} makes vectors of texts: run ${model} "<text>"`);
  const { dimensions, truncate, keepalive } = flags;
  const length = dimensions === undefined ? undefined : Number(dimensions);
  if (length !== undefined && !(Number.isInteger(length) && length > 0)) {
    throw new AppError("config_invalid", `${dimensions ?? ""}: --dimensions takes a whole number above 0.`);
  }
  const body = {
    model,
    input: prompt,
    ...(length === undefined ? {} : { dimensions: length }),
    ...(truncate === undefined ? {} : { truncate: truncate !== "false" }),
    ...(keepalive === undefined ? {} : { keep_alive: keepalive }),
  };
  const reply = await client.post<{ readonly embeddings: readonly (readonly number[])[] }>("/api/embed", body, { signal });
  out.write(`${JSON.stringify("json" in flags ? reply : reply.embeddings[0])}\n`);
}
