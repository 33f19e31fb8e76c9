/** From a batch of texts to their vectors: one turn for all of them, and what can be refused is refused before the first is computed. */
import { AppError, cancellation } from "../core/errors.ts";
import type { GenerationInput } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { CONTEXT_RESERVE_TOKENS, type PreparedPrompt, type RuntimeSlot } from "../core/runtime.ts";
import type { TurnQueue } from "../scheduler/turn-queue.ts";
import { normalised, shortened } from "./vectors.ts";

/** A text, which goes to the model without a template, or token ids. */
export type EmbeddingInput = Exclude<GenerationInput, { kind: "chat" }>;

/** One request for the vectors of some texts. */
export interface EmbeddingRequest {
  readonly id: string;
  /** The name the client used; "" asks for the default model. */
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  /** Length of the vectors; absent: as the model makes them. */
  readonly dimensions?: number;
  /** How the dialect names an input in errors: `input[3]`. */
  nameOf(index: number): string;
}

/** Vectors of length 1, in the order of the inputs. */
export interface Embeddings {
  readonly model: ModelDescriptor;
  readonly vectors: readonly Float32Array[];
  /** Tokens of each input. */
  readonly tokens: readonly number[];
}

/** What a batch is computed with. */
interface EmbeddingPlace {
  readonly model: ModelDescriptor;
  readonly slot: RuntimeSlot;
  readonly queue: TurnQueue;
  readonly signal: AbortSignal;
}

/**
 * Computes a batch.
 * @throws AppError queue_full, cancelled, context_length_exceeded and invalid_request with the input's name, unsupported_parameter for
 * `dimensions`, runtime_error, engine_lost
 */
export async function embedBatch(request: EmbeddingRequest, place: EmbeddingPlace): Promise<Embeddings> {
  const { model, slot, signal } = place;
  const turn = place.queue.take(signal);
  const prompts: PreparedPrompt[] = [];
  let next = 0;
  try {
    for (const [index, input] of request.inputs.entries()) {
      if (signal.aborted) throw cancellation(signal);
      const prompt = await prepare(slot, input, request.nameOf(index));
      prompts.push(prompt);
      checkLength(prompt, slot.capabilities.contextTokens, request.nameOf(index));
    }
    await turn.granted;
    const adapter = model.adapted?.adapter;
    const vectors: Float32Array[] = [];
    for (const { promptId } of prompts) {
      next++;
      const whole = await slot.embed({ promptId, ...(adapter === undefined ? {} : { adapter }) }, signal);
      vectors.push(normalised(request.dimensions === undefined ? whole : shortened(whole, request.dimensions, model)));
    }
    return { model, vectors, tokens: prompts.map((prompt) => prompt.promptTokens) };
  } finally {
    for (const { promptId } of prompts.slice(next)) slot.discard(promptId);
    turn.release();
  }
}

async function prepare(slot: RuntimeSlot, input: EmbeddingInput, field: string): Promise<PreparedPrompt> {
  try {
    return await slot.prepare({ input, reasoning: { mode: "auto" }, endOfText: true });
  } catch (thrown) {
    const error = AppError.from(thrown);
    const ofInput = error.code === "invalid_request" || error.code === "context_length_exceeded";
    throw ofInput ? new AppError(error.code, error.message, { details: { ...error.details, field }, cause: error }) : error;
  }
}

/** Nothing is generated: what the runtime keeps for itself is all the room that is needed. */
function checkLength({ promptTokens }: PreparedPrompt, contextTokens: number, field: string): void {
  if (promptTokens <= contextTokens - CONTEXT_RESERVE_TOKENS) return;
  throw new AppError(
    "context_length_exceeded",
    `${field} has ${promptTokens} tokens, but the model's context holds ${contextTokens}, of which the runtime keeps ${CONTEXT_RESERVE_TOKENS}`,
    { details: { promptTokens, contextTokens, field } },
  );
}
