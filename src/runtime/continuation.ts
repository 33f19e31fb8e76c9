/**
 * A model may write a text in other tokens than a tokenizer makes of it: "123" as "12", "3". The next turn of a conversation brings the
 * answer back as text; tokenized anew it would differ from what the KV cache holds, and everything behind it would be computed again. So where the
 * bytes are the same, the ids that were sampled take the place of those that the tokenizer gives.
 */
import type { Tokenizer } from "../core/prompt.ts";
import { commonPrefix } from "./lane-choice.ts";

/** The vocabulary, as far as it matters here. */
type Vocabulary = Pick<Tokenizer, "vocabSize" | "tokenBytes" | "isControl">;

/**
 * The ids of a prompt, spelled as an earlier sequence spelled them as far as both stand for the same bytes and both have a token's border
 * there. Control tokens are only ever equal to themselves: the text `<|im_end|>` is not the end of a turn.
 * @param ids what the tokenizer made of the prompt
 * @param earlier what went through the model before; it begins as `ids` does
 */
export function continued(ids: Int32Array, earlier: Int32Array, vocabulary: Vocabulary): Int32Array {
  const common = commonPrefix(ids, earlier);
  if (common === 0 || common === ids.length || common === earlier.length) return ids;
  const own = new ByteWalk(ids, common, vocabulary);
  const theirs = new ByteWalk(earlier, common, vocabulary);
  let border = { own: common, theirs: common };
  for (;;) {
    if (own.atBorder && theirs.atBorder) {
      border = { own: own.next, theirs: theirs.next };
      if (own.ended || theirs.ended) break;
    }
    if (!own.fill() || !theirs.fill() || !own.matches(theirs)) break;
  }
  if (border.theirs === common) return ids;
  const joined = new Int32Array(border.theirs + ids.length - border.own);
  joined.set(earlier.subarray(0, border.theirs));
  joined.set(ids.subarray(border.own), border.theirs);
  return joined;
}

/** Goes through the bytes of a sequence, token by token. */
class ByteWalk {
  /** Index of the token behind the one that is being gone through. */
  next: number;
  private readonly ids: Int32Array;
  private readonly vocabulary: Vocabulary;
  private bytes: Uint8Array = NO_BYTES;
  private control = -1;

  constructor(ids: Int32Array, start: number, vocabulary: Vocabulary) {
    this.ids = ids;
    this.next = start;
    this.vocabulary = vocabulary;
  }

  get atBorder(): boolean {
    return this.bytes.length === 0;
  }

  get ended(): boolean {
    return this.next === this.ids.length;
  }

  /** Has bytes to show; false where the sequence has ended, or goes on with what is no token of the vocabulary. */
  fill(): boolean {
    while (this.bytes.length === 0) {
      const id = this.ids[this.next];
      if (id === undefined || id < 0 || id >= this.vocabulary.vocabSize) return false;
      this.next++;
      this.bytes = this.vocabulary.tokenBytes(id);
      this.control = this.vocabulary.isControl(id) ? id : -1;
    }
    return true;
  }

  /** Whether both go on with the same bytes; goes on behind them. */
  matches(other: ByteWalk): boolean {
    if (this.control !== other.control) return false;
    const count = Math.min(this.bytes.length, other.bytes.length);
    for (let at = 0; at < count; at++) if (this.bytes[at] !== other.bytes[at]) return false;
    this.bytes = this.bytes.subarray(count);
    other.bytes = other.bytes.subarray(count);
    return true;
  }
}

const NO_BYTES = new Uint8Array(0);
