/**
 * Finds control tokens, and what could grow into one, in text.
 *
 * Two questions are asked of a text. Of a rendered prompt: which stretches are control tokens (`split`). Of a client's string, before
 * it is rendered: where must something stand so that no control token can ever come out of it, whatever the template puts beside it or
 * takes out of it (`guardPoints`). A token that came out of client text would begin with a piece of it that is a token's beginning,
 * end with one that is a token's end, or enclose a string that is a token's inside; so every such piece gets a guard on its open side.
 */
import { AppError } from "../core/errors.ts";
import type { PromptSegment } from "../core/prompt.ts";

/** What a template itself looks for in a client's text; guards stay out of these so that its comparisons and splits go on working. */
export interface TemplateWords {
  /** String literals of the template, two characters or longer. */
  readonly literals: readonly string[];
  /** Literals and identifiers: names by which the template may reach into a client's JSON. */
  readonly words: ReadonlySet<string>;
}

/** A template that looks for nothing. */
export const NO_TEMPLATE_WORDS: TemplateWords = { literals: [], words: new Set() };

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  ends: boolean;
}

/** How far a text follows a trie, and how long the longest whole token on the way is (0: none). */
interface Walk {
  readonly depth: number;
  readonly tokenLength: number;
}

/** Stands between tokens in one long string; a client that uses it gains a guard too many, which does no harm. */
const TOKEN_JOINER = "\n";

/** Guards in one string: a text that needs more is made of beginnings of control tokens, and sorting them takes the host's time. */
const GUARDS_MAX = 100_000;

/** The control tokens of one vocabulary, indexed for both questions. */
export class ControlText {
  readonly #exact: TrieNode = trieNode();
  readonly #beginnings: TrieNode = trieNode();
  readonly #endings: TrieNode = trieNode();
  readonly #joined: string;
  readonly #lengthMax: number;

  /** @param controlTokens Texts of control tokens in any order. A token of one character is left out: it cannot be told from text. */
  constructor(controlTokens: readonly string[]) {
    const tokens = controlTokens.filter((token) => Array.from(token).length > 1);
    for (const token of tokens) {
      insert(this.#exact, token);
      const folded = foldCase(token);
      insert(this.#beginnings, folded);
      insert(this.#endings, [...Array(folded.length).keys()].map((i) => folded[folded.length - 1 - i]).join(""));
    }
    this.#joined = foldCase(tokens.join(TOKEN_JOINER));
    this.#lengthMax = Math.max(0, ...tokens.map((token) => token.length));
  }

  /** Cuts a text into control tokens (leftmost, longest) and the plain text between them. */
  split(text: string): PromptSegment[] {
    const segments: PromptSegment[] = [];
    let plainStart = 0;
    for (let i = 0; i < text.length;) {
      const { tokenLength } = walk(this.#exact, text, i, 1);
      if (tokenLength === 0) {
        i++;
        continue;
      }
      if (i > plainStart) segments.push({ kind: "plain", text: text.slice(plainStart, i) });
      segments.push({ kind: "control", text: text.slice(i, i + tokenLength) });
      i += tokenLength;
      plainStart = i;
    }
    if (text.length > plainStart) segments.push({ kind: "plain", text: text.slice(plainStart) });
    return segments;
  }

  /**
   * Offsets, ascending, at which a guard must stand in a client's string. Case is ignored, since templates may change it.
   * Offsets inside what the template looks for are left out, except where a whole control token is spelled.
   * Throws AppError invalid_request for a string that needs more than GUARDS_MAX.
   */
  guardPoints(text: string, look: TemplateWords): number[] {
    const folded = foldCase(text);
    const inTokens = new Set<number>();
    const atEdges = new Set<number>();
    for (let i = 0; i < folded.length; i++) {
      const beginning = walk(this.#beginnings, folded, i, 1);
      if (beginning.tokenLength > 0) inTokens.add(betweenCharacters(text, i + 1));
      else if (beginning.depth > 0) atEdges.add(betweenCharacters(text, i + beginning.depth));
      const ending = walk(this.#endings, folded, i, -1);
      if (ending.tokenLength === 0 && ending.depth > 0) atEdges.add(betweenCharacters(text, i + 1 - ending.depth));
      if (inTokens.size + atEdges.size > GUARDS_MAX) throw tooManyGuards();
    }
    if (inTokens.size === 0 && atEdges.size === 0) {
      const end = this.#endOfInside(text, folded, look);
      return end === null ? [] : [end];
    }
    const free = atEdges.size === 0 ? [] : withoutLiterals([...atEdges], text, look.literals);
    return [...new Set([...inTokens, ...free])].sort((a, b) => a - b);
  }

  /** Where a string that, trimmed, is the inside of a control token ends: `user` between a template's `<|` and `|>`. */
  #endOfInside(text: string, folded: string, look: TemplateWords): number | null {
    if (text.length === 0) return null;
    const start = text.length - text.trimStart().length;
    const end = text.trimEnd().length;
    if (end <= start || end - start >= this.#lengthMax) return null;
    return this.#joined.includes(folded.slice(start, end)) && !look.words.has(text.slice(start, end)) ? end : null;
  }
}

function tooManyGuards(): AppError {
  return new AppError("invalid_request", `A text of the request spells parts of control tokens more than ${GUARDS_MAX} times. Shorten it.`);
}

function trieNode(): TrieNode {
  return { next: new Map(), ends: false };
}

function insert(root: TrieNode, text: string): void {
  let node = root;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    let next = node.next.get(code);
    if (next === undefined) {
      next = trieNode();
      node.next.set(code, next);
    }
    node = next;
  }
  node.ends = true;
}

function walk(root: TrieNode, text: string, from: number, step: 1 | -1): Walk {
  let node = root;
  let depth = 0;
  let tokenLength = 0;
  for (let i = from; i >= 0 && i < text.length; i += step) {
    const next = node.next.get(text.charCodeAt(i));
    if (next === undefined) break;
    node = next;
    depth++;
    if (node.ends) tokenLength = depth;
  }
  return { depth, tokenLength };
}

/** The offsets that do not fall strictly inside an occurrence of a literal. */
function withoutLiterals(points: readonly number[], text: string, literals: readonly string[]): number[] {
  const inside = new Set<number>();
  for (const literal of literals) {
    for (let at = text.indexOf(literal); at !== -1; at = text.indexOf(literal, at + 1)) {
      for (let point = at + 1; point < at + literal.length; point++) inside.add(point);
    }
  }
  return points.filter((point) => !inside.has(point));
}

/** The offset itself, or the next one where it would part a surrogate pair: JSON escapes the halves of a parted pair. */
function betweenCharacters(text: string, offset: number): number {
  return isHighSurrogate(text.charCodeAt(offset - 1)) && isLowSurrogate(text.charCodeAt(offset)) ? offset + 1 : offset;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Case folding that keeps offsets: characters whose other case is longer stay as they are. */
function foldCase(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  let folded = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charAt(i);
    const other = unit.toUpperCase().toLowerCase();
    folded += other.length === 1 ? other : unit;
  }
  return folded;
}
