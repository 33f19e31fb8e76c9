/** The models of a server, as a table: `list`, and `/list` in a chat. */
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import { alignedLines } from "./aligned-lines.ts";
import type { AvailableModel, ListedModel } from "./client/replies.ts";
import type { ServerClient } from "./client/server-client.ts";
import { relativeTime } from "./relative-time.ts";

/** Characters of a digest that tell models apart. */
export const ID_LENGTH = 12;

/** Models that run, newest first, and those that do not. */
interface Models {
  readonly models: readonly ListedModel[];
  readonly unrunnable: readonly AvailableModel[];
}

/** All models of a server. Only ours says which cannot run. */
export async function modelsOf(client: ServerClient): Promise<Models> {
  const { models } = await client.get<{ readonly models: readonly ListedModel[] }>("/api/tags");
  try {
    const { data } = await client.get<{ readonly data: readonly AvailableModel[] }>("/v1/models/available");
    return { models, unrunnable: data.filter(({ runnable }) => !runnable) };
  } catch (thrown) {
    if (AppError.from(thrown).code === "internal") throw thrown;
    return { models, unrunnable: [] };
  }
}

/** A table for people. Where some cannot run it has a column for that, and below it the reasons, each once. */
export function modelTable({ models, unrunnable }: Models, nowMs: number): string {
  const reasons = [...new Set(unrunnable.map(({ unrunnable_reason: reason }) => reason ?? "It cannot run here."))];
  const rows = [
    ["NAME", "ID", "SIZE", "MODIFIED", "RUNS HERE"],
    ...models.map(({ name, digest, size, modified_at: modified }) => [
      name,
      digest.slice(0, ID_LENGTH),
      formatBytes(size),
      relativeTime(modified, nowMs),
      "yes",
    ]),
    ...unrunnable.map(({ id, bytes, unrunnable_reason: reason }) => [
      id,
      "-",
      formatBytes(bytes),
      "-",
      `no (${reasons.indexOf(reason ?? "It cannot run here.") + 1})`,
    ]),
  ];
  if (reasons.length === 0) return alignedLines(rows.map((row) => row.slice(0, -1))).join("\n");
  return [...alignedLines(rows), "", ...reasons.map((reason, index) => `(${index + 1}) ${reason}`)].join("\n");
}
