/** Scores of documents against a query: a reranker's judgement, or the likeness of vectors where the model is none. */
import { AppError, assert } from "../core/errors.ts";
import type { ChatInput } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { PromptRequest, RuntimeSlot } from "../core/runtime.ts";
import { embedBatch, type EmbeddingPlace, type Queued, runBatch } from "./embed.ts";
import { cosine } from "./vectors.ts";

/** One request to score documents. */
export interface RerankRequest {
  readonly id: string;
  /** The name the client used; "" asks for the default model. */
  readonly model: string;
  readonly query: string;
  readonly documents: readonly string[];
  /** What a document should do for the query, for models that judge; absent: answer it. */
  readonly instruction?: string;
  /** As for answers. */
  readonly client?: string;
  /** How the dialect names the query (-1) and the documents in errors. */
  nameOf(index: number): string;
}

/** Scores in the order of the documents. */
export interface Ranking extends Queued {
  readonly model: ModelDescriptor;
  /** Of a model that judges: the probability of yes against no. Otherwise the cosine of the vectors. */
  readonly scores: readonly number[];
  /** Tokens of all that was read. */
  readonly tokens: readonly number[];
}

/** Throws AppError as `embedBatch` does. */
export async function rerank(request: RerankRequest, place: EmbeddingPlace): Promise<Ranking> {
  return place.model.judges === true ? judge(request, place) : compare(request, place);
}

async function compare({ id, model, query, documents, nameOf }: RerankRequest, place: EmbeddingPlace): Promise<Ranking> {
  const inputs = [query, ...documents].map((prompt) => ({ kind: "completion", prompt }) as const);
  const { vectors, ...rest } = await embedBatch({ id, model, inputs, nameOf: (index) => nameOf(index - 1) }, place);
  const [first, ...others] = vectors;
  assert(first !== undefined, "a batch has a vector for each input");
  return { ...rest, scores: others.map((vector) => cosine(first, vector)) };
}

async function judge({ query, documents, instruction, nameOf }: RerankRequest, place: EmbeddingPlace): Promise<Ranking> {
  const logitsOf = [await wordId(place, "yes"), await wordId(place, "no")] as const;
  const prompts = documents.map((document) => judgement(query, document, instruction ?? INSTRUCTION));
  const { vectors, ...rest } = await runBatch({ prompts, logitsOf, nameOf }, place);
  return { model: place.model, ...rest, scores: vectors.map(([yes = 0, no = 0]) => 1 / (1 + Math.exp(no - yes))) };
}

/** source: the model card of Qwen3-Reranker */
const INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query";
const SYSTEM =
  "Judge whether the Document meets the requirements based on the Query and the Instruct provided. " +
  'Note that the answer can only be "yes" or "no".';

function judgement(query: string, document: string, instruction: string): PromptRequest {
  const content = `<Instruct>: ${instruction}\n<Query>: ${query}\n<Document>: ${document}`;
  const input: ChatInput = {
    kind: "chat",
    messages: [
      { role: "system", content: SYSTEM },
      { role: "user", content },
    ],
    tools: [],
  };
  return { input, reasoning: { mode: "off" } };
}

async function wordId({ slot, model }: { readonly slot: RuntimeSlot; readonly model: ModelDescriptor }, word: string): Promise<number> {
  const { ids } = await slot.inspect({ kind: "text", text: word, addSpecial: false, parseSpecial: false, pieces: false });
  const [id, ...others] = ids ?? [];
  if (id !== undefined && others.length === 0) return id;
  throw new AppError("model_not_runnable", `The model ${model.id} cannot judge documents: "${word}" is no token of its vocabulary`);
}
