/**
 * Finds and reads one JSON value in a model's answer while it streams: it is known to be complete at its last character, and to be
 * hopeless at the first that cannot be right, so that neither costs the model another token. An object with every key that it may have is
 * complete, too, where the model would go on with one more.
 */
import { PROSE_LENGTH_MAX } from "./json-limits.ts";
import type { JsonSchema } from "./json-schema.ts";
import { JsonScanner, NOT_JSON, type Step, isBlank, typeBegunBy } from "./json-scanner.ts";
import { createSchemaCursor } from "./schema-cursor.ts";
import { typeFault } from "./schema-fault.ts";
import { ANY_TYPE, type JsonType, TYPE_BITS } from "./schema-node.ts";

/** What is known so far. Once it is not `open` it stays as it is. `fault` is a sentence fragment for the model and for people. */
export type JsonProgress =
  | { readonly state: "open" }
  /**
   * `text` is the value as the model wrote it, without what stood around it, or up to where it had to end. Control characters in strings
   * are spelled as JSON wants them, which models that are held to a grammar cannot but do.
   */
  | { readonly state: "complete"; readonly text: string; readonly value: unknown }
  | { readonly state: "impossible"; readonly fault: string };

/** Reads one answer. Time and memory grow with its length alone, however it is cut. */
export interface JsonReader {
  push(text: string): JsonProgress;
  /** The answer has ended: never `open`. */
  end(): JsonProgress;
}

/** What the value must be. */
export interface JsonReaderOptions {
  /** Null: any value of JSON. */
  readonly schema: JsonSchema | null;
  /** Only an object will do, whatever the schema says. */
  readonly objectOnly: boolean;
}

/**
 * Blanks, the first line of a code fence and, where the value is an array or an object, up to PROSE_LENGTH_MAX characters of other words
 * are passed over in front of the value; what stands behind it is not looked at.
 */
export function createJsonReader({ schema, objectOnly }: JsonReaderOptions): JsonReader {
  const cursor = createSchemaCursor(schema);
  const prelude = new Prelude(cursor.types(cursor.root) & (objectOnly ? TYPE_BITS.object : ANY_TYPE));
  const scanner = new JsonScanner(cursor);
  let text = "";
  let type: JsonType | undefined;
  let progress: JsonProgress = { state: "open" };

  const settle = (step: Step): JsonProgress => {
    if (step === "open") return { state: "open" };
    if (typeof step === "object") return { state: "impossible", fault: step.fault };
    const value: unknown = JSON.parse(text);
    const fault = schema?.fault(value) ?? null;
    return fault === null ? { state: "complete", text, value } : { state: "impossible", fault };
  };

  return {
    push: (piece) => {
      if (progress.state !== "open") return progress;
      let from = 0;
      for (let at = 0; at < piece.length; at++) {
        const character = piece.charAt(at);
        if (type === undefined) {
          const begun = prelude.step(character);
          if (begun === null) continue;
          if (typeof begun === "object") return (progress = { state: "impossible", fault: begun.fault });
          type = begun;
          from = at;
        }
        if (scanner.mustEscape(character)) {
          const spelled = JSON.stringify(character).slice(1, -1);
          text += piece.slice(from, at) + spelled;
          from = at + 1;
          for (const each of spelled) scanner.step(each);
          continue;
        }
        const step = scanner.step(character);
        if (step === "open") continue;
        text += piece.slice(from, step === "done" ? at + 1 : at);
        // What a grammar would have made the model write.
        if (step === "full") text += "}";
        return (progress = settle(step));
      }
      if (type !== undefined) text += piece.slice(from);
      return progress;
    },
    end: () => {
      if (progress.state !== "open") return progress;
      progress = type === undefined ? { state: "impossible", fault: NOT_JSON } : settle(scanner.end());
      if (progress.state === "open") progress = { state: "impossible", fault: unfinished(type) };
      return progress;
    },
  };
}

function unfinished(type: JsonType | undefined): string {
  if (type === "object" || type === "array") return `the ${type} does not end`;
  return type === "string" ? "the text does not end" : NOT_JSON;
}

/** What stands in front of the value. */
class Prelude {
  private readonly types: number;
  /** Characters passed over that are neither blank nor a fence. */
  private words = 0;
  /** The same, the fence's line included. */
  private passed = 0;
  private fence: "none" | "open" | "passed" = "none";

  /** @param types What the value may be, a set of TYPE_BITS. */
  constructor(types: number) {
    this.types = types;
  }

  /** The type of the value that begins with this character, null while none does, or why none can any more. */
  step(character: string): JsonType | null | { fault: string } {
    const type = typeBegunBy(character);
    if (type === "object" || type === "array") return this.allows(TYPE_BITS[type]) ? type : { fault: typeFault([], this.types, type) };
    if (this.fence === "open") {
      if (character === "\n") this.fence = "passed";
      return this.passOver();
    }
    if (this.words === 0) {
      if (isBlank(character) || character === "\ufeff") return null;
      if (type !== undefined && this.allows(TYPE_BITS[type])) return type;
      if (character === "`" && this.fence === "none") {
        this.fence = "open";
        return null;
      }
    }
    if (this.allows(TYPE_BITS.object | TYPE_BITS.array)) {
      this.words += 1;
      return this.passOver();
    }
    return { fault: type === undefined ? NOT_JSON : typeFault([], this.types, type) };
  }

  private passOver(): null | { fault: string } {
    this.passed += 1;
    if (this.passed <= PROSE_LENGTH_MAX) return null;
    return { fault: this.allows(ANY_TYPE - TYPE_BITS.object) ? NOT_JSON : "there is text around the object" };
  }

  private allows(types: number): boolean {
    return (this.types & types) !== 0;
  }
}
