/** What a long text in JSON would become, told before it is parsed: the parser takes seconds for what is made of brackets alone, and nobody is answered meanwhile. */

/** Texts shorter than this are parsed at once whatever they hold; characters. */
const CHECKED_LENGTH_MIN = 65_536;
/** Levels of nesting; what is read of a body has fewer. */
const DEPTH_MAX = 1000;
/** Objects and arrays in one body. */
const CONTAINERS_MAX = 1_000_000;
/** Names in all objects together: each costs as much as many values. */
const KEYS_MAX = 250_000;

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** Why the text is not to be parsed, as the end of a sentence; null where it may be. What is no JSON is left to the parser. */
export function outlineFault(text: string): string | null {
  if (text.length < CHECKED_LENGTH_MIN) return null;
  let depth = 0;
  let containers = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) {
      at = endOfString(text, at);
    } else if (sign === OPENING_BRACKET || sign === OPENING_BRACE) {
      depth += 1;
      containers += 1;
      if (depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX} levels`;
      if (containers > CONTAINERS_MAX) return `has more than ${CONTAINERS_MAX} objects and arrays`;
    } else if (sign === COLON) {
      keys += 1;
      if (keys > KEYS_MAX) return `has more than ${KEYS_MAX} keys`;
    } else if (sign === CLOSING_BRACKET || sign === CLOSING_BRACE) {
      depth -= 1;
    }
  }
  return null;
}

/** Where the string that begins at a quote ends: at its closing quote, or with the text. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
