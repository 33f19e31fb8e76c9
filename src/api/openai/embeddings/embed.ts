/** POST /v1/embeddings: from the body to the canonical request, and from vectors to the reply. */
import type { EmbeddingInput, EmbeddingRequest, Embeddings } from "../../../engine/embed.ts";
import type { JsonObject } from "../../dialect.ts";
import { present } from "../../schema.ts";
import { refuseValue } from "../sampling-schema.ts";
import { type EmbeddingBody, INPUTS_MAX } from "./schema.ts";

/** Pure. Throws AppError invalid_request that names the field. */
export function decodeEmbedding(id: string, body: EmbeddingBody): EmbeddingRequest {
  const { input } = body;
  const single = typeof input === "string" || input.every((item) => typeof item === "number");
  const nameOf = (index: number): string => (single ? "input" : `input[${index}]`);
  const inputs = inputsOf(input);
  if (inputs.length > INPUTS_MAX) refuseValue("input", `must hold at most ${INPUTS_MAX} texts, and holds ${inputs.length}.`);
  for (const [index, each] of inputs.entries()) {
    if (isEmpty(each)) refuseValue(nameOf(index), "must not be empty.");
  }
  return { ...present<Omit<EmbeddingRequest, "nameOf">>({ id, model: body.model ?? "", inputs, dimensions: body.dimensions }), nameOf };
}

function inputsOf(input: EmbeddingBody["input"]): EmbeddingInput[] {
  if (typeof input === "string") return [{ kind: "completion", prompt: input }];
  const ids = input.filter((item) => typeof item === "number");
  if (ids.length === input.length) return [{ kind: "tokens", ids }];
  return input.map((item, index) => {
    if (typeof item === "string") return { kind: "completion", prompt: item };
    return typeof item === "number"
      ? refuseValue(`input[${index}]`, "must be a string or an array, as the other items are.")
      : { kind: "tokens", ids: item };
  });
}

function isEmpty(input: EmbeddingInput): boolean {
  return input.kind === "completion" ? input.prompt === "" : input.ids.length === 0;
}

/** The reply. */
export function embeddingList({ model, vectors, tokens }: Embeddings, format: "float" | "base64"): JsonObject {
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: format === "float" ? [...vector] : base64(vector),
    })),
    model: model.id,
    usage: tokenUsage(tokens),
  };
}

/** Nothing is generated: all tokens are the prompts'. */
export function tokenUsage(tokens: readonly number[]): JsonObject {
  const total = tokens.reduce((sum, count) => sum + count, 0);
  return { prompt_tokens: total, total_tokens: total };
}

/** Little-endian on every machine that this runs on. */
function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}
