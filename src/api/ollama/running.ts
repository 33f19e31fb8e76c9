/** The list of GET /api/ps. */
import type { Engine, LoadingModel, ModelStatus } from "../../engine/engine.ts";
import type { JsonObject } from "../dialect.ts";
import { digestOf, displayName, modelDetails, readableFacts } from "./models.ts";

/** Ollama's word for ever: the longest duration it knows, 292 years. Its command line shows more than 20 as "Forever". */
const FOREVER_MS = 292 * 365.25 * 24 * 3600 * 1000;

/**
 * The models that are loaded or loading, the one that stays longest first: who unloads what runs has to find a model that is still on its
 * way. One whose file is gone has nothing left to be shown with.
 */
export async function runningList(engine: Engine, nowMs: number): Promise<JsonObject> {
  const { models, loading } = engine.status();
  const expiryOf = (status: ModelStatus | LoadingModel): number => status.expiresAtMs ?? nowMs + FOREVER_MS;
  const longestFirst = [...models, ...loading].toSorted((a, b) => expiryOf(b) - expiryOf(a));
  const known = await engine.models();
  const entries = longestFirst.map(async (status) => {
    const model = known.find(({ id }) => id === status.id);
    const facts = model === undefined ? null : await readableFacts(engine, model);
    if (model === undefined || facts === null) return [];
    const name = displayName(model);
    const size = status.memoryBytes ?? model.bytes;
    return [
      {
        name,
        model: name,
        size,
        digest: digestOf(model),
        details: modelDetails(facts),
        expires_at: new Date(expiryOf(status)).toISOString(),
        size_vram: model.format === "rkllm" ? size : 0,
        context_length: "contextTokens" in status ? status.contextTokens : facts.contextTokens,
      },
    ];
  });
  return { models: (await Promise.all(entries)).flat() };
}
