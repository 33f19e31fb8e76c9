/** Objects of a stream that come by the hundred, and differ in a few texts alone. */
import type { JsonObject } from "./dialect.ts";

/** Such an object. What stands around its texts is spelled once for all pieces with the same `around`: to spell a token's whole object costs more than to read it. */
export class Piece {
  readonly around: (...texts: string[]) => JsonObject;
  readonly texts: readonly string[];

  /** @param around lays texts into the object, each once, and in the order in which they stand there */
  constructor(around: (...texts: string[]) => JsonObject, ...texts: readonly string[]) {
    this.around = around;
    this.texts = texts;
  }
}

/** What an encoder gives to be sent. */
export type Outgoing = JsonObject | Piece;
