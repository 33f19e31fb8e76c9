/**
 * Regular expressions of tokenizers as JavaScript's. They are written for Oniguruma or Rust, where `\s`, `\d` and `\h` mean Unicode's classes
 * (JavaScript's `\s` takes U+FEFF for a space and U+0085 for none) and scripts are named without `Script=`.
 */

/** Unicode's White_Space, as the inside of a class. */
const WHITE_SPACE = String.raw`\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

/** Properties that JavaScript knows by the same name. */
const GENERAL_CATEGORY = /^(?:[LMNPSZC][a-z]?|LC)$/;

/** Escapes by their letter: outside of a class, and inside of one where that differs. */
const CLASSES: Readonly<Record<string, readonly [outside: string, inside: string | null]>> = {
  s: [`[${WHITE_SPACE}]`, WHITE_SPACE],
  S: [`[^${WHITE_SPACE}]`, null],
  d: [String.raw`\p{Nd}`, String.raw`\p{Nd}`],
  D: [String.raw`\P{Nd}`, String.raw`\P{Nd}`],
  h: ["[0-9a-fA-F]", "0-9a-fA-F"],
  A: ["^", null],
  z: ["$", null],
  Z: ["$", null],
};

/** Escapes and characters that are taken over as they are. */
const KEPT_ESCAPES = /[nrtfvbBwW0xucpP^$\\.*+?()[\]{}|/-]/;

/** A pattern for `splitWords`. Throws SyntaxError for what JavaScript cannot express. */
export function splitPattern(source: string): RegExp {
  let result = "";
  let inClass = false;
  /** The last thing written was a quantifier. */
  let quantified = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? "";
    const wasQuantified = quantified;
    quantified = false;
    if (character === "\\") {
      const escape = source[++at] ?? "";
      const property = escape === "p" || escape === "P" ? /^\{(\^?)(\w+)\}/.exec(source.slice(at + 1)) : null;
      result += property === null ? translatedEscape(escape, inClass) : translatedProperty(escape, property);
      at += property?.[0].length ?? 0;
    } else if (inClass) {
      if (character === "[" || (character === "&" && source[at + 1] === "&")) throw new SyntaxError(`nested class in ${source}`);
      inClass = character !== "]";
      result += character;
    } else if (character === "[") {
      inClass = true;
      result += "[";
      if (source[at + 1] === "^") result += source[++at] ?? "";
    } else if (character === "{") {
      const end = source.indexOf("}", at);
      result += source.slice(at, end + 1);
      at = end;
      quantified = true;
    } else if (character === "+" && wasQuantified) {
      // A possessive quantifier; the patterns in use match the same without.
    } else {
      result += character;
      quantified = "+*?".includes(character) && !result.endsWith("(?");
    }
  }
  return new RegExp(result, "gu");
}

/** A pattern that matches a text itself. */
export function literalPattern(text: string): RegExp {
  return new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, String.raw`\$&`), "gu");
}

function translatedProperty(escape: string, [, negation, name = ""]: RegExpExecArray): string {
  return `\\${negation === "^" ? "P" : escape}{${GENERAL_CATEGORY.test(name) ? name : `Script=${name}`}}`;
}

function translatedEscape(escape: string, inClass: boolean): string {
  const known = CLASSES[escape];
  if (known !== undefined) {
    const translated = inClass ? known[1] : known[0];
    if (translated === null) throw new SyntaxError(`\\${escape} inside a class`);
    return translated;
  }
  // With the `u` flag only syntax characters may be escaped.
  return KEPT_ESCAPES.test(escape) && (escape !== "-" || inClass) ? `\\${escape}` : escape;
}
