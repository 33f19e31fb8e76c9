/**
 * Reads the head of a GGUF file from its beginning, as far as it is asked for and no further: the weights are never read.
 * Every length in the file is checked against what is left of the file before anything is allocated.
 */
import { fstatSync, readSync } from "node:fs";
import { AppError } from "../core/errors.ts";

/** A U+FEFF at the beginning is text like any other. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const FIRST_READ_BYTES = 1 << 20;
/** Vocabularies of 260,000 tokens with their merges take about 20 MB; what goes beyond this is damage. */
const HEAD_BYTES_MAX = 256 << 20;

/** A position in a file that moves on as values are read. */
export class GgufHead {
  readonly path: string;
  readonly fileBytes: number;
  position = 0;
  readonly #fd: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #filled = 0;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    this.fileBytes = fstatSync(fd).size;
    this.#buffer = new Uint8Array(Math.min(FIRST_READ_BYTES, this.fileBytes));
    this.#view = new DataView(this.#buffer.buffer);
    this.#fill();
  }

  /** What has been read so far; good until the next value is read. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#filled);
  }

  /** Throws AppError model_file_invalid. */
  fail(fault: string): never {
    throw new AppError("model_file_invalid", `${this.path} ${fault}`);
  }

  /** Steps over `size` bytes and returns where they began. */
  skip(size: number): number {
    const at = this.position;
    this.#need(size);
    this.position = at + size;
    return at;
  }

  /** Fails unless `count` things of at least `sizeMin` bytes each can still come. */
  expect(count: number, sizeMin: number, what: string): void {
    if (count * sizeMin <= Math.min(this.fileBytes, HEAD_BYTES_MAX) - this.position) return;
    this.fail(`is damaged or not complete: it announces ${count} ${what}, more than it can hold. Download it again.`);
  }

  u8(): number {
    return this.#view.getUint8(this.#at(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#at(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#at(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#at(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#at(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#at(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#at(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#at(8), true);
  }

  /** Exact up to 2^53. */
  u64(): number {
    const at = this.#at(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Exact up to 2^53. */
  i64(): number {
    const at = this.#at(8);
    return this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * 2 ** 32;
  }

  string(): string {
    const length = this.u64();
    const at = this.skip(length);
    return DECODER.decode(this.#buffer.subarray(at, at + length));
  }

  /** Like `skip`, for fixed-size values. */
  #at(size: number): number {
    const at = this.position;
    if (at + size > this.#filled) this.#need(size);
    this.position = at + size;
    return at;
  }

  #need(size: number): void {
    const end = this.position + size;
    if (end <= this.#filled) return;
    if (end > this.fileBytes) this.fail("is damaged or not complete: it ends in the middle of its metadata. Download it again.");
    if (end > HEAD_BYTES_MAX) this.fail(`is damaged: its metadata goes beyond ${HEAD_BYTES_MAX >> 20} MiB. Download it again.`);
    const larger = new Uint8Array(Math.min(this.fileBytes, Math.max(end, this.#buffer.length * 2)));
    larger.set(this.bytes);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
    this.#fill();
  }

  #fill(): void {
    while (this.#filled < this.#buffer.length) {
      const count = readSync(this.#fd, this.#buffer, this.#filled, this.#buffer.length - this.#filled, this.#filled);
      if (count === 0) this.fail("became shorter while it was read. Wait until it is complete, then try again.");
      this.#filled += count;
    }
  }
}
