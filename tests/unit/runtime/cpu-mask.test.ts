import { expect, test } from "bun:test";
import type { Soc } from "../../../src/core/model.ts";
import { coresIn, maskFor } from "../../../src/runtime/cpu-mask.ts";

test.each<[Soc | null, readonly number[]]>([
  ["rk3588", [0x10, 0x30, 0xf0, 0xf3, 0xff]],
  ["rk3576", [0x10, 0x30, 0xf0, 0xf3, 0xff]],
  ["rk3562", [0x01, 0x03, 0x0f, 0x0f, 0x0f]],
  ["rv1126b", [0x01, 0x03, 0x0f, 0x0f, 0x0f]],
  [null, [0x01, 0x03, 0x0f, 0x3f, 0xff]],
])("as many cores as threads, as far as there are so many, the big ones first: %s", (soc, masks) => {
  expect([1, 2, 4, 6, 8].map((threads) => maskFor(threads, soc))).toEqual([...masks]);
});

test("a mask's cores are counted, up to the last bit", () => {
  expect([0, 1, 0xf0, 0xffff_ffff].map(coresIn)).toEqual([0, 1, 4, 32]);
});
