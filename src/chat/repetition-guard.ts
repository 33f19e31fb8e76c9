/**
 * Notices an answer that only repeats itself: small models fall into that and go on to the end of their context, which takes minutes on a
 * board. What people may want repeated (a ruler of dashes, a table of zeros, a refrain) is shorter than what counts here.
 */

/** What is looked at, characters. */
const TAIL_CHARACTERS = 4096;
/** It is looked at after so many new ones. */
const CHECK_CHARACTERS = 256;
/** The longest piece whose repetition is noticed. */
const PERIOD_MAX = 300;
/** As much has to be nothing but repetition, and as often. */
const REPEATED_CHARACTERS_MIN = 1500;
const REPEATS_MIN = 12;

/** One for each answer. */
export class RepetitionGuard {
  private tail = "";
  /** What has come since it was looked at last, by itself: to join it to the tail costs a copy of that. */
  private unchecked = "";

  /** Takes what came; true: the answer has come to do nothing but repeat itself. */
  push(text: string): boolean {
    this.unchecked += text;
    if (this.unchecked.length < CHECK_CHARACTERS) return false;
    this.tail = (this.tail + this.unchecked).slice(-TAIL_CHARACTERS);
    this.unchecked = "";
    return this.tail.length >= REPEATED_CHARACTERS_MIN && endsInRepetition(this.tail);
  }
}

/** Whether a text ends in one piece, again and again. */
function endsInRepetition(text: string): boolean {
  const end = text.length;
  const head = text.slice(end - REPEATED_CHARACTERS_MIN);
  // A period of the end is a period of its last part as well: few are left to be looked at from there on.
  for (const period of periodsOf(head)) {
    let start = end - REPEATED_CHARACTERS_MIN;
    while (start > 0 && text[start - 1] === text[start - 1 + period]) start--;
    if (end - start >= REPEATS_MIN * period) return true;
  }
  return false;
}

/** The lengths after which a text repeats itself, shortest first: it begins with what it ends with (its borders, by Knuth, Morris and Pratt). */
function* periodsOf(text: string): Generator<number> {
  const borders = new Int32Array(text.length);
  for (let at = 1, border = 0; at < text.length; at++) {
    while (border > 0 && text[at] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[at] === text[border]) border++;
    borders[at] = border;
  }
  for (let border = borders.at(-1) ?? 0; border > 0; border = borders[border - 1] ?? 0) {
    const period = text.length - border;
    if (period > PERIOD_MAX) return;
    yield period;
  }
}
