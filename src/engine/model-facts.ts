/** What a model can do, as its template and its vocabulary show it, without loading it. */
import { stat } from "node:fs/promises";
import { type GgufFile, openGguf } from "../catalog/gguf.ts";
import { tokensAmong } from "../catalog/gguf-vocabulary.ts";
import { builtinSourceFor, TURN_MARKERS } from "../chat/builtin-templates.ts";
import { INFILL_TOKENS, infillPrompt } from "../chat/infill.ts";
import { findOutputFormat } from "../chat/output-format.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { readSmallText, TOKENIZER_BYTES_MAX } from "../core/small-file.ts";
import { readChatTemplate } from "./model-template.ts";

/** `insert`: it fills in the middle. `tools`: its template knows functions; others are told of them in words (docs/prompting.md). */
export type Capability = "completion" | "tools" | "insert" | "thinking" | "embedding";

/** What is known of a model beside its descriptor. */
export interface ModelFacts {
  readonly model: ModelDescriptor;
  /** In the order of the type. */
  readonly capabilities: readonly Capability[];
  /** The Jinja text of the chat template: the model's own, or the one of ours that it is given. */
  readonly template: string;
  /** Length of its vectors; absent where the file does not tell. */
  readonly embeddingLength?: number;
  /** Number of weights; absent where it cannot be counted. */
  readonly parameterCount?: number;
  /** Longest context that a request can have, tokens. */
  readonly contextTokens: number;
}

/** Everything of it that the model's files alone decide. */
type FileFacts = Pick<ModelFacts, "capabilities" | "template" | "embeddingLength" | "parameterCount">;

/** Words by which a template that knows functions can be told. */
const TOOL_WORDS = /\btools\b/;
/** Models whose facts are remembered. */
const REMEMBERED_MAX = 500;

/** Reads facts of models, and remembers them as long as their files stay as they are. */
export class FactsReader {
  readonly #contextTokensOf: (model: ModelDescriptor) => number;
  readonly #known = new Map<string, FileFacts>();

  /** @param contextTokensOf The context that a model is opened with. */
  constructor(contextTokensOf: (model: ModelDescriptor) => number) {
    this.#contextTokensOf = contextTokensOf;
  }

  /** Throws AppError model_file_invalid for a file that cannot be read. */
  async read(model: ModelDescriptor): Promise<ModelFacts> {
    const base = model.adapted?.base ?? model;
    const key = await editionOf(base);
    const facts = this.#known.get(key) ?? (await readFacts(base));
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(key, facts);
    return { model, ...facts, capabilities: withSaid(facts.capabilities, model), contextTokens: this.#contextTokensOf(model) };
  }
}

/** What the files show, and what a person says beside that. */
function withSaid(shown: readonly Capability[], { tools }: ModelDescriptor): readonly Capability[] {
  return tools !== true || !shown.includes("completion") || shown.includes("tools") ? shown : shown.toSpliced(1, 0, "tools");
}

/** Changes when one of the files does that facts are read from. */
async function editionOf({ path, bytes, modifiedMs, sidecars, embedding, template }: ModelDescriptor): Promise<string> {
  const beside = [sidecars.chatTemplate, sidecars.tokenizerConfig, sidecars.tokenizer].filter((file) => file !== undefined);
  const times = await Promise.all(beside.map(async (file) => (await stat(file).catch(() => null))?.mtimeMs ?? 0));
  return JSON.stringify([path, bytes, modifiedMs, beside, times, embedding?.pooling, template]);
}

async function readFacts(model: ModelDescriptor): Promise<FileFacts> {
  const gguf = model.format === "gguf" ? openGguf(model.path) : null;
  const tokens = await knownTokens(model, gguf);
  const own = await readChatTemplate(model);
  const template = own?.text ?? builtinSourceFor(model.family, { controlTokens: tokens.filter((token) => TURN_MARKERS.includes(token)) });
  const embeddingLength = gguf?.number(`${gguf.architecture}.embedding_length`) ?? model.embeddingLength;
  return {
    capabilities: capabilitiesOf(model, [template, own?.toolUseText ?? ""], tokens),
    template,
    ...(embeddingLength === undefined ? {} : { embeddingLength }),
    ...(gguf === null || gguf.tensors.length === 0 ? {} : { parameterCount: weightsOf(gguf.tensors) }),
  };
}

function weightsOf(tensors: GgufFile["tensors"]): number {
  return tensors.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
}

function capabilitiesOf({ embedding }: ModelDescriptor, templates: readonly string[], tokens: readonly string[]): readonly Capability[] {
  if (embedding !== undefined) return ["embedding"];
  const all: readonly (readonly [Capability, boolean])[] = [
    ["completion", true],
    ["tools", templates.some((template) => TOOL_WORDS.test(template))],
    ["insert", infillPrompt(tokens, "a", "b") !== null],
    ["thinking", templates.some((template) => findOutputFormat(template, "").reasoning !== null)],
  ];
  return all.flatMap(([capability, has]) => (has ? [capability] : []));
}

/** Those tokens of the model that tell something about it. A model without a vocabulary may have any turn markers and cannot fill in. */
async function knownTokens(model: ModelDescriptor, gguf: GgufFile | null): Promise<readonly string[]> {
  const asked = [...TURN_MARKERS, ...INFILL_TOKENS];
  if (gguf !== null) return tokensAmong(gguf, asked);
  const { tokenizer } = model.sidecars;
  if (tokenizer === undefined) return TURN_MARKERS;
  const text = await readSmallText(tokenizer, TOKENIZER_BYTES_MAX);
  return asked.filter((token) => text.includes(`"${token}"`) || text.includes(escaped(token)));
}

/** As JSON that holds only ASCII spells it. */
function escaped(token: string): string {
  const units = token.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${units}"`;
}
