/** What can be done to the models of this machine, and the port behind which it is done. */
import type { ChatMessage } from "./generation.ts";

/** What a model is to be made from. Names and contents are as a client sent them, unchecked. */
export interface ModelRecipe {
  readonly name: string;
  /** A model that exists, or that can be pulled. */
  readonly from?: string;
  /** Weights and what lies beside them: SHA-256 of what was uploaded, by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** LoRA adapters in the same form. */
  readonly adapters: Readonly<Record<string, string>>;
  /** Jinja, or one of the Go templates that can be understood. */
  readonly template?: string;
  readonly system?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly messages?: readonly ChatMessage[];
  readonly licenses: readonly string[];
  /** What lists say of it, where the file does not know better. */
  readonly facts: {
    readonly contextTokensMax?: number;
    readonly family?: string;
    readonly parameterSize?: string;
    readonly quantization?: string;
    /** What it can do beside what its files show. */
    readonly capabilities?: "tools"[];
  };
}

/** What happens meanwhile, as Ollama streams it. With `digest` it belongs to the bar of that file. */
export interface LibraryProgress {
  readonly status: string;
  /** `sha256:` and 64 hex digits; absent where it is not known beforehand. */
  readonly digest?: string;
  /** Bytes. */
  readonly total?: number;
  readonly completed?: number;
}

/** Is told of it. */
export type OnLibraryProgress = (progress: LibraryProgress) => void;

/** Makes, gets and deletes models. Names are looked up or checked; none becomes a path as it is. */
export interface ModelLibrary {
  /** The last progress of one that went well is "success", here and with `pull`. Throws AppError invalid_request, model_not_found, not_found, download_failed, cancelled. */
  create(recipe: ModelRecipe, onProgress: OnLibraryProgress, signal: AbortSignal): Promise<void>;
  /** Gives a model a second name. Throws AppError model_not_found, invalid_request. */
  copy(source: string, destination: string): Promise<void>;
  /** Unloads a model and deletes its files. Throws AppError model_not_found, and invalid_request for one that must stay. */
  remove(name: string): Promise<void>;
  /** Gets a model from the hub. Throws AppError not_found, invalid_request, download_failed (what came is kept for the next time), cancelled. */
  pull(name: string, onProgress: OnLibraryProgress, signal: AbortSignal): Promise<void>;
  /** Whether a file of this SHA-256 need not be uploaded. Throws AppError invalid_request for what is no digest. */
  hasBlob(digest: string): Promise<boolean>;
  /**
   * Keeps what was uploaded until a model is made of it, or for a day.
   * @param bytes its size where it is known
   * @returns false: it was there already, and nothing was read. Throws AppError invalid_request, body_too_large, cancelled.
   */
  putBlob(digest: string, body: AsyncIterable<Uint8Array>, bytes: number | null, signal: AbortSignal): Promise<boolean>;
}
