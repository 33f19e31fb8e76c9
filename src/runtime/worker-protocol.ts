/** What a host's main thread and the Worker that owns its handle say to each other. */
import type { ErrorRecord } from "../core/errors.ts";
import type { Sampling } from "../core/generation.ts";
import type { Adapter } from "../core/model.ts";
import type { RuntimeFindings } from "../core/runtime-findings.ts";
import type { OpenOptions } from "./protocol.ts";

/** What a call on the lanes reads and writes. It stays until the Worker has answered. */
interface LanesMemory {
  readonly userdata: number;
  /** Address of one RKLLMInput for each lane. */
  readonly input: number;
  /** Some of them are text, rendered already. */
  readonly hasText: boolean;
}

/** A call on the lanes. */
export type LanesCall =
  | {
      readonly kind: "run";
      readonly run: number;
      readonly tokensMax: number;
      readonly sampling: Sampling;
      readonly adapter?: Adapter;
      /** A file that the library writes what its KV cache holds to. */
      readonly savePath?: string;
    }
  | { readonly kind: "embed"; readonly run: number; readonly mode: "lastHiddenLayer" | "logits"; readonly adapter?: Adapter };

/** What the main thread asks of the Worker: one thing at a time. */
export type WorkerCommand =
  | {
      readonly kind: "init";
      readonly version: string;
      readonly modelPath: string;
      readonly options: OpenOptions;
      readonly findings: RuntimeFindings;
      /** Addresses of the library's functions by name. */
      readonly functions: Readonly<Record<string, number>>;
      readonly resultCallback: number;
    }
  | (LanesCall & LanesMemory)
  | { readonly kind: "load_prompt"; readonly path: string; readonly adapter?: Adapter }
  | { readonly kind: "destroy" };

/** The Worker's answer to one command. */
export type WorkerEvent =
  | { readonly kind: "initialized"; readonly code: number; readonly handle: number }
  | { readonly kind: "returned"; readonly run: number; readonly code: number }
  | { readonly kind: "prompt_loaded"; readonly code: number }
  | { readonly kind: "destroyed"; readonly code: number }
  | { readonly kind: "failed"; readonly error: ErrorRecord };
