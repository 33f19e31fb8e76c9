/** Vocabularies of the tiny test models: small, but with everything a real one has. */
import { spellBytes } from "../../src/tokenizer/byte-level.ts";
import type { GgufEntry } from "./gguf-writer.ts";

export type VocabularyKind = "spm" | "bpe";

export interface TinyVocabularyOptions {
  readonly kind: VocabularyKind;
  /** `tokenizer.ggml.pre`, for BPE. */
  readonly pre: string;
  /** More control tokens (type 3), e.g. `<tool_call>`. */
  readonly controlTokens: readonly string[];
  /** User-defined tokens (type 4): special in every text, the client's included. */
  readonly userTokens: readonly string[];
  /** Text whose pieces become tokens of their own, each used once. */
  readonly says: string;
}

export interface TinyVocabulary {
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  readonly size: number;
  /** Added to a token's logit. */
  readonly biases: readonly number[];
  /** Pairs of ids: after the first comes the second, almost for certain. */
  readonly successors: readonly (readonly [number, number])[];
}

const TYPE = { normal: 1, unknown: 2, control: 3, user: 4, byte: 6 } as const;
const WORDS = (
  "the and you that was for are with his they this have from one had word but not what all were when your can said there use each which she how " +
  "their will other about out many then them these some her would make like him into time has look two more write see number way could people"
).split(" ");
/** Characters that the model writes byte by byte; no byte occurs twice, so that each tells which one follows. */
const SPLIT_CHARACTERS = ["é", "日", "😀"];

const BIAS = { word: 0, fragment: -14, lead: 0.5, byte: -22, never: -40 } as const;

/** Tokens in the order of their ids. */
class TokenList {
  readonly tokens: string[] = [];
  readonly types: number[] = [];
  readonly biases: number[] = [];
  readonly ids = new Map<string, number>();

  add(text: string, type: number, bias: number): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.tokens.length;
    this.tokens.push(text);
    this.types.push(type);
    this.biases.push(bias);
    this.ids.set(text, id);
    return id;
  }

  id(text: string): number {
    const id = this.ids.get(text);
    if (id === undefined) throw new Error(`The tiny vocabulary has no token ${JSON.stringify(text)}`);
    return id;
  }
}

export function tinyVocabulary(options: TinyVocabularyOptions): TinyVocabulary {
  const list = new TokenList();
  const metadata = options.kind === "spm" ? addSpm(list) : addBpe(list, options.pre);
  for (const text of ["<|im_start|>", "<|im_end|>", ...options.controlTokens]) list.add(text, TYPE.control, BIAS.never);
  for (const text of options.userTokens) list.add(text, TYPE.user, BIAS.byte);

  const byteToken = (byte: number): string =>
    options.kind === "spm" ? `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>` : spellBytes(Uint8Array.of(byte));
  const chains = SPLIT_CHARACTERS.map((character) => [...new TextEncoder().encode(character)].map((byte) => list.id(byteToken(byte))));
  for (const [lead] of chains) if (lead !== undefined) list.biases[lead] = BIAS.lead;
  if (options.says !== "") {
    const pieces = uniquePieces(options.says, (piece) => list.ids.has(spelled(piece, options.kind)));
    const said = pieces.map((piece) => list.add(spelled(piece, options.kind), TYPE.normal, BIAS.byte));
    chains.push([list.id(byteToken(0x0a)), ...said, list.id("<|im_end|>")]);
  }

  metadata.set("tokenizer.ggml.tokens", { type: "string[]", value: list.tokens });
  metadata.set("tokenizer.ggml.token_type", { type: "i32[]", value: list.types });
  if (options.kind === "spm") {
    // Earlier pieces merge first, as in a trained vocabulary.
    metadata.set("tokenizer.ggml.scores", { type: "f32[]", value: list.tokens.map((_, id) => (list.types[id] === TYPE.normal ? -id : 0)) });
  }
  for (const key of ["eos", "eot"]) metadata.set(`tokenizer.ggml.${key}_token_id`, { type: "u32", value: list.id("<|im_end|>") });
  const successors = chains.flatMap((chain) =>
    chain.slice(1).flatMap((to, index) => {
      const from = chain[index];
      return from === undefined ? [] : [[from, to] as const];
    }),
  );
  return { metadata, size: list.tokens.length, biases: list.biases, successors };
}

/** SentencePiece as in Llama 2: scores, byte tokens, `▁` for the space. */
function addSpm(list: TokenList): Map<string, GgufEntry> {
  list.add("<unk>", TYPE.unknown, BIAS.never);
  list.add("<s>", TYPE.control, BIAS.never);
  list.add("</s>", TYPE.control, BIAS.never);
  for (let byte = 0; byte < 256; byte++) list.add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, TYPE.byte, BIAS.byte);
  // Every prefix of a word is a token, so that merging from the left always arrives at the word.
  for (let length = 2; length <= 8; length++) {
    for (const word of WORDS) {
      const piece = `▁${word}`.slice(0, length);
      if (piece.length === length) list.add(piece, TYPE.normal, piece === `▁${word}` ? BIAS.word : BIAS.fragment);
    }
  }
  list.add("▁", TYPE.normal, BIAS.fragment);
  for (let code = 0x21; code < 0x7f; code++) list.add(String.fromCharCode(code), TYPE.normal, BIAS.fragment);
  return new Map<string, GgufEntry>([
    ["tokenizer.ggml.model", { type: "string", value: "llama" }],
    ["tokenizer.ggml.pre", { type: "string", value: "default" }],
    ["tokenizer.ggml.bos_token_id", { type: "u32", value: 1 }],
    ["tokenizer.ggml.unknown_token_id", { type: "u32", value: 0 }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: true }],
    ["tokenizer.ggml.add_eos_token", { type: "bool", value: false }],
    ["tokenizer.ggml.add_space_prefix", { type: "bool", value: true }],
  ]);
}

/** Byte-level BPE as in GPT-2 and Qwen: 256 byte tokens, then one merge for every longer token. */
function addBpe(list: TokenList, pre: string): Map<string, GgufEntry> {
  for (let byte = 0; byte < 256; byte++) {
    const printable = byte > 0x20 && byte < 0x7f;
    list.add(spellBytes(Uint8Array.of(byte)), TYPE.normal, printable ? BIAS.fragment : BIAS.byte);
  }
  const merges: string[] = [];
  for (let length = 2; length <= 8; length++) {
    for (const word of WORDS) {
      const piece = `Ġ${word}`.slice(0, length);
      if (piece.length !== length || list.ids.has(piece)) continue;
      list.add(piece, TYPE.normal, piece === `Ġ${word}` ? BIAS.word : BIAS.fragment);
      merges.push(`${piece.slice(0, -1)} ${piece.slice(-1)}`);
    }
  }
  list.add("<|endoftext|>", TYPE.control, BIAS.never);
  return new Map<string, GgufEntry>([
    ["tokenizer.ggml.model", { type: "string", value: "gpt2" }],
    ["tokenizer.ggml.pre", { type: "string", value: pre }],
    ["tokenizer.ggml.merges", { type: "string[]", value: merges }],
    ["tokenizer.ggml.bos_token_id", { type: "u32", value: list.id("<|endoftext|>") }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
  ]);
}

function spelled(text: string, kind: VocabularyKind): string {
  return kind === "spm" ? text.replaceAll(" ", "▁") : spellBytes(new TextEncoder().encode(text));
}

/** Cuts a text into pieces that differ from each other and from the tokens there are. */
function uniquePieces(text: string, taken: (piece: string) => boolean): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of text) {
    piece += character;
    if (piece.length < 3 || taken(piece) || pieces.includes(piece)) continue;
    pieces.push(piece);
    piece = "";
  }
  // A rest that is too short joins the piece before it.
  if (piece !== "") pieces.push(taken(piece) || pieces.includes(piece) ? (pieces.pop() ?? "") + piece : piece);
  return pieces;
}
