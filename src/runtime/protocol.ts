/**
 * What gateway and engine host say to each other: plain data, the same over a process's IPC channel and inside one process.
 *
 *   gateway -> host   open, then prepare / discard / run / embed / abort / inspect / ping in any order, then close
 *   host -> gateway   opened or failed, then one answer per prepare and inspect, and per member of a run any number of text and one ended or
 *                     run_failed, and when all have that and the library has returned, idle; embed is a run that brings one vector in place
 *                     of text
 *
 * A prompt is prepared once and stays in the host; `promptId` is the gateway's number for it and for the run it becomes.
 */
import type { TemplateSources } from "../chat/template-source.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { Sampling } from "../core/generation.ts";
import type { HashedSequence, WrittenSequence } from "../core/prompt-cache.ts";
import type { Adapter, ModelFormat, ModelSidecars, Pooling } from "../core/model.ts";
import type {
  BatchTerms,
  EmbeddingRun,
  Inspected,
  Inspection,
  PreparedPrompt,
  PromptRequest,
  Run,
  RunStats,
  RuntimeCapabilities,
} from "../core/runtime.ts";
import type { RuntimeFindings } from "../core/runtime-findings.ts";
import type { NativeAssets } from "./native/assets.ts";

/** Which library to open: our CPU runtime, compiled in the host, or a shared library by path. */
export type LibrarySpec =
  { readonly kind: "built-in"; readonly version: string } | { readonly kind: "file"; readonly path: string; readonly version: string };

/** The values a model is opened with (RKLLMParam), resolved: nothing is optional any more. */
export interface OpenOptions {
  /** Tokens; not above the model's limit. */
  readonly contextTokens: number;
  /** The sampling a 1.2 library keeps for every run. */
  readonly sampling: Sampling;
  readonly nKeep: number;
  readonly skipSpecialToken: boolean;
  readonly baseDomainId: number;
  readonly embedFlash: boolean;
  readonly cpuCount: number;
  readonly cpuMask: number;
  /** n_batch: prompts that may run together. */
  readonly lanes: number;
  /** What a lane without a prompt is given where others have one: nothing, if the library takes that, or a single token whose answer nobody reads. */
  readonly idleLane: "nothing" | "token";
  /** Prompts are kept on disk: beginnings of sequences are to be told by their hashes. */
  readonly hashesPrompts: boolean;
}

/** The model, as far as the host needs to know it. */
export interface HostModel {
  readonly id: string;
  readonly path: string;
  readonly format: ModelFormat;
  readonly family: string;
  readonly sidecars: ModelSidecars;
  /** Jinja texts of the model's own chat template; null where it brings none. Untrusted: they are run in the host only. */
  readonly chatTemplate: TemplateSources | null;
  readonly pooling: Pooling;
}

/** Everything a host needs to open a model. */
export interface OpenSpec {
  readonly model: HostModel;
  readonly library: LibrarySpec;
  readonly assets: NativeAssets;
  readonly options: OpenOptions;
  /** What is known of this library with this model. */
  readonly findings?: RuntimeFindings;
  /** Token ids (WrittenSequence) of conversations that earlier hosts have written to files. */
  readonly sequences?: readonly string[];
}

/** What the gateway asks of a host. */
export type HostCommand =
  | { readonly kind: "open"; readonly spec: OpenSpec }
  | ({ readonly kind: "prepare"; readonly promptId: number } & PromptRequest)
  | { readonly kind: "discard"; readonly promptId: number }
  | ({ readonly kind: "run"; readonly members: readonly Run[] } & BatchTerms)
  | ({ readonly kind: "embed" } & EmbeddingRun)
  | { readonly kind: "abort"; readonly promptId: number }
  /** What the first lane holds goes to a file, or comes from one. Between runs only. */
  | { readonly kind: "save_prompt"; readonly path: string }
  | { readonly kind: "load_prompt"; readonly path: string; readonly adapter?: Adapter }
  | { readonly kind: "inspect"; readonly inspectionId: number; readonly question: Inspection }
  | { readonly kind: "ping" }
  | { readonly kind: "close" };

/** What a host tells the gateway. */
export type HostEvent =
  | { readonly kind: "opened"; readonly capabilities: RuntimeCapabilities }
  | { readonly kind: "open_failed"; readonly error: ErrorRecord }
  | { readonly kind: "prepared"; readonly prompt: PreparedPrompt }
  | { readonly kind: "refused"; readonly promptId: number; readonly error: ErrorRecord }
  | { readonly kind: "text"; readonly promptId: number; readonly text: string; readonly tokens: number }
  | {
      readonly kind: "ended";
      readonly promptId: number;
      readonly reason: "stop" | "length" | "aborted";
      readonly stats: RunStats;
      /** Tokens that have gone down the token line: the answer has not ended before they have come. Absent: none. */
      readonly told?: number;
    }
  | { readonly kind: "run_failed"; readonly promptId: number; readonly error: ErrorRecord; readonly told?: number }
  /** What the first lane holds now; null where nobody knows. */
  | { readonly kind: "idle"; readonly held: HashedSequence | null }
  /** null: nothing was written. */
  | { readonly kind: "prompt_saved"; readonly saved: WrittenSequence | null }
  | { readonly kind: "prompt_loaded"; readonly loaded: boolean }
  /** Nothing more is wanted of what runs, and rkllm_abort was called for it; it comes before the end of the last that was aborted. */
  | { readonly kind: "abort_called" }
  /** The floats as base64, little-endian. */
  | { readonly kind: "vector"; readonly promptId: number; readonly vector: string }
  | { readonly kind: "inspected"; readonly inspectionId: number; readonly answer: Inspected }
  | { readonly kind: "inspection_failed"; readonly inspectionId: number; readonly error: ErrorRecord }
  | { readonly kind: "pong" }
  | { readonly kind: "closed" };

/**
 * The file that the host in a process of its own has the token line on. Frames go down it from the result callback itself, as they come: 32 bits
 * of promptId, 32 of the text's length in bytes, little-endian, and the text. One frame is one token, whose text may end inside a character.
 */
export const TOKEN_LINE_FILE = 3;

/** The line that a host in a process of its own prints when its model is open: what stands before it was said while the model loaded. */
export const LOADED_MARK = "\u001e loaded";
