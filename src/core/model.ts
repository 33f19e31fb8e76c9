/** What is known of a model before it is opened. */
import type { ChatMessage } from "./generation.ts";

/** SoCs with an NPU that runs .rkllm files (RKLLM SDK manual 1.3.0). */
export const SOCS = ["rk3588", "rk3576", "rk3562", "rv1126b"] as const;

/** One of them. */
export type Soc = (typeof SOCS)[number];

/** How the hidden states of a text's tokens become its one vector: the last token's, or the mean of all. */
export type Pooling = "last" | "mean";

/** What makes a model one for embeddings. */
export interface EmbeddingTraits {
  readonly pooling: Pooling;
  /** It was trained so that the beginning of a vector is a shorter vector of the same text. */
  readonly shortens: boolean;
}

/** File format; it decides, once, which runtime library opens the model. */
export type ModelFormat = "gguf" | "rkllm";

/** Files beside the weights, by absolute path. */
export interface ModelSidecars {
  readonly tokenizer?: string;
  readonly tokenizerConfig?: string;
  readonly chatTemplate?: string;
  readonly generationConfig?: string;
  /** config.json of the original model. */
  readonly config?: string;
}

/** What a runtime said of a model, and of itself, while it loaded the model; what it did not say is absent. */
export interface LoadFacts {
  /** Longest context that the file allows, tokens. */
  readonly contextTokensMax?: number;
  /** NPU cores that the file was converted for. */
  readonly npuCores?: number;
  /** `w8a8_g128`, as file names have it. */
  readonly quantization?: string;
  readonly soc?: Soc;
  /** RKLLM toolkit that converted the file. */
  readonly toolkitVersion?: string;
  readonly runtimeVersion?: string;
  readonly driverVersion?: string;
}

/** A LoRA adapter: it changes the weights of an open model for the runs that ask for it. */
export interface Adapter {
  /** Its own name, lower case: `pirate`. */
  readonly name: string;
  /** Absolute path of its file. */
  readonly path: string;
  /** How strongly it changes the weights; 1 as it was trained. */
  readonly scale: number;
  /** Changes when the file does. */
  readonly edition: string;
}

/** What a model is asked with, and runs with, where a request is silent. */
export interface ModelPreset {
  /** Stands in front of conversations that have no system message of their own; "" is none. */
  readonly system: string;
  /** Turns between the system message and the conversation. */
  readonly messages: readonly ChatMessage[];
  /** As people write them: sampling options by their names in SAMPLING_NAMES, `num_predict`, `num_ctx`, `stop`, and others that have no effect. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly licenses: readonly string[];
}

/** One model of the catalog: weights, weights with an adapter, or either with a preset of its own. */
export interface ModelDescriptor {
  /** Friendly name and the id in every API: lower case, `qwen3-0.6b`. Unique in the catalog. */
  readonly id: string;
  /** Other names that resolve to it, lower case: `qwen3:0.6b`, the file's stem, its file name. */
  readonly aliases: readonly string[];
  /** Absolute path of the weights. */
  readonly path: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  /** File's modification time, ms since the epoch. */
  readonly modifiedMs: number;
  /** Longest context the file allows, tokens, as far as it is known. */
  readonly contextTokensMax: number;
  /** What a token takes in the KV cache; absent where the file does not tell. */
  readonly kvBytesPerToken?: number;
  /** `qwen3`, `llama`, `gemma3`; "unknown" where nothing tells. */
  readonly family: string;
  /** `0.6B`, or "" where unknown. */
  readonly parameterSize: string;
  /** `w8a8`, `Q4_1`, or "" where unknown. */
  readonly quantization: string;
  /** The SoC a .rkllm was converted for. */
  readonly soc?: Soc;
  /** RKLLM version in the file's name, or as the runtime read it in the file: a minimum hint, not a requirement. */
  readonly toolkitVersion?: string;
  /** NPU cores that a .rkllm was converted for; absent until it has been loaded once. */
  readonly npuCores?: number;
  /** Length of its vectors, where a file beside the weights tells it. */
  readonly embeddingLength?: number;
  readonly sidecars: ModelSidecars;
  /** A person says that it can call functions, whatever its template shows. */
  readonly tools?: true;
  /** Set for a model with an adapter. What is not said of the adapter's own file, `path` included, is the base's. */
  readonly adapted?: { readonly base: ModelDescriptor; readonly adapter: Adapter };
  /** Chat template (Jinja) in place of the one that comes with the weights. */
  readonly template?: string;
  /** Absent where there is nothing in it. */
  readonly preset?: ModelPreset;
  /** Set for a model that shares the weights of another. */
  readonly derived?: {
    /** The model it was made from, by id; as it is written there where that does not exist. */
    readonly parent: string;
    /** How many manifests lie between it and the weights, its own included. */
    readonly depth: number;
    /** What is opened for it: the model with the weights, which has its own template where this one has. */
    readonly opens: ModelDescriptor;
    /** Absolute path of the model.json that makes it. */
    readonly manifestPath: string;
  };
  /** SHA-256 of the weights as `pull` wrote it down, of weights that are not newer than that. */
  readonly sha256?: string;
  /** Tells what the model is made of from all else, 64 hex digits: the SHA-256 of the weights where nothing is added to them. Absent until it is known. */
  readonly digest?: string;
  /** Absent for models that were not made for embeddings; the last token's hidden state is then what there is. */
  readonly embedding?: EmbeddingTraits;
  /** It comes with the program: the default only where there is no other. */
  readonly builtin?: true;
  /** It was made to judge whether a document answers a query, by the words yes and no. */
  readonly judges?: true;
  /** Why this machine cannot run it, as a sentence with the fix; absent when it can. */
  readonly unrunnableReason?: string;
}
