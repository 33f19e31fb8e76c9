/** User-defined tokens: found in any text before it is cut into words. */

interface UserToken {
  readonly text: string;
  readonly id: number;
}

/** A stretch of text, or a token found in it. */
export type TextPart = { readonly text: string } | { readonly id: number };

/** Tokens that begin alike share one look into the text. */
const PREFIX_LENGTH = 4;

/** The user-defined tokens of a vocabulary. */
export class UserTokens {
  /** Longest first: where two overlap the longer one is found, as in llama.cpp. */
  readonly #tokens: readonly (UserToken & { readonly prefix: string })[];

  constructor(tokens: readonly UserToken[]) {
    const encoder = new TextEncoder();
    this.#tokens = tokens
      .filter(({ text }) => text !== "")
      .map((token) => ({ ...token, prefix: token.text.slice(0, PREFIX_LENGTH), bytes: encoder.encode(token.text).length }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  /** Cuts the user-defined tokens out of a text. */
  split(text: string): readonly TextPart[] {
    let parts: readonly TextPart[] = text === "" ? [] : [{ text }];
    const present = new Map<string, boolean>();
    for (const token of this.#tokens) {
      let isPresent = present.get(token.prefix);
      if (isPresent === undefined) present.set(token.prefix, (isPresent = text.includes(token.prefix)));
      if (isPresent && text.includes(token.text)) parts = parts.flatMap((part) => ("text" in part ? cut(part.text, token) : [part]));
    }
    return parts;
  }
}

function cut(text: string, token: UserToken): TextPart[] {
  const parts: TextPart[] = [];
  for (const [index, piece] of text.split(token.text).entries()) {
    if (index > 0) parts.push({ id: token.id });
    if (piece !== "") parts.push({ text: piece });
  }
  return parts;
}
