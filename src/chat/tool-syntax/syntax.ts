/**
 * What all ways of writing a call have in common: a marker begins it, a body follows, and something ends it. A syntax is a table of
 * markers; finding them (answer-reader.ts) and finding the body's end (call-body.ts) is the same for all.
 */
import type { ToolDefinition } from "../../core/generation.ts";

/** What came of a body: a call with its arguments as JSON text of an object, or what is wrong with it. */
export type CallOutcome =
  | { readonly kind: "call"; readonly name: string; readonly arguments: string; /** No arguments were written. */ readonly bare?: true }
  /** `name` where it could be read; `fault` in plain English. */
  | { readonly kind: "fault"; readonly fault: string; readonly name?: string };

/** What reading a body may need to know. */
export interface BodyContext {
  readonly tools: readonly ToolDefinition[];
  /** The answer ended before the body did. */
  readonly cut: boolean;
}

/** How far a body reaches. */
export interface BodyBounds {
  /** Texts that end it and belong to it. One that is a marker too ends it and begins the next. */
  readonly close: readonly string[];
  /** It ends where its outermost bracket closes. */
  readonly balanced: boolean;
  /** Strings in it hide what ends it; false for markup, whose values are not quoted. A tag at the body's start makes it markup too. */
  readonly quoted: boolean;
}

/** A text that begins a call wherever it stands in an answer. */
export interface CallMarker {
  readonly text: string;
  readonly body: BodyBounds;
  /** Never empty. */
  read(body: string, context: BodyContext): readonly CallOutcome[];
}

/** One family's way of writing calls. */
export interface Syntax {
  /** @param names The functions on offer, for the one syntax that is told from prose by them. */
  markers(names: readonly string[]): readonly CallMarker[];
  /** Markers that say nothing: they are dropped, with the blanks around them. */
  readonly noise: readonly string[];
  /** With what the template's prompt ends though it belongs to the answer: the beginning of a marker. */
  readonly begun?: string;
  /**
   * Ways in which an answer, or what follows a call, begins when it is a call of the function `name` without a marker, blanks left out.
   * The runtime may have dropped the markers as special tokens. In every syntax JSON calls one, and so does `name{`.
   */
  leading(name: string): readonly string[];
  /** Answers that begin so are calls, whoever is called, if they turn out to be well formed. */
  readonly leadingAny: readonly string[];
  /**
   * The beginning of a call, ending where a vocabulary ends a token: not behind a blank or a sign that belongs to the next one.
   * @param name The function to be called; absent: any.
   */
  opening(name?: string): string;
}

/** Said of a call that the answer's end left incomplete. */
export const CUT_FAULT = "the call does not end";
