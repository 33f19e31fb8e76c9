/**
 * How long a text a client's regular expression may be tried on. JavaScript's expressions backtrack, so `(a+)+$` on forty letters can
 * hold the server for hours. This counts, without running it, the ways in which an expression can divide a text, and never too few.
 */

const PATTERN_LENGTH_MAX = 1000;
/** A pattern that cannot even be tried on so short a text is of no use. */
const TEXT_LENGTH_MIN = 16;
/** A repetition with no more choices than this counts as so many ways, one with more as endless. */
const FEW = 8;

/**
 * The longest text in UTF-16 units on which trying the pattern takes about `stepsMax` steps at worst, of which a million last some 10 ms;
 * 0 where it must not be used at all: it is no JavaScript expression with the `u` flag (`\Z` and other languages' syntax), it refers back, or
 * it repeats without end what itself repeats or has alternatives.
 */
export function patternTextMax(pattern: string, stepsMax: number): number {
  if (pattern.length > PATTERN_LENGTH_MAX || !isExpression(pattern)) return 0;
  const ways = countWays(pattern);
  if (ways === null) return 0;
  // A text is tried from each of its characters unless the pattern is tied to the beginning.
  const isAnchored = pattern.startsWith("^") && !ways.hasAlternatives;
  const endless = ways.endless + (isAnchored ? 0 : 1);
  if (ways.few > stepsMax) return 0;
  const textMax = endless === 0 ? stepsMax : Math.floor((stepsMax / ways.few) ** (1 / endless));
  return textMax < TEXT_LENGTH_MIN ? 0 : textMax;
}

function isExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").source !== "";
  } catch {
    return false;
  }
}

interface Ways {
  /** Repetitions without a small bound. */
  readonly endless: number;
  /** The product of all other choices. */
  readonly few: number;
  readonly hasAlternatives: boolean;
}

/** An atom with what may follow it: an escape, a class, a group's begin or end, `|`, or one character; then a quantifier. */
const ATOM =
  /\\k<|\\[1-9]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?|\)|\||[^]/uy;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/uy;

/** The counts where a group began, and what was met in it since. */
interface Group {
  readonly endless: number;
  readonly few: number;
  alternatives: number;
  hasRepetition: boolean;
}

/** Null for a pattern that refers back or repeats what can be divided in several ways. */
function countWays(pattern: string): Ways | null {
  const whole: Group = { endless: 0, few: 1, alternatives: 1, hasRepetition: false };
  const groups = [whole];
  let endless = 0;
  let few = 1;
  for (let at = 0; at < pattern.length;) {
    const atom = matchAt(ATOM, pattern, at)?.[0] ?? "";
    if (atom === "" || /^\\(?:k<|[1-9])/.test(atom)) return null;
    at += atom.length;
    if (atom.startsWith("(")) groups.push({ endless, few, alternatives: 1, hasRepetition: false });
    const inner = groups.at(-1) ?? whole;
    if (atom === "|") inner.alternatives += 1;
    if (atom.startsWith("(") || atom === "|") continue;
    const group = atom === ")" ? groups.pop() : undefined;
    const outer = groups.at(-1) ?? whole;
    if (group !== undefined) {
      few *= group.alternatives;
      outer.hasRepetition ||= group.hasRepetition;
    }
    const quantifier = matchAt(QUANTIFIER, pattern, at);
    if (quantifier === null) continue;
    at += quantifier[0].length;
    const { most, choices } = readQuantifier(quantifier);
    if (group !== undefined && most > 1) {
      if (group.endless !== endless || (group.few !== few && most === Infinity)) return null;
      few *= (few / group.few) ** (most - 1);
    }
    // Many repetitions of many read as much as an endless one, however fixed their number is.
    if (choices > FEW || (most > 1 && group?.hasRepetition === true)) endless += 1;
    else few *= choices;
    outer.hasRepetition ||= most > 1;
  }
  return { endless, few: few * whole.alternatives, hasAlternatives: whole.alternatives > 1 };
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

function readQuantifier([text, least, range, most]: RegExpExecArray): { most: number; choices: number } {
  if (text.startsWith("?")) return { most: 1, choices: 2 };
  if (least === undefined || (range !== undefined && most === "")) return { most: Infinity, choices: Infinity };
  const highest = range === undefined ? Number(least) : Number(most);
  return { most: highest, choices: highest - Number(least) + 1 };
}
