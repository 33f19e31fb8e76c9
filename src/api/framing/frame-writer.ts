/** Lays the objects of one stream on the wire. */
import { assert } from "../../core/errors.ts";
import type { Framing } from "../dialect.ts";
import { Piece, type Outgoing } from "../piece.ts";

/** Stands where a text will: no name and no id is this. */
const MARK = "\0";
const SPELLED_MARK = JSON.stringify(MARK);

/** One for each stream. */
export class FrameWriter {
  readonly #framing: Framing;
  /** Of the last piece; the next is mostly of its kind. */
  #around: Piece["around"] | null = null;
  /** What stands before, between and behind its texts. */
  #parts: readonly string[] = [];

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** The frames of these objects. */
  write(objects: readonly Outgoing[]): string {
    let frames = "";
    for (const object of objects) frames += object instanceof Piece ? this.#fill(object) : this.#framing.frame(object);
    return frames;
  }

  #fill({ around, texts }: Piece): string {
    if (around !== this.#around) {
      this.#parts = this.#framing.frame(around(...texts.map(() => MARK))).split(SPELLED_MARK);
      assert(this.#parts.length === texts.length + 1, "a piece holds each of its texts once");
      this.#around = around;
    }
    let frame = this.#parts[0] ?? "";
    for (let at = 0; at < texts.length; at++) frame += JSON.stringify(texts[at]) + (this.#parts[at + 1] ?? "");
    return frame;
  }
}
