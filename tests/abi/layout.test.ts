/** The layout tables say what C compilers say about our own declarations of the ABI, and each side declares what the other does. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { abiById, RKLLM_FUNCTIONS, type AbiId } from "../../src/runtime/native/abi.ts";
import type { StructLayouts } from "../../src/runtime/native/struct-layouts.ts";
import { HEADER_FOLDER, parseHeader } from "./c-header.ts";
import { assertionSource, evaluate, layoutClaims } from "./probe.ts";

const header = await Bun.file(join(HEADER_FOLDER, "rkllm.h")).text();
const COMPILERS = ["gcc", "aarch64-linux-gnu-gcc"];

describe.each<AbiId>(["1.2", "1.3"])("ABI %s", (id) => {
  const abi = abiById(id);

  test("Bun's C compiler gives every struct and field the size, alignment and offset of the tables", () => {
    const claims = layoutClaims(abi.structs);
    expect(evaluate(abi, claims)).toEqual(claims);
  });

  for (const compiler of COMPILERS) {
    const testIfInstalled = test.skipIf(Bun.which(compiler) === null); // this compiler may not be installed
    testIfInstalled(`${compiler} agrees with the tables`, async () => {
      const source = new Blob([assertionSource(layoutClaims(abi.structs))]);
      const flags = ["-x", "c", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", `-DRKLLM_ABI=${abi.headerMacro}`];
      const run = Bun.spawn([compiler, ...flags, "-I", HEADER_FOLDER, "-"], { stdin: source, stdout: "pipe", stderr: "pipe" });
      expect({ errors: await run.stderr.text(), code: await run.exited }).toEqual({ errors: "", code: 0 });
    });
  }

  test("the header declares the structs and fields of the tables, with their types, and no others", () => {
    expect(parseHeader(header, abi.headerMacro).structs).toEqual(fieldTypes(abi.structs));
  });

  test("the header declares the functions of the table, and createDefaultParam, which returns a struct by value", () => {
    const { rkllm_createDefaultParam: byValue, ...others } = parseHeader(header, abi.headerMacro).functions;
    expect(byValue).toEqual({ args: [], returns: "RKLLMParam" });
    expect(others).toEqual(RKLLM_FUNCTIONS);
  });
});

test("a wrong offset in the tables is noticed", () => {
  const abi = abiById("1.3");
  const [layout, ...rest] = layoutClaims(abi.structs);
  const wrong = [{ expression: layout!.expression, value: layout!.value + 1 }, ...rest];
  expect(evaluate(abi, wrong)).not.toEqual(wrong);
});

function fieldTypes(layouts: StructLayouts): Record<string, Record<string, string>> {
  const named = (layout: StructLayouts[keyof StructLayouts]) =>
    Object.fromEntries(
      Object.entries(layout?.fields ?? {}).map(([field, [, type]]) => [field, typeof type === "object" ? `u8[${type.bytes}]` : type]),
    );
  return Object.fromEntries(Object.entries(layouts).map(([name, layout]) => [name, named(layout)]));
}
