/** What a vocabulary makes of a text, and what it can say of token ids. */
import type { ControlText } from "../chat/control-text.ts";
import { AppError } from "../core/errors.ts";
import type { PromptSegment, Tokenizer } from "../core/prompt.ts";
import { INSPECTED_BYTES_MAX, type Inspected, type Inspection } from "../core/runtime.ts";

/** The tokens of a text. Throws AppError invalid_request for one that is too long. */
export function inspectText(question: Extract<Inspection, { kind: "text" }>, tokenizer: Tokenizer, control: ControlText): Inspected {
  const { text, addSpecial, parseSpecial, pieces } = question;
  const bytes = Buffer.byteLength(text);
  if (bytes > INSPECTED_BYTES_MAX) {
    throw new AppError(
      "invalid_request",
      `The text has ${bytes} bytes; at most ${INSPECTED_BYTES_MAX} are tokenized at once. Send it in parts.`,
    );
  }
  const segments: PromptSegment[] = parseSpecial ? control.split(text) : [{ kind: "plain", text }];
  const encoded = tokenizer.encode(segments);
  const ids = addSpecial ? withTextEnd(encoded, tokenizer) : withoutBos(encoded, segments, tokenizer);
  return { text, ids: [...ids], pieces: pieces ? piecesOf(ids, tokenizer) : [] };
}

/** The text of token ids, all of which the vocabulary has; control tokens are spelled out. */
export function textOfIds(ids: Int32Array, tokenizer: Tokenizer): string {
  return Buffer.concat(Array.from(ids, (id) => tokenizer.tokenBytes(id))).toString("utf8");
}

/** What each token stands for. */
export function piecesOf(ids: Int32Array, tokenizer: Tokenizer): Inspected["pieces"] {
  return Array.from(ids, (id) => pieceOf(tokenizer.tokenBytes(id)));
}

/** With the token that the model wants behind a text that is embedded. */
export function withTextEnd(ids: Int32Array, { textEndId }: Tokenizer): Int32Array {
  return textEndId === null || ids.at(-1) === textEndId ? ids : Int32Array.from([...ids, textEndId]);
}

/** The tokenizer puts BOS in front where the model wants one and the text does not begin with it. */
function withoutBos(ids: Int32Array, segments: readonly PromptSegment[], tokenizer: Tokenizer): Int32Array {
  const [first] = segments;
  const ownBos = first?.kind === "control" && first.text === tokenizer.bosToken;
  return tokenizer.addBos && !ownBos ? ids.slice(1) : ids;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function pieceOf(bytes: Uint8Array): string | readonly number[] {
  try {
    return STRICT.decode(bytes);
  } catch {
    return [...bytes];
  }
}
