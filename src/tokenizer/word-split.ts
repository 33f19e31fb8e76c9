/** Cuts text into the words that BPE works on, by one pattern after the other, each within what the ones before have left. */

/** One pattern, and what becomes of its matches. */
export interface SplitRule {
  /** Global, with the `u` flag; an empty match is a place to cut. */
  readonly pattern: RegExp;
  /** What becomes of the matches. Default `isolated`: matches and the text between them are pieces. */
  readonly matches?: "isolated" | "removed" | "joinPrevious" | "joinNext" | "contiguous";
  /** The text between the matches takes the matches' part. */
  readonly inverted?: boolean;
}

/** The words of a text. */
export function splitWords(text: string, rules: readonly SplitRule[]): readonly string[] {
  let words: readonly string[] = [text];
  for (const rule of rules) {
    const cut: string[] = [];
    for (const word of words) splitWord(word, rule, cut);
    words = cut;
  }
  return words;
}

function splitWord(word: string, rule: SplitRule, words: string[]): void {
  const matches = rule.matches ?? "isolated";
  const inverted = rule.inverted ?? false;
  const pieces: string[] = [];
  /** A match that waits for the piece it goes in front of. */
  let held = "";
  let wasMatch = false;
  const take = (start: number, end: number, isMatch: boolean): void => {
    if (start === end) return;
    const piece = word.slice(start, end);
    const joins = isMatch && ((matches === "joinPrevious" && !wasMatch) || (matches === "contiguous" && wasMatch));
    if (isMatch && matches === "joinNext") {
      if (held !== "") pieces.push(held);
      held = piece;
    } else if (!isMatch || matches !== "removed") {
      pieces.push((joins ? (pieces.pop() ?? "") : "") + held + piece);
      held = "";
    }
    wasMatch = isMatch;
  };
  let done = 0;
  for (const match of word.matchAll(rule.pattern)) {
    const end = match.index + match[0].length;
    take(done, match.index, inverted);
    take(match.index, end, !inverted);
    done = end;
  }
  take(done, word.length, inverted);
  if (held !== "") pieces.push(held);
  for (const piece of pieces) words.push(piece);
}
