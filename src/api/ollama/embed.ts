/** POST /api/embed and /api/embeddings: from bodies to vectors. */
import { AppError } from "../../core/errors.ts";
import { CONTEXT_RESERVE_TOKENS, INSPECTED_BYTES_MAX } from "../../core/runtime.ts";
import type { EmbeddingInput, EmbeddingRequest, Embeddings } from "../../engine/embed.ts";
import type { Engine } from "../../engine/engine.ts";
import { normalised } from "../../engine/vectors.ts";
import type { RequestScope } from "../context.ts";

/** Most texts of one request. */
const INPUTS_MAX = 2048;

/** The texts to embed; none for a call that only loads. Throws AppError invalid_request. */
export function embedTexts(input: unknown): readonly string[] {
  if (input === undefined || input === null || input === "") return [];
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (!texts.every((text) => typeof text === "string")) throw invalid("invalid input type");
  if (texts.length > INPUTS_MAX) throw invalid(`"input" must hold at most ${INPUTS_MAX} texts, and holds ${texts.length}`);
  return texts;
}

function invalid(message: string): AppError {
  return new AppError("invalid_request", message, { details: { field: "input", fault: "value" } });
}

/** The engine's request for some texts. */
export function embeddingRequest(
  { id, client }: Pick<RequestScope, "id" | "client">,
  model: string,
  texts: readonly string[],
  keepAliveMs: number | undefined,
): EmbeddingRequest {
  return {
    id,
    client,
    model,
    inputs: texts.map((prompt): EmbeddingInput => ({ kind: "completion", prompt })),
    nameOf: (index) => (texts.length === 1 ? "input" : `input[${index}]`),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
  };
}

/** Computes the vectors; a text that is too long is cut to the context. Throws AppError as the engine does. */
export async function embedCut(engine: Engine, request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings> {
  try {
    return await engine.embed(request, signal);
  } catch (thrown) {
    const { code, details } = AppError.from(thrown);
    if (code !== "context_length_exceeded" || details.contextTokens === undefined) throw thrown;
    const tokensMax = details.contextTokens - (details.contextReserveTokens ?? CONTEXT_RESERVE_TOKENS);
    const inputs: EmbeddingInput[] = [];
    for (const input of request.inputs) inputs.push(await cut(engine, request.model, input, tokensMax, signal));
    return engine.embed({ ...request, inputs }, signal);
  }
}

/** The input where it fits; else as many of its tokens as do, between those that the model wants around a text. */
async function cut(engine: Engine, model: string, input: EmbeddingInput, tokensMax: number, signal: AbortSignal): Promise<EmbeddingInput> {
  // No token is shorter than a byte.
  if (input.kind !== "completion" || Buffer.byteLength(input.prompt) < tokensMax) return input;
  const text = beginning(input.prompt, Math.min(tokensMax * BYTES_PER_TOKEN_MAX, INSPECTED_BYTES_MAX));
  const tokens = async (addSpecial: boolean): Promise<readonly number[]> =>
    (await engine.tokenize(model, text, { addSpecial, parseSpecial: false, pieces: false }, signal)).ids ?? [];
  const whole = await tokens(true);
  if (whole.length <= tokensMax && text.length === input.prompt.length) return input;
  const bare = await tokens(false);
  const front = whole.length - bare.length === 1 && whole[0] === bare[0] ? 0 : Math.min(1, whole.length - bare.length);
  const behind = whole.slice(front + bare.length);
  const kept = bare.slice(0, tokensMax - front - behind.length);
  if (kept.length === 0) throw invalid("input after truncation exceeds maximum context length");
  return { kind: "tokens", ids: [...whole.slice(0, front), ...kept, ...behind] };
}

/** The beginning of a text is enough to cut it: tokens are no longer than this on average, but for runs of blanks in vocabularies for code. */
const BYTES_PER_TOKEN_MAX = 64;

/** As many whole characters as so many bytes hold. */
function beginning(text: string, bytesMax: number): string {
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(bytesMax)).read);
}

/** A vector as long as was asked for; lengths that it does not have are passed over. */
export function shortenedVector(vector: Float32Array, dimensions: number): Float32Array {
  return dimensions > 0 && dimensions < vector.length ? normalised(vector.slice(0, dimensions)) : vector;
}
