/** Stop sequences as every dialect takes them. */
import { AppError } from "../core/errors.ts";

/** Characters of all stop sequences of a request: each becomes a state of the automaton that looks for them. */
const STOP_CHARACTERS_MAX = 16_384;

/** The sequences without empty ones, which would end every answer at once. Throws AppError invalid_request where there is too much to look for. */
export function stopSequences(texts: readonly string[], field: string): string[] {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > STOP_CHARACTERS_MAX) {
    throw new AppError("invalid_request", `The field "${field}" has ${characters} characters; at most ${STOP_CHARACTERS_MAX} are taken.`, {
      details: { field, fault: "value" },
    });
  }
  return texts.filter((text) => text !== "");
}
