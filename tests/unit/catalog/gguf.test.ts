import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { type GgufStrings, openGguf } from "../../../src/catalog/gguf.ts";
import { AppError } from "../../../src/core/errors.ts";
import { encodeGguf, type GgufEntry, type GgufTensor } from "../../support/gguf-writer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { writeTinyGguf } from "../../support/tiny-gguf.ts";

const folder = temporaryFolder();

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function ggufWith(metadata: Record<string, GgufEntry>, tensors: readonly GgufTensor[] = []): string {
  return write("given.gguf", encodeGguf(new Map(Object.entries(metadata)), tensors));
}

function tinyBytes(): Uint8Array {
  const path = join(folder, "tiny.gguf");
  writeTinyGguf(path, { layers: 1, dim: 32 });
  return readFileSync(path);
}

function decodeStrings({ count, bytes, starts, gap }: GgufStrings): string[] {
  return Array.from({ length: count }, (_, i) => new TextDecoder().decode(bytes.subarray(starts[i], (starts[i + 1] ?? 0) - gap)));
}

/** The message a file is refused with; anything but a refusal fails the test. */
function refusal(path: string): string {
  try {
    openGguf(path);
  } catch (error) {
    if (error instanceof AppError && error.code === "model_file_invalid") return error.message.replace(path, "FILE");
    throw error;
  }
  throw new Error("The file was accepted");
}

describe("openGguf", () => {
  test("names a file that has gone, and why it cannot be read", () => {
    const gone = expect.objectContaining({ code: "model_file_invalid", message: "/models/gone.gguf cannot be read: ENOENT." }) as Error;
    expect(() => openGguf("/models/gone.gguf")).toThrow(gone);
  });

  test("reads values of every kind", () => {
    const gguf = openGguf(
      ggufWith({
        "general.architecture": { type: "string", value: "qwen3" },
        byte: { type: "u8", value: 255 },
        negative: { type: "i32", value: -7 },
        large: { type: "u64", value: 2 ** 40 + 1 },
        half: { type: "f32", value: 0.5 },
        yes: { type: "bool", value: true },
        words: { type: "string[]", value: ["", "größer", "😀"] },
        ids: { type: "i32[]", value: [1, -1] },
        scores: { type: "f32[]", value: [0.25, -3] },
      }),
    );
    const words = gguf.strings("words");
    expect({
      architecture: gguf.architecture,
      keys: gguf.keys().length,
      scalars: [gguf.number("byte"), gguf.number("negative"), gguf.number("large"), gguf.number("half"), gguf.boolean("yes")],
      words: words === undefined ? null : decodeStrings(words),
      ids: gguf.numbers("ids"),
      scores: gguf.numbers("scores"),
    }).toEqual({
      architecture: "qwen3",
      keys: 9,
      scalars: [255, -7, 2 ** 40 + 1, 0.5, true],
      words: ["", "größer", "😀"],
      ids: Int32Array.of(1, -1),
      scores: Float32Array.of(0.25, -3),
    });
  });

  test("tells nothing where a key is missing or of another kind", () => {
    const gguf = openGguf(ggufWith({ "general.architecture": { type: "u32", value: 3 }, list: { type: "u32[]", value: [1] } }));
    expect([
      gguf.architecture,
      gguf.string("list"),
      gguf.number("none"),
      gguf.strings("list"),
      gguf.numbers("general.architecture"),
    ]).toEqual(["", undefined, undefined, undefined, undefined]);
  });

  test("lists the tensors", () => {
    const data = new Float32Array(12);
    const gguf = openGguf(ggufWith({}, [{ name: "output.weight", dims: [4, 3], data }]));
    expect(gguf.tensors).toEqual([{ name: "output.weight", dims: [4, 3], type: 0, offset: 0 }]);
  });

  test("refuses a file that ends anywhere in its head", () => {
    const bytes = tinyBytes();
    const { dataStart } = openGguf(write("whole.gguf", bytes));
    for (let length = 0; length < dataStart; length += 61) {
      expect(refusal(write("cut.gguf", bytes.subarray(0, length)))).toMatch(
        /^FILE is (?:not a GGUF file|damaged or not complete|not complete)/,
      );
    }
  });

  test("says how much of a download is missing", () => {
    const bytes = tinyBytes();
    expect(refusal(write("cut.gguf", bytes.subarray(0, -100)))).toBe(
      `FILE is not complete: it has ${bytes.length - 100} of at least ${bytes.length} bytes. Download it again.`,
    );
  });

  test.each([
    ["tensors", 8, "16777216 tensors"],
    ["metadata values", 16, "16777216 metadata values"],
  ])("refuses a file that announces too many %s", (_, offset, count) => {
    const bytes = Uint8Array.from(tinyBytes());
    new DataView(bytes.buffer).setUint32(offset, 1 << 24, true);
    expect(refusal(write("counts.gguf", bytes))).toBe(
      `FILE is damaged or not complete: it announces ${count}, more than it can hold. Download it again.`,
    );
  });

  test("refuses an array longer than the file without making room for it", () => {
    const bytes = encodeGguf(new Map([["list", { type: "string[]", value: ["a"] } as const]]), []);
    const view = new DataView(bytes.buffer);
    // After the header, the key and the two types.
    view.setUint32(24 + 8 + 4 + 4 + 4 + 4, 0xffffffff, true);
    expect(refusal(write("array.gguf", bytes))).toContain("more than it can hold");
  });

  test("refuses metadata beyond what any model has, without reading it", () => {
    const bytes = encodeGguf(new Map([["text", { type: "string", value: "a" } as const]]), []);
    // After the header, the key and the type.
    new DataView(bytes.buffer).setUint32(24 + 8 + 4 + 4, 257 << 20, true);
    const path = write("endless.gguf", bytes);
    truncateSync(path, 1 << 30);
    expect(refusal(path)).toBe("FILE is damaged: its metadata goes beyond 256 MiB. Download it again.");
  });

  test("refuses other formats and versions by name", () => {
    const bytes = Uint8Array.from(tinyBytes());
    const version = (value: number): string => {
      new DataView(bytes.buffer).setUint32(4, value, true);
      return refusal(write("version.gguf", bytes));
    };
    expect([refusal(write("html.gguf", new TextEncoder().encode("<!doctype html><title>404</title>"))), version(1)]).toEqual([
      "FILE is not a GGUF file. Download it again.",
      "FILE has GGUF version 1; versions 2 and 3, little-endian, can be read. Convert the model again.",
    ]);
  });

  test("refuses a key that is there twice", () => {
    const twice = encodeGguf(
      new Map([
        ["abc", { type: "u32", value: 1 } as const],
        ["abd", { type: "u32", value: 2 } as const],
      ]),
      [],
    );
    const at = new TextDecoder("latin1").decode(twice).indexOf("abd");
    twice[at + 2] = "c".charCodeAt(0);
    expect(refusal(write("twice.gguf", twice))).toBe('FILE is damaged: its metadata names "abc" twice.');
  });

  test("reads or refuses a damaged head, and never fails in another way", () => {
    const bytes = encodeGguf(
      new Map<string, GgufEntry>([
        ["general.architecture", { type: "string", value: "llama" }],
        ["list", { type: "string[]", value: ["a", "bc"] }],
        ["numbers", { type: "u32[]", value: [1, 2, 3] }],
      ]),
      [{ name: "t", dims: [2, 2], data: new Float32Array(4) }],
    );
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, (changes) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, value] of changes) copy[at] = value;
        const path = write("damaged.gguf", copy);
        try {
          const gguf = openGguf(path);
          for (const key of gguf.keys()) gguf.numbers(key);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
    );
  });
});
