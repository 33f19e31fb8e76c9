/**
 * What the command and the child process of a question say to each other. Both ways are files in a folder of the child's own: a process
 * that crashes in the middle of a call leaves behind what it had written, and whatever the library prints is only ever text.
 */
import type { NativeAssets } from "../native/assets.ts";
import type { LibrarySpec, OpenOptions } from "../protocol.ts";
import type { Facts, Figures, Known } from "./question.ts";

/** The question's file and the answers' file. */
export const PROBE_FILES = { spec: "spec.json", answers: "answers.jsonl" } as const;

/** What is probed: one library with one model. */
export interface ProbeTarget {
  readonly library: LibrarySpec;
  readonly assets: NativeAssets;
  readonly modelPath: string;
  /** Values of the opening that the questions do not vary; `contextTokens` is the longest that they use. */
  readonly options: OpenOptions;
  /** Control tokens that the model has, or may have. */
  readonly controlTexts: readonly string[];
}

/** What a child is started with. */
export interface ProbeSpec extends ProbeTarget {
  /** Ids, asked in this order. */
  readonly questions: readonly string[];
  readonly known: Known;
  /** Program and arguments that start another child, but for its folder. */
  readonly command: readonly string[];
  /** Where the questions have their files: of the child's own, or of the one that it runs beside. */
  readonly filesIn: string;
  /** Process that the child ends with. */
  readonly parent: number;
}

/** One line of the answers. `done` and `refused` end a question; without either the process ended in it. */
export type ProbeLine =
  | { readonly kind: "begun"; readonly question: string }
  | { readonly kind: "told"; readonly question: string; readonly facts: Facts; readonly figures: Figures }
  | { readonly kind: "note"; readonly name: string; readonly texts: readonly string[] }
  | { readonly kind: "done"; readonly question: string }
  | { readonly kind: "refused"; readonly question: string; readonly why: string };
