/** The reading end of the ring buffer of bridge.c: one ring per handle, read on the host's main thread only. */
import { toArrayBuffer } from "bun:ffi";

/** One result, copied out of the library's memory by the bridge. */
export interface RingRecord {
  /** The run it belongs to; a stale token names an earlier one. */
  run: number;
  /** Its place in the library's array of results. */
  member: number;
  /** CALL_STATE of abi.ts. */
  state: number;
  tokenId: number;
  /** A view into the ring, valid only inside the visit. Empty where the library gave NULL. */
  text: Uint8Array;
  /** Likewise; empty in all records but the one with an embedding run's vector. */
  vector: Float32Array;
  prefillMs: number;
  prefillTokens: number;
  decodeMs: number;
  decodeTokens: number;
  memoryMb: number;
}

/** Indices of the header's 32-bit words; bridge.c's Ring names the same. */
const WORD = { head: 0, tail: 16, stopped: 17, verdict: 18 } as const;
/** Offsets of a Record's 32-bit words; bridge.c's Record names the same. */
const FIELD = {
  bytes: 0,
  run: 1,
  state: 2,
  tokenId: 3,
  textBytes: 4,
  prefillMs: 5,
  prefillTokens: 6,
  decodeMs: 7,
  decodeTokens: 8,
  memoryMb: 9,
  vectorFloats: 10,
  member: 11,
} as const;
const RECORD_BYTES = 48;
const SKIP_TO_START = -1;

/** Reads what the result callback wrote, in order, without copying. */
export class Ring {
  readonly address: number;
  private readonly header: Uint32Array;
  private readonly ints: Int32Array;
  private readonly floats: Float32Array;
  private readonly bytes: Uint8Array;
  private readonly mask: number;

  /** @param address of a ring made by the bridge, which stays allocated as long as this object is used. */
  constructor(address: number, dataOffset: number, capacityBytes: number) {
    this.address = address;
    const data = toArrayBuffer(address, dataOffset, capacityBytes);
    this.header = new Uint32Array(toArrayBuffer(address, 0, dataOffset));
    this.ints = new Int32Array(data);
    this.floats = new Float32Array(data);
    this.bytes = new Uint8Array(data);
    this.mask = capacityBytes - 1;
  }

  /** Visits every record that is there, then frees their room. The record object is reused from visit to visit. */
  drain(visit: (record: RingRecord) => void): void {
    const head = Atomics.load(this.header, WORD.head);
    let tail = Atomics.load(this.header, WORD.tail);
    if (tail === head) return;
    const record: RingRecord = { ...EMPTY_RECORD };
    while (tail !== head) {
      const offset = tail & this.mask;
      const word = offset >> 2;
      const size = this.ints[word + FIELD.bytes]!;
      if (size === SKIP_TO_START) {
        tail = (tail + (this.mask + 1 - offset)) >>> 0;
        continue;
      }
      record.run = this.ints[word + FIELD.run]!;
      record.member = this.ints[word + FIELD.member]!;
      record.state = this.ints[word + FIELD.state]!;
      record.tokenId = this.ints[word + FIELD.tokenId]!;
      record.prefillMs = this.floats[word + FIELD.prefillMs]!;
      record.prefillTokens = this.ints[word + FIELD.prefillTokens]!;
      record.decodeMs = this.floats[word + FIELD.decodeMs]!;
      record.decodeTokens = this.ints[word + FIELD.decodeTokens]!;
      record.memoryMb = this.floats[word + FIELD.memoryMb]!;
      const start = offset + RECORD_BYTES;
      record.text = this.bytes.subarray(start, start + this.ints[word + FIELD.textBytes]!);
      const firstFloat = start >> 2;
      record.vector = this.floats.subarray(firstFloat, firstFloat + this.ints[word + FIELD.vectorFloats]!);
      visit(record);
      tail = (tail + size) >>> 0;
      Atomics.store(this.header, WORD.tail, tail);
    }
    Atomics.store(this.header, WORD.tail, tail);
  }

  /** Nobody will read again: a callback that waits for room gives up instead of hanging the library's thread. */
  stop(): void {
    Atomics.store(this.header, WORD.stopped, 1);
  }
}

const EMPTY_RECORD: RingRecord = {
  run: 0,
  member: 0,
  state: 0,
  tokenId: -1,
  text: new Uint8Array(0),
  vector: new Float32Array(0),
  prefillMs: 0,
  prefillTokens: 0,
  decodeMs: 0,
  decodeTokens: 0,
  memoryMb: 0,
};
