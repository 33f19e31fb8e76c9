/** A tokenizer for prompts: control tokens by their exact text, everything else through the vocabulary's text model. */
import { assert } from "../core/errors.ts";
import type { PromptSegment, Tokenizer } from "../core/prompt.ts";
import type { TextModel } from "./text-model.ts";
import { TokenIds } from "./token-ids.ts";
import { TOKEN_KIND, type TokenTable } from "./token-table.ts";
import { UserTokens } from "./user-tokens.ts";

/** What a vocabulary's reader hands over. */
export interface TokenizerParts {
  readonly tokens: TokenTable;
  readonly model: TextModel;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly addBos: boolean;
  /** Goes behind a text that is embedded. */
  readonly textEndId: number | null;
  /** Special tokens that swallow the white space before them, or after them. */
  readonly stripsBefore: ReadonlySet<number>;
  readonly stripsAfter: ReadonlySet<number>;
  /** What the reader of the vocabulary wants said, as sentences: an unknown pre-tokenizer and the like. */
  readonly notes: readonly string[];
}

/** The tokenizer of one model. */
export class PromptTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly controlTokens: readonly string[];
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly addBos: boolean;
  readonly textEndId: number | null;
  readonly notes: readonly string[];
  readonly #parts: TokenizerParts;
  readonly #controlIds = new Map<string, number>();
  readonly #userTokens: UserTokens;

  constructor(parts: TokenizerParts) {
    const { tokens } = parts;
    this.#parts = parts;
    this.vocabSize = tokens.size;
    this.bosId = parts.bosId;
    this.eosId = parts.eosId;
    this.addBos = parts.addBos && parts.bosId !== null;
    this.textEndId = parts.textEndId;
    this.bosToken = parts.bosId === null ? null : tokens.text(parts.bosId);
    this.eosToken = parts.eosId === null ? null : tokens.text(parts.eosId);
    this.notes = parts.notes;
    const userTokens: { text: string; id: number }[] = [];
    for (let id = 0; id < tokens.size; id++) {
      if (tokens.kinds[id] === TOKEN_KIND.control) this.#controlIds.set(tokens.text(id), id);
      if (tokens.kinds[id] === TOKEN_KIND.user) userTokens.push({ text: tokens.text(id), id });
    }
    this.controlTokens = [...this.#controlIds.keys()].sort((a, b) => b.length - a.length);
    this.#userTokens = new UserTokens(userTokens);
  }

  /** A control segment whose text is no control token of this vocabulary counts as plain text. */
  encode(segments: readonly PromptSegment[]): Int32Array {
    const ids = new TokenIds();
    const first = segments[0];
    const startsWithBos = first?.kind === "control" && this.#controlIds.get(first.text) === this.bosId;
    if (this.addBos && this.bosId !== null && !startsWithBos) ids.push(this.bosId);
    let plain = "";
    let previous = -1;
    let isFirst = true;
    for (const { kind, text } of segments) {
      const control = kind === "control" ? this.#controlIds.get(text) : undefined;
      if (control === undefined) {
        plain += text;
        continue;
      }
      this.#encodePlain(plain, { previous, next: control, isFirst }, ids);
      ids.push(control);
      plain = "";
      previous = control;
      isFirst = false;
    }
    this.#encodePlain(plain, { previous, next: -1, isFirst }, ids);
    return ids.slice();
  }

  tokenBytes(id: number): Uint8Array {
    const { tokens, model } = this.#parts;
    assert(Number.isInteger(id) && id >= 0 && id < tokens.size, `token id ${id} of a vocabulary of ${tokens.size}`);
    const kind = tokens.kinds[id];
    const isText = kind === TOKEN_KIND.control || kind === TOKEN_KIND.user || kind === TOKEN_KIND.unknown;
    return isText ? tokens.bytes(id).slice() : model.pieceBytes(id);
  }

  isControl(id: number): boolean {
    return this.#parts.tokens.kinds[id] === TOKEN_KIND.control;
  }

  /** Text between two control tokens; `previous` and `next` are their ids, -1 at the prompt's ends. */
  #encodePlain(text: string, place: { previous: number; next: number; isFirst: boolean }, ids: TokenIds): void {
    // A lone surrogate has no UTF-8; it becomes U+FFFD.
    const parts = this.#userTokens.split(text.toWellFormed());
    let { previous, isFirst } = place;
    let afterSpecial = true;
    for (const [index, part] of parts.entries()) {
      if ("id" in part) {
        ids.push(part.id);
        previous = part.id;
        afterSpecial = true;
      } else {
        const following = parts[index + 1];
        const next = following === undefined ? place.next : "id" in following ? following.id : -1;
        const piece = this.#stripped(part.text, previous, next);
        if (piece === "") continue;
        this.#parts.model.encode(piece, { first: isFirst, afterSpecial }, ids);
        afterSpecial = false;
      }
      isFirst = false;
    }
  }

  #stripped(text: string, previous: number, next: number): string {
    const { stripsBefore, stripsAfter } = this.#parts;
    const start = stripsAfter.has(previous) ? text.replace(/^[\t-\r ]+/, "") : text;
    return stripsBefore.has(next) ? start.replace(/[\t-\r ]+$/, "") : start;
  }
}
