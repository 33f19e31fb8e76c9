/**
 * What stands in front of the weights of a GGUF file: metadata and the list of tensors.
 * source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * A vocabulary is the bulk of it: hundreds of thousands of strings. Arrays are therefore kept as bytes and positions and decoded when asked for.
 */
import { closeSync, openSync } from "node:fs";
import { AppError } from "../core/errors.ts";
import { GgufHead } from "./gguf-head.ts";
import { type GgufTensorInfo, readTensors, tensorDataBytes } from "./gguf-tensors.ts";

/** Many strings as they lie in the file, UTF-8, not yet decoded. */
export interface GgufStrings {
  readonly count: number;
  /** The array's part of the file. String `i` is at `starts[i]` up to `starts[i + 1] - gap`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array;
  /** Bytes between two strings. */
  readonly gap: number;
}

/** A single value; 64-bit integers are exact up to 2^53. */
export type GgufScalar = string | number | boolean;

interface ArrayEntry {
  readonly elementType: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  /** Of string arrays: where each string begins, and 8 bytes past the last one's end. */
  readonly starts?: Uint32Array;
}

const MAGIC = 0x46554747;
const STRING = 8;
const ARRAY = 9;
const LENGTH_BYTES = 8;
/** Bytes of each type of fixed size, by its number. */
const SIZES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const ALIGNMENT = 32;

/** The head of an opened file. The file itself is closed: nothing is read later. */
export class GgufFile {
  readonly path: string;
  readonly fileBytes: number;
  readonly version: number;
  /** Shapes of all tensors; vocabularies without weights have none. */
  readonly tensors: readonly GgufTensorInfo[];
  /** Where the tensor data begins. */
  readonly dataStart: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #scalars = new Map<string, GgufScalar>();
  readonly #arrays = new Map<string, ArrayEntry>();

  /** Use `openGguf`. */
  constructor(head: GgufHead) {
    this.path = head.path;
    this.fileBytes = head.fileBytes;
    if (head.fileBytes < 24 || head.u32() !== MAGIC) head.fail("is not a GGUF file. Download it again.");
    this.version = head.u32();
    if (this.version !== 2 && this.version !== 3) {
      head.fail(`has GGUF version ${this.version}; versions 2 and 3, little-endian, can be read. Convert the model again.`);
    }
    const tensorCount = head.u64();
    const valueCount = head.u64();
    head.expect(valueCount, LENGTH_BYTES + 5, "metadata values");
    for (let i = 0; i < valueCount; i++) this.#readEntry(head);
    head.expect(tensorCount, LENGTH_BYTES + 16, "tensors");
    this.tensors = readTensors(head, tensorCount);
    const alignment = this.number("general.alignment") ?? ALIGNMENT;
    if (!(alignment >= 1)) head.fail("is damaged: its alignment is zero. Download it again.");
    this.dataStart = Math.ceil(head.position / alignment) * alignment;
    this.#bytes = head.bytes;
    const bytesMin = this.dataStart + tensorDataBytes(this.tensors);
    if (this.tensors.length > 0 && this.fileBytes < bytesMin) {
      head.fail(`is not complete: it has ${this.fileBytes} of at least ${bytesMin} bytes. Download it again.`);
    }
  }

  /** `llama`, `qwen3`, …; "" where the file names none. */
  get architecture(): string {
    return this.string("general.architecture") ?? "";
  }

  /** Names of all metadata values. */
  keys(): string[] {
    return [...this.#scalars.keys(), ...this.#arrays.keys()];
  }

  /** A single value; undefined where there is none, or an array. */
  get(key: string): GgufScalar | undefined {
    return this.#scalars.get(key);
  }

  string(key: string): string | undefined {
    const value = this.#scalars.get(key);
    return typeof value === "string" ? value : undefined;
  }

  number(key: string): number | undefined {
    const value = this.#scalars.get(key);
    return typeof value === "number" ? value : undefined;
  }

  boolean(key: string): boolean | undefined {
    const value = this.#scalars.get(key);
    return typeof value === "boolean" ? value : undefined;
  }

  /** An array of strings, undecoded; a copy that does not hold on to the rest of the file. */
  strings(key: string): GgufStrings | undefined {
    const entry = this.#arrays.get(key);
    if (entry?.starts === undefined) return undefined;
    const bytes = this.#bytes.slice(entry.start, entry.end);
    const starts = entry.starts.map((at) => at - entry.start);
    return { count: entry.count, bytes, starts, gap: LENGTH_BYTES };
  }

  /** An array of numbers; undefined where there is none, or one of 64-bit integers. */
  numbers(key: string): Int32Array | Uint32Array | Float32Array | Float64Array | undefined {
    const entry = this.#arrays.get(key);
    if (entry === undefined) return undefined;
    const copy = this.#bytes.slice(entry.start, entry.end);
    const { buffer } = copy;
    switch (entry.elementType) {
      case 0:
      case 7:
        return Int32Array.from(copy);
      case 1:
        return Int32Array.from(new Int8Array(buffer));
      case 2:
        return Int32Array.from(new Uint16Array(buffer));
      case 3:
        return Int32Array.from(new Int16Array(buffer));
      case 4:
        return new Uint32Array(buffer);
      case 5:
        return new Int32Array(buffer);
      case 6:
        return new Float32Array(buffer);
      case 12:
        return new Float64Array(buffer);
      default:
        return undefined;
    }
  }

  #readEntry(head: GgufHead): void {
    const key = head.string();
    const type = head.u32();
    if (this.#scalars.has(key) || this.#arrays.has(key)) head.fail(`is damaged: its metadata names ${JSON.stringify(key)} twice.`);
    if (type === ARRAY) this.#arrays.set(key, readArray(head, key));
    else this.#scalars.set(key, readScalar(head, key, type));
  }
}

/**
 * Reads the head of a GGUF file. Takes time and memory in proportion to the vocabulary, not to the weights.
 * Throws AppError model_file_invalid for what is not a whole GGUF file, and where it cannot be read, with what the file system says as its cause.
 */
export function openGguf(path: string): GgufFile {
  try {
    const fd = openSync(path, "r");
    try {
      return new GgufFile(new GgufHead(path, fd));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The system's own words repeat the path.
    const reason = isSystemError(error) ? error.code : String(error);
    throw new AppError("model_file_invalid", `${path} cannot be read: ${reason}.`, { cause: error });
  }
}

/** Whether the system could not do what it was asked, as for want of a file, a right or room. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "errno" in error && "code" in error;
}

function readScalar(head: GgufHead, key: string, type: number): GgufScalar {
  switch (type) {
    case 0:
      return head.u8();
    case 1:
      return head.i8();
    case 2:
      return head.u16();
    case 3:
      return head.i16();
    case 4:
      return head.u32();
    case 5:
      return head.i32();
    case 6:
      return head.f32();
    case 7:
      return head.u8() !== 0;
    case STRING:
      return head.string();
    case 10:
      return head.u64();
    case 11:
      return head.i64();
    case 12:
      return head.f64();
    default:
      return head.fail(`is damaged: ${JSON.stringify(key)} is of the unknown type ${type}. Download it again.`);
  }
}

function readArray(head: GgufHead, key: string): ArrayEntry {
  const elementType = head.u32();
  const count = head.u64();
  const size = elementType === STRING ? LENGTH_BYTES : SIZES[elementType];
  if (size === undefined) return head.fail(`is damaged: ${JSON.stringify(key)} is an array of the unknown type ${elementType}.`);
  head.expect(count, size, `elements of ${JSON.stringify(key)}`);
  if (elementType !== STRING) {
    const start = head.skip(count * size);
    return { elementType, count, start, end: head.position };
  }
  const start = head.position;
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const length = head.u64();
    starts[i] = head.skip(length);
  }
  starts[count] = head.position + LENGTH_BYTES;
  return { elementType, count, start, end: head.position, starts };
}
