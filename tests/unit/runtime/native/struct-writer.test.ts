import { describe, expect, test } from "bun:test";
import { AppError } from "../../../../src/core/errors.ts";
import { LAYOUTS_1_2, LAYOUTS_1_3, type StructLayouts } from "../../../../src/runtime/native/struct-layouts.ts";
import { fieldLayout, nativeInt32s, nativeString, StructWriter } from "../../../../src/runtime/native/struct-writer.ts";

/** One field of every scalar type, so that bounds and bytes can be seen side by side. */
const SCALARS: StructLayouts = {
  RKLLMParam: {
    size: 40,
    align: 8,
    fields: {
      i8: [0, "i8"],
      u8: [1, "u8"],
      bool: [2, "bool"],
      i32: [4, "i32"],
      u32: [8, "u32"],
      f32: [12, "f32"],
      size: [16, "size"],
      ptr: [24, "ptr"],
      inner: [32, "RKLLMLoraParam"],
    },
  },
  RKLLMLoraParam: { size: 8, align: 8, fields: { n: [4, "i32"] } },
};

const writer = () => new StructWriter(SCALARS, "RKLLMParam");

describe("StructWriter", () => {
  test("writes each type little-endian at its offset and leaves the rest zero", () => {
    const { bytes } = writer()
      .setAll({ i8: -2, u8: 254, bool: true, i32: -2, u32: 0xdead_beef, f32: 1.5, size: 0x1_0000_0002, "inner.n": 7 })
      .pack();
    const expected = "fe fe 01 00 fe ff ff ff ef be ad de 00 00 c0 3f 02 00 00 00 01 00 00 00" + " 00".repeat(12) + " 07 00 00 00";
    expect(bytes.toHex()).toBe(expected.replaceAll(" ", ""));
  });

  test.each([
    ["i8", -129],
    ["i8", 128],
    ["u8", 256],
    ["u8", -1],
    ["i32", 2_147_483_648],
    ["i32", 40.5],
    ["u32", -1],
    ["u32", 4_294_967_296],
    ["f32", Number.NaN],
    ["f32", 1e39],
    ["size", -1],
    ["size", 2 ** 53],
    ["bool", 1],
    ["i32", true],
    ["f32", false],
  ] as const)("refuses to write what %s cannot hold: %p", (field, value) => {
    expect(() => writer().set(field, value)).toThrow(`Broken invariant: RKLLMParam.${field} takes ${String(value)} as ${field}`);
  });

  test("refuses fields that the struct does not have", () => {
    expect(() => writer().set("missing", 1)).toThrow("RKLLMParam has a field missing");
    expect(() => writer().set("inner.missing", 1)).toThrow("RKLLMLoraParam has a field missing");
    expect(() => writer().set("i8.n", 1)).toThrow("RKLLMParam has a field i8.n");
    expect(() => new StructWriter(LAYOUTS_1_2, "RKLLMCallback")).toThrow("this ABI has a struct RKLLMCallback");
  });

  test("refuses a number where a pointer stands, and a pointer where a number or a struct stands", () => {
    expect(() => writer().set("ptr", 1)).toThrow("RKLLMParam.ptr is a number or a boolean");
    expect(() => writer().set("inner", 1)).toThrow("RKLLMParam.inner is a number or a boolean");
    expect(() => writer().point("i32", nativeString(""))).toThrow("RKLLMParam.i32 is a pointer");
  });

  test("keeps what it points to, and what that points to", () => {
    const leaf = nativeString("leaf");
    const middle = writer().point("ptr", leaf).pack();
    const outer = writer().point("ptr", middle).pack();
    expect(outer.keep).toEqual([outer.bytes, middle.bytes, ...leaf.keep]);
    expect(new DataView(outer.bytes.buffer).getBigUint64(24, true)).toBe(BigInt(middle.address));
  });

  test("a pointer to nothing is NULL", () => {
    expect(writer().point("ptr", null).pack().bytes).toEqual(new Uint8Array(40));
  });
});

describe("nativeString()", () => {
  test("is UTF-8 and ends with a zero byte", () => {
    expect(nativeString("ö€").keep).toEqual([Uint8Array.of(0xc3, 0xb6, 0xe2, 0x82, 0xac, 0)]);
    expect(nativeString("").keep).toEqual([Uint8Array.of(0)]);
  });

  test("refuses a text that would be cut short", () => {
    let thrown: unknown;
    try {
      nativeString("a\0b");
    } catch (error) {
      thrown = error;
    }
    expect(AppError.from(thrown).toRecord()).toEqual({
      code: "invalid_request",
      message: "The text contains a NUL character, which the runtime cannot take. Remove it.",
      details: {},
    });
  });
});

test("nativeInt32s() refuses an empty array, which has no address", () => {
  expect(() => nativeInt32s(new Int32Array())).toThrow("at least one element");
});

test("fieldLayout() adds up the offsets of structs inside structs", () => {
  expect(fieldLayout(LAYOUTS_1_2, "RKLLMParam", "extend_param.n_batch")).toEqual([100, "u8"]);
  expect(fieldLayout(LAYOUTS_1_3, "RKLLMParam", "extend_param.n_batch")).toEqual([72, "u8"]);
  expect(fieldLayout(LAYOUTS_1_3, "RKLLMResult", "perf.memory_usage_mb")).toEqual([64, "f32"]);
  expect(fieldLayout(LAYOUTS_1_3, "RKLLMInput", "multimodal_input.image.n_image")).toEqual([40, "size"]);
});
