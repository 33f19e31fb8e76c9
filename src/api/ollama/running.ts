/** The list of GET /api/ps. */
import type { Engine, ModelStatus } from "../../engine/engine.ts";
import type { JsonObject } from "../dialect.ts";
import { digestOf, displayName, modelDetails } from "./models.ts";

/** Ollama's word for ever: the longest duration it knows, 292 years. Its command line shows more than 20 as "Forever". */
const FOREVER_MS = 292 * 365.25 * 24 * 3600 * 1000;

/** The loaded models, the one that stays longest first. One whose file is gone has nothing left to be shown with. */
export async function runningList(engine: Engine, nowMs: number): Promise<JsonObject> {
  const expiryOf = (status: ModelStatus): number => status.expiresAtMs ?? nowMs + FOREVER_MS;
  const longestFirst = engine.status().models.toSorted((a, b) => expiryOf(b) - expiryOf(a));
  const known = await engine.models();
  const entries = longestFirst.map(async (status) => {
    const model = known.find(({ id }) => id === status.id);
    if (model === undefined) return [];
    const name = displayName(model);
    const size = status.memoryBytes ?? status.bytes;
    return [
      {
        name,
        model: name,
        size,
        digest: digestOf(model),
        details: modelDetails(await engine.facts(model)),
        expires_at: new Date(expiryOf(status)).toISOString(),
        size_vram: model.format === "rkllm" ? size : 0,
        context_length: status.contextTokens,
      },
    ];
  });
  return { models: (await Promise.all(entries)).flat() };
}
