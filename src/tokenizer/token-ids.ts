/** A growing list of token ids. */
export class TokenIds {
  length = 0;
  #ids = new Int32Array(256);

  push(id: number): void {
    if (this.length === this.#ids.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.length++] = id;
  }

  /** The ids from `start` on, copied. */
  slice(start = 0): Int32Array {
    return this.#ids.slice(start, this.length);
  }
}
