/** Writes C structs by the layout tables, so that no offset stands anywhere else. */
import { ptr, type Pointer } from "bun:ffi";
import { assert, AppError } from "../../core/errors.ts";
import type { FieldLayout, ScalarType, StructLayout, StructLayouts, StructName } from "./struct-layouts.ts";

/**
 * Something a native call takes by address, and everything that must stay reachable while the library may read it. Holding this object is
 * enough; letting go of it early makes the address dangle.
 */
export interface NativeArgument {
  readonly address: Pointer;
  readonly keep: readonly unknown[];
}

/** A struct in memory of its own, with what its pointers lead to. */
export interface PackedStruct extends NativeArgument {
  readonly bytes: Uint8Array;
}

/**
 * Memory whose address never changes. `new Uint8Array(n)` will not do: JavaScriptCore keeps small arrays inside the heap and moves them out
 * when their `buffer` is first touched, which leaves the library with a pointer to nothing. An array over its own ArrayBuffer stays.
 */
export function nativeBytes(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

/** Throws AppError invalid_request when a text contains a NUL, which would silently cut it short. */
export function refuseNul(text: string): void {
  if (!text.includes("\0")) return;
  throw new AppError("invalid_request", "The text contains a NUL character, which the runtime cannot take. Remove it.");
}

/** A NUL-terminated UTF-8 string. Throws what `refuseNul` does. */
export function nativeString(text: string): NativeArgument {
  refuseNul(text);
  const encoded = new TextEncoder().encode(text);
  const bytes = nativeBytes(encoded.length + 1);
  bytes.set(encoded);
  return { address: ptr(bytes), keep: [bytes] };
}

/** A copy of token ids, so that nothing the caller does with its own array moves or changes what the library reads. */
export function nativeInt32s(values: Int32Array): NativeArgument {
  assert(values.length > 0, "an array for the runtime has at least one element");
  const bytes = nativeBytes(values.byteLength);
  new Int32Array(bytes.buffer).set(values);
  return { address: ptr(bytes), keep: [bytes] };
}

/**
 * Where a field lies, through structs inside structs: `extend_param.n_batch`, `perf.prefill_tokens`.
 * @returns its offset from the start of the outermost struct, and its type.
 */
export function fieldLayout(layouts: StructLayouts, name: StructName, path: string): FieldLayout {
  const fields = layoutOf(layouts, name).fields;
  const own = fields[path];
  if (own !== undefined) return own;
  const dot = path.indexOf(".");
  const outer = dot < 0 ? undefined : fields[path.slice(0, dot)];
  assert(outer !== undefined && typeof outer[1] === "string" && outer[1] in layouts, `${name} has a field ${path}`);
  const inner = fieldLayout(layouts, outer[1] as StructName, path.slice(dot + 1));
  return [outer[0] + inner[0], inner[1]];
}

/** The layout of a struct that this ABI must have. */
function layoutOf(layouts: StructLayouts, name: StructName): StructLayout {
  const layout = layouts[name];
  return layout ?? misuse(`this ABI has a struct ${name}`);
}

/** Fills one struct. Memory starts as zeros, so padding and fields that are never set are 0, NULL, false. */
export class StructWriter {
  readonly #layouts: StructLayouts;
  readonly #name: StructName;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #keep: unknown[];

  constructor(layouts: StructLayouts, name: StructName) {
    this.#layouts = layouts;
    this.#name = name;
    this.#bytes = nativeBytes(layoutOf(layouts, name).size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#keep = [this.#bytes];
  }

  /** Sets a number or boolean; the value must fit the field, there is no rounding or wrapping. */
  set(path: string, value: number | boolean): this {
    const [offset, type] = fieldLayout(this.#layouts, this.#name, path);
    if (!isScalar(type) || type === "ptr") return misuse(`${this.#name}.${path} is a number or a boolean`);
    this.#write(path, offset, type, value);
    return this;
  }

  /** Sets every field named; the names are those of C. */
  setAll(values: Readonly<Record<string, number | boolean>>): this {
    for (const [path, value] of Object.entries(values)) this.set(path, value);
    return this;
  }

  /** Makes a pointer field lead to `target` and keeps the target alive with the struct; null leaves it NULL. */
  point(path: string, target: NativeArgument | null): this {
    const [offset, type] = fieldLayout(this.#layouts, this.#name, path);
    if (type !== "ptr") return misuse(`${this.#name}.${path} is a pointer`);
    if (target === null) return this;
    this.#write(path, offset, "ptr", target.address);
    this.#keep.push(...target.keep);
    return this;
  }

  /** The finished struct. */
  pack(): PackedStruct {
    return { address: ptr(this.#bytes), bytes: this.#bytes, keep: this.#keep };
  }

  #write(path: string, offset: number, type: ScalarType, value: number | boolean): void {
    const scalar = SCALAR_WRITERS[type];
    if (!scalar.accepts(value)) return misuse(`${this.#name}.${path} takes ${String(value)} as ${type}`);
    scalar.write(this.#view, offset, Number(value));
  }
}

/** An invariant whose sentence is made only when it is broken: each run writes a score of fields. */
function misuse(invariant: string): never {
  assert(false, invariant);
}

function isScalar(type: FieldLayout[1]): type is ScalarType {
  return typeof type === "string" && type in SCALAR_WRITERS;
}

interface ScalarWriter {
  accepts(value: number | boolean): boolean;
  write(view: DataView, offset: number, value: number): void;
}

const integerBetween = (min: number, max: number) => (value: number | boolean) =>
  typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;

/** Little-endian, as every machine the runtime is built for. */
const SCALAR_WRITERS: Readonly<Record<ScalarType, ScalarWriter>> = {
  i8: { accepts: integerBetween(-0x80, 0x7f), write: (view, offset, value) => view.setInt8(offset, value) },
  u8: { accepts: integerBetween(0, 0xff), write: (view, offset, value) => view.setUint8(offset, value) },
  bool: { accepts: (value) => typeof value === "boolean", write: (view, offset, value) => view.setUint8(offset, value) },
  i32: { accepts: integerBetween(-0x8000_0000, 0x7fff_ffff), write: (view, offset, value) => view.setInt32(offset, value, true) },
  u32: { accepts: integerBetween(0, 0xffff_ffff), write: (view, offset, value) => view.setUint32(offset, value, true) },
  f32: {
    accepts: (value) => typeof value === "number" && Number.isFinite(Math.fround(value)),
    write: (view, offset, value) => view.setFloat32(offset, value, true),
  },
  size: { accepts: integerBetween(0, Number.MAX_SAFE_INTEGER), write: (view, offset, value) => writeUint64(view, offset, value) },
  ptr: { accepts: integerBetween(0, Number.MAX_SAFE_INTEGER), write: (view, offset, value) => writeUint64(view, offset, value) },
};

function writeUint64(view: DataView, offset: number, value: number): void {
  view.setBigUint64(offset, BigInt(value), true);
}
