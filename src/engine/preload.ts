/** What is done at the start, before anybody asks for it. */
import { AppError } from "../core/errors.ts";
import type { GenerationRequest } from "../core/generation.ts";
import type { Engine } from "./engine.ts";

/** A model that is wanted from the start, and the system prompts that its conversations will begin with. */
export interface Wanted {
  readonly model: string;
  readonly systemPrompts: readonly string[];
}

/**
 * Loads models one after another (they would only take the storage from one another) and computes what is to be kept for them. Never throws: what
 * cannot be done is reported and left out. Ends when the engine closes.
 */
export async function preload(engine: Engine, wanted: readonly Wanted[], onFault: (name: string, error: AppError) => void): Promise<void> {
  const { signal } = new AbortController();
  for (const { model, systemPrompts } of wanted) {
    const warmUps = systemPrompts.map((text) => async () => engine.warm(openingOf(model, text), signal));
    for (const step of warmUps.length === 0 ? [async () => engine.load(model, {}, signal)] : warmUps) {
      try {
        await step();
      } catch (thrown) {
        const error = AppError.from(thrown);
        if (error.code === "shutting_down") return;
        onFault(model, error);
        // What is wrong with one prompt, such as being too short, says nothing of the next; what is wrong with the model does.
        if (error.code !== "invalid_request") break;
      }
    }
  }
}

/** A conversation that has only begun. */
function openingOf(model: string, text: string): GenerationRequest {
  const input = { kind: "chat", messages: [{ role: "system", content: text }], tools: [] } as const;
  return { id: "preload", model, input, reasoning: { mode: "auto" }, sampling: {}, stop: [] };
}
