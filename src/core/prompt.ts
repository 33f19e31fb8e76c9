/** The vocabulary of prompts: text that may steer the model and text that may not are different types. */

/**
 * A piece of a rendered prompt.
 * `control`: the exact text of one control token of the model's vocabulary; it becomes that token's id.
 * `plain`: any other text, the client's and the template's alike; whatever it spells, it never becomes a control token.
 */
export interface PromptSegment {
  readonly kind: "control" | "plain";
  readonly text: string;
}

/** What a chat template needs to know of a vocabulary. */
export interface Vocabulary {
  /** Texts of all control tokens (`<|im_start|>`, `</s>`, …), longest first. */
  readonly controlTokens: readonly string[];
  /** Text of the tokens named so by the model's files; null where it names none. */
  readonly bosToken: string | null;
  readonly eosToken: string | null;
}

/** Text to token ids and back, for one model. Not safe for use from two threads. */
export interface Tokenizer extends Vocabulary {
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** The model's files ask for a BOS token in front of every prompt. */
  readonly addBos: boolean;
  /** The token that the model's files want behind a text that is embedded; null where they want none. */
  readonly textEndId: number | null;
  /**
   * Token ids of a prompt. With `addBos` set on the model, BOS goes in front unless the first segment is that control token already.
   * Ids equal llama.cpp's `llama_tokenize`: control segments as with parse_special, plain ones as without.
   */
  encode(segments: readonly PromptSegment[]): Int32Array;
  /** The bytes a token stands for; control tokens give their text's bytes. */
  tokenBytes(id: number): Uint8Array;
  /** Whether a token steers the model: no text becomes it. */
  isControl(id: number): boolean;
}
