/** Writes the GGUF container, version 3. source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */

/** A metadata value with the type it is stored as. */
export type GgufEntry =
  | { readonly type: "u8" | "u32" | "i32" | "f32" | "u64"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string | Uint8Array }
  | { readonly type: "u32[]" | "i32[]" | "f32[]"; readonly value: readonly number[] }
  | { readonly type: "string[]"; readonly value: readonly (string | Uint8Array)[] };

/** An F32 tensor; `dims[0]` is the length of a contiguous row. */
export interface GgufTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

const TYPE_CODES = { u8: 0, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;
const ALIGNMENT = 32;

/** The bytes of a GGUF file. */
export function encodeGguf(metadata: ReadonlyMap<string, GgufEntry>, tensors: readonly GgufTensor[]): Uint8Array<ArrayBuffer> {
  const head = new ByteSink();
  head.u32(0x46554747);
  head.u32(3);
  head.u64(tensors.length);
  head.u64(metadata.size);
  for (const [key, entry] of metadata) writeEntry(head, key, entry);
  let offset = 0;
  for (const tensor of tensors) {
    head.string(tensor.name);
    head.u32(tensor.dims.length);
    for (const dim of tensor.dims) head.u64(dim);
    head.u32(0);
    head.u64(offset);
    offset += aligned(tensor.data.byteLength);
  }
  const dataStart = aligned(head.length);
  const file = new Uint8Array(dataStart + offset);
  file.set(head.bytes(), 0);
  let at = dataStart;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += aligned(data.byteLength);
  }
  return file;
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function writeEntry(sink: ByteSink, key: string, entry: GgufEntry): void {
  sink.string(key);
  switch (entry.type) {
    case "u32[]":
    case "i32[]":
    case "f32[]": {
      const type = entry.type === "u32[]" ? "u32" : entry.type === "i32[]" ? "i32" : "f32";
      sink.u32(TYPE_CODES.array);
      sink.u32(TYPE_CODES[type]);
      sink.u64(entry.value.length);
      for (const value of entry.value) sink.number(type, value);
      return;
    }
    case "string[]":
      sink.u32(TYPE_CODES.array);
      sink.u32(TYPE_CODES.string);
      sink.u64(entry.value.length);
      for (const value of entry.value) sink.string(value);
      return;
    case "string":
      sink.u32(TYPE_CODES.string);
      sink.string(entry.value);
      return;
    case "bool":
      sink.u32(TYPE_CODES.bool);
      sink.number("u8", entry.value ? 1 : 0);
      return;
    case "u8":
    case "u32":
    case "i32":
    case "f32":
    case "u64":
      sink.u32(TYPE_CODES[entry.type]);
      sink.number(entry.type, entry.value);
  }
}

/** A growing little-endian buffer. */
class ByteSink {
  length = 0;
  private view = new DataView(new ArrayBuffer(1 << 16));

  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, 0, this.length);
  }

  u32(value: number): void {
    this.number("u32", value);
  }

  u64(value: number): void {
    this.number("u64", value);
  }

  string(value: string | Uint8Array): void {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    this.u64(bytes.length);
    const at = this.claim(bytes.length);
    new Uint8Array(this.view.buffer).set(bytes, at);
  }

  number(type: "u8" | "u32" | "i32" | "f32" | "u64", value: number): void {
    const at = this.claim(type === "u8" ? 1 : type === "u64" ? 8 : 4);
    if (type === "u8") this.view.setUint8(at, value);
    else if (type === "u32") this.view.setUint32(at, value, true);
    else if (type === "i32") this.view.setInt32(at, value, true);
    else if (type === "f32") this.view.setFloat32(at, value, true);
    else this.view.setBigUint64(at, BigInt(value), true);
  }

  private claim(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.view.byteLength) {
      const larger = new Uint8Array(Math.max(this.length, this.view.byteLength * 2));
      larger.set(new Uint8Array(this.view.buffer, 0, at));
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
