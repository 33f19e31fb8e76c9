/** What a question to the library is: how it is asked, in a child process, and what its answer means. */
import type { Sampling } from "../../core/generation.ts";
import type { Abi } from "../native/abi.ts";
import type { ProbeHandle, ProbeLibrary, ProbeOpened, ProbeOpening } from "../native/probe-handle.ts";

/** What was found: the same each time the same library is asked. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** What was measured, by names that end in the unit. */
export type Figures = Readonly<Record<string, number>>;

/** Texts that later questions compare with. They stay in the probe: no report has them. */
export type Notes = Readonly<Record<string, readonly string[]>>;

/** What is known from questions asked before. */
export interface Known {
  readonly facts: Readonly<Record<string, Facts>>;
  readonly notes: Notes;
}

/** What a question has to work with, in its child process. */
export interface Asked {
  readonly library: ProbeLibrary;
  /** The longest context to open with: the model's own, or less where that is very long. */
  readonly contextTokens: number;
  /** A folder for files of its own. */
  readonly folder: string;
  /** Control tokens that the model has, or may have, as they are spelled. */
  readonly controlTexts: readonly string[];
  readonly known: Known;
  /** rkllm_init with the server's values but for those given. */
  init(opening?: Partial<ProbeOpening>): ProbeOpened;
  /** The same, where there is nothing to ask without a handle. Throws `Refusal`. */
  open(opening?: Partial<ProbeOpening>): ProbeHandle;
  /** Writes down what is known so far: it stays known when the process ends here. */
  tell(facts: Facts, figures?: Figures): void;
  note(name: string, texts: readonly string[]): void;
  /** Starts a second process that asks one question, and leaves it to itself. */
  startBeside(question: string): void;
}

/** One question. */
export interface Question {
  /** Its name, which docs/doctor.md explains: `abort-decode`. */
  readonly id: string;
  /** The question itself, as a sentence. */
  readonly asks: string;
  /** Asked only of the interfaces of which this is true. Absent: of all. */
  readonly concerns?: (abi: Abi) => boolean;
  /** It is not asked where no run ends. Absent: only a model that opens is needed. */
  readonly needsRun?: true;
  /** Asked by a question, in a second process, and by nobody else. */
  readonly beside?: true;
  /** Called in the child process, which ends when it is answered: what it opens need not be closed. */
  ask(asked: Asked): void | Promise<void>;
  /** The answer as a sentence, of as many facts as there are. */
  answer(facts: Facts, figures: Figures): string;
  /** What the server does with it. */
  server(facts: Facts): string;
}

/** The library refused a call without which there is nothing to ask. */
export class Refusal extends Error {}

/** Greedy decoding as the server spells it. */
export const GREEDY: Sampling = {
  temperature: 1,
  topK: 1,
  topP: 1,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
};

/** Tokens of the answers that are compared. */
export const ANSWER_TOKENS = 12;

/** Any vocabulary has these; in the usual ones they are pieces of words, or bytes. */
const FIRST_ID = 300;
const IDS = 40;

/** A prompt of so many tokens; those of different seeds differ from their first token on. */
export function promptOf(tokens: number, seed: number): Int32Array {
  return Int32Array.from({ length: tokens }, (_, index) => FIRST_ID + ((seed + index * (1 + (seed % 7))) % IDS));
}

/** The prompt of a member of a batch: all of different lengths. */
export function memberPrompt(member: number): Int32Array {
  return promptOf(12 + 3 * member, 11 + member);
}

/** A prompt that begins with another. */
export function longerPrompt(prompt: Int32Array, tokens: number, seed: number): Int32Array {
  return Int32Array.from([...prompt, ...promptOf(tokens - prompt.length, seed)]);
}

/** How often something came, as a word. */
export function times(count: Facts[string] | undefined): string {
  if (count === 0) return "not at all";
  return count === 1 ? "once" : count === 2 ? "twice" : `${String(count)} times`;
}
