import { expect, spyOn, test } from "bun:test";
import crypto from "node:crypto";
import { keyEnding, ownerOf, presentedKeys } from "../../../../src/api/access/presented-keys.ts";

test.each<[Record<string, string>, readonly string[]]>([
  [{}, []],
  [{ authorization: "Bearer K" }, ["K"]],
  [{ authorization: "bearer K" }, ["K"]],
  [{ authorization: "BEARER   K  " }, ["K"]],
  [{ authorization: "K" }, ["K"]],
  [{ authorization: "BearerK" }, ["BearerK"]],
  [{ "x-api-key": "K" }, ["K"]],
  [{ "api-key": " K " }, ["K"]],
  [{ authorization: "Bearer" }, []],
  [{ authorization: "Bearer ", "x-api-key": "K" }, ["K"]],
  [{ authorization: "Bearer one", "x-api-key": "two", "api-key": "one" }, ["one", "two"]],
])("%p presents %p", (headers, keys) => {
  expect(presentedKeys(new Headers(headers))).toEqual([...keys]);
});

const key = (name: string) => ({ name, sha256: new Uint8Array(crypto.createHash("sha256").update(`key of ${name}`).digest()) });
const KEYS = [key("a"), key("b"), key("c")];

test("a key belongs to the one whose hash it has", () => {
  expect([["key of b"], ["wrong", "key of c"], ["key of d"], ["key of "], [""], []].map((given) => ownerOf(given, KEYS))).toEqual([
    "b",
    "c",
    null,
    null,
    null,
    null,
  ]);
});

test("every key is compared in constant time, wherever the right one stands", () => {
  const compare = spyOn(crypto, "timingSafeEqual");
  try {
    const comparisons = ["key of a", "key of c", "wrong"].map((given) => {
      compare.mockClear();
      ownerOf([given], KEYS);
      return compare.mock.calls.map(([left, right]) => [left.byteLength, right.byteLength]);
    });
    const each = KEYS.map(() => [32, 32]);
    expect(comparisons).toEqual([each, each, each]);
  } finally {
    compare.mockRestore();
  }
});

test("an error shows four characters of a long key, and nothing of a short or odd one", () => {
  expect(["rl-0123456789abcdef", "0123456789abcde", "four", "0123456789abc\u0001\ndef", "0123456789abc<b>"].map(keyEnding)).toEqual([
    ": …cdef",
    "",
    "",
    "",
    "",
  ]);
});
