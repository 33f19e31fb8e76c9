/** Loads models at the start, before anybody asks for them. */
import { AppError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";

/**
 * Loads models one after another: they would only take the storage from one another. Never throws: a model that cannot be loaded is
 * reported and left out. Ends when the engine closes.
 */
export async function preload(engine: Engine, names: readonly string[], onFault: (name: string, error: AppError) => void): Promise<void> {
  for (const name of names) {
    try {
      await engine.load(name, {}, new AbortController().signal);
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.code === "shutting_down") return;
      onFault(name, error);
    }
  }
}
