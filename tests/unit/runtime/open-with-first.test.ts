import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { inOrder } from "../../../src/runtime/library-order.ts";
import { openWithFirst } from "../../../src/runtime/open-with-first.ts";
import type { LibrarySpec } from "../../../src/runtime/protocol.ts";
import { refusal } from "../../support/models-folder.ts";

const OLD: LibrarySpec = { kind: "file", path: "/a/1.2.3.so", version: "1.2.3" };
const NEW: LibrarySpec = { kind: "file", path: "/a/1.3.0.so", version: "1.3.0" };
const BETA: LibrarySpec = { kind: "file", path: "/a/1.2.1.so", version: "1.2.1" };

test.each([
  ["the newest first, whatever opens older conversions", "1.2.1", [], [NEW, OLD, BETA]],
  ["the newest first where nothing is known of the conversion", undefined, [], [NEW, OLD, BETA]],
  ["those that are too old behind those that are not", "1.2.2", [], [NEW, OLD, BETA]],
  ["those that refused the model last", "1.2.1", [NEW], [OLD, BETA, NEW]],
  ["one that is too old before one that refused", "1.3.0", [NEW], [OLD, BETA, NEW]],
] as const)("libraries are tried in order: %s", (_, toolkit, refused: readonly LibrarySpec[], expected) => {
  expect(inOrder([BETA, NEW, OLD], toolkit, (library) => refused.includes(library))).toEqual([...expected]);
});

/** Libraries that fail with these errors; one without an error opens. */
function trying(failures: Readonly<Record<string, AppError>>, libraries: readonly LibrarySpec[], signal = new AbortController().signal) {
  const told: string[] = [];
  const open = async ({ version }: LibrarySpec): Promise<string> => {
    const error = failures[version];
    if (error !== undefined) throw error;
    return version;
  };
  const result = openWithFirst("tiny", libraries, open, signal, ({ version }, { message }) => told.push(`${version}: ${message}`));
  return { result, told };
}
const failed = (message: string) => new AppError("model_load_failed", message);

test("the first library that opens the model is used, and those before it are named", async () => {
  const { result, told } = trying({ "1.3.0": failed("bad magic") }, [NEW, OLD, BETA]);
  expect(await result).toEqual({ opened: "1.2.3", library: OLD, refused: [{ library: NEW, error: failed("bad magic") }] });
  expect(told).toEqual(["1.3.0: bad magic"]);
});

test("a library that crashes or cannot be loaded is passed over as one that refuses", async () => {
  const failures = { "1.3.0": new AppError("engine_lost", "SIGILL"), "1.2.3": new AppError("runtime_library_missing", "no libgomp") };
  expect((await trying(failures, [NEW, OLD, BETA]).result).refused.map(({ library }) => library)).toEqual([NEW, OLD]);
});

test("where none opens the model, it is said what each of them said", async () => {
  const { result, told } = trying({ "1.3.0": new AppError("engine_lost", "SIGILL"), "1.2.3": failed("bad magic") }, [NEW, OLD]);
  expect(await refusal(result)).toEqual([
    "model_load_failed",
    "None of 2 libraries opened tiny. 1.3.0 (/a/1.3.0.so): SIGILL; 1.2.3 (/a/1.2.3.so): bad magic",
  ]);
  expect(told).toEqual(["1.3.0: SIGILL"]);
});

test("what the only library says is said as it is", async () => {
  expect(await refusal(trying({ "1.3.0": failed("bad magic") }, [NEW]).result)).toEqual(["model_load_failed", "bad magic"]);
});

test("too little memory is not tried again with another library, and nothing is for nobody", async () => {
  const full = trying({ "1.3.0": new AppError("out_of_memory", "full") }, [NEW, OLD]);
  expect(await refusal(full.result)).toEqual(["out_of_memory", "full"]);
  const left = trying({ "1.3.0": failed("gone") }, [NEW, OLD], AbortSignal.abort());
  expect([await refusal(left.result), left.told]).toEqual([["model_load_failed", "gone"], []]);
});
