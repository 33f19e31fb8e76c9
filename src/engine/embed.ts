/** From a batch of texts to their vectors: one turn for all of them, and what can be refused is refused before the first is computed. */
import { AppError, cancellation } from "../core/errors.ts";
import type { GenerationInput } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { WorkObserver } from "../core/observation.ts";
import {
  CONTEXT_RESERVE_TOKENS,
  type PreparedPrompt,
  type PromptRequest,
  type RuntimeCapabilities,
  type RuntimeSlot,
} from "../core/runtime.ts";
import type { TurnQueue } from "../scheduler/turn-queue.ts";
import { normalised, shortened } from "./vectors.ts";

/** A text, which goes to the model without a template, or token ids. */
export type EmbeddingInput = Extract<GenerationInput, { kind: "completion" | "tokens" }>;

/** One request for the vectors of some texts. */
export interface EmbeddingRequest {
  readonly id: string;
  /** The name the client used; "" asks for the default model. */
  readonly model: string;
  readonly inputs: readonly EmbeddingInput[];
  /** Length of the vectors; absent: as the model makes them. */
  readonly dimensions?: number;
  /** As for answers. */
  readonly keepAliveMs?: number;
  readonly client?: string;
  /** How the dialect names an input in errors: `input[3]`. */
  nameOf(index: number): string;
}

/** How a request came to its turn. */
export interface Queued {
  /** As in Generation. */
  readonly queuePosition: number;
  /** How long it waited for its turn, ms. */
  readonly queueMs: number;
}

/** Vectors of length 1, in the order of the inputs. */
export interface Embeddings extends Queued {
  readonly model: ModelDescriptor;
  readonly vectors: readonly Float32Array[];
  /** Tokens of each input. */
  readonly tokens: readonly number[];
  /** How long it took until the model was there, ms. */
  readonly loadMs: number;
}

/** What a batch is computed with. */
export interface EmbeddingPlace {
  readonly model: ModelDescriptor;
  readonly slot: RuntimeSlot;
  readonly queue: TurnQueue;
  /** Who asks. */
  readonly client: string;
  /** How long it has waited for the model's place, ms. */
  readonly waitedMs: number;
  readonly work: WorkObserver;
  readonly signal: AbortSignal;
}

/** Prompts of which each makes one vector. */
interface PromptBatch {
  readonly prompts: readonly PromptRequest[];
  /** The vectors are the logits of these tokens; absent: embeddings. */
  readonly logitsOf?: readonly [number, number];
  nameOf(index: number): string;
  /** Looks at a vector when it comes; what it throws ends the batch. */
  readonly finish?: (vector: Float32Array) => Float32Array;
}

/**
 * Computes a batch.
 * @throws AppError queue_full, cancelled, context_length_exceeded and invalid_request with the input's name, unsupported_parameter for
 * `dimensions`, runtime_error, engine_lost
 */
export async function embedBatch(request: EmbeddingRequest, place: EmbeddingPlace): Promise<Omit<Embeddings, "loadMs">> {
  const { inputs, dimensions, nameOf } = request;
  const prompts = inputs.map((input): PromptRequest => ({ input, reasoning: { mode: "auto" }, endOfText: true }));
  const finish = (vector: Float32Array): Float32Array =>
    normalised(dimensions === undefined ? vector : shortened(vector, dimensions, place.model));
  return { model: place.model, ...(await runBatch({ prompts, nameOf, finish }, place)) };
}

/** Computes the vectors of prompts, which are all prepared and checked first, in one turn. Throws AppError as `embedBatch` does. */
export async function runBatch(batch: PromptBatch, place: EmbeddingPlace): Promise<Omit<Embeddings, "model" | "loadMs">> {
  const { model, slot, work, signal } = place;
  const { logitsOf, nameOf, finish = (vector) => vector } = batch;
  const askedMs = performance.now();
  const turn = place.queue.take(place.client, signal, place.waitedMs);
  const prompts: PreparedPrompt[] = [];
  let next = 0;
  try {
    for (const [index, request] of batch.prompts.entries()) {
      if (signal.aborted) throw cancellation(signal);
      const prompt = await prepare(slot, request, nameOf(index));
      prompts.push(prompt);
      checkLength(prompt, slot.capabilities, nameOf(index));
    }
    const queuePosition = turn.position;
    work.prepared(
      prompts.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      queuePosition,
    );
    turn.ready(null);
    await turn.granted;
    const queueMs = performance.now() - askedMs;
    work.granted();
    const adapter = model.adapted?.adapter;
    const how = { ...(adapter === undefined ? {} : { adapter }), ...(logitsOf === undefined ? {} : { logitsOf }) };
    const vectors: Float32Array[] = [];
    for (const { promptId } of prompts) {
      next++;
      vectors.push(finish(await slot.embed({ promptId, ...how }, signal)));
    }
    return { vectors, tokens: prompts.map((prompt) => prompt.promptTokens), queuePosition, queueMs };
  } finally {
    for (const { promptId } of prompts.slice(next)) slot.discard(promptId);
    turn.release();
  }
}

async function prepare(slot: RuntimeSlot, request: PromptRequest, field: string): Promise<PreparedPrompt> {
  try {
    return await slot.prepare(request);
  } catch (thrown) {
    const error = AppError.from(thrown);
    const ofInput = error.code === "invalid_request" || error.code === "context_length_exceeded";
    // Of many texts one is at fault.
    throw ofInput ? new AppError(error.code, `${field}: ${error.message}`, { details: { ...error.details, field }, cause: error }) : error;
  }
}

/** Nothing is generated: what the runtime keeps for itself is all the room that is needed. */
function checkLength({ promptTokens }: PreparedPrompt, capabilities: RuntimeCapabilities, field: string): void {
  const { contextTokens, contextReserveTokens = CONTEXT_RESERVE_TOKENS } = capabilities;
  if (promptTokens <= contextTokens - contextReserveTokens) return;
  throw new AppError(
    "context_length_exceeded",
    `${field} has ${promptTokens} tokens, but the model's context holds ${contextTokens}, of which the runtime keeps ${contextReserveTokens}`,
    { details: { promptTokens, contextTokens, contextReserveTokens, field } },
  );
}
