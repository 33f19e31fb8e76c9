/** C source generated from the layout tables: what a C compiler makes of rkllm.h, to be held against them. */
import { cc, type Pointer } from "bun:ffi";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Abi } from "../../src/runtime/native/abi.ts";
import type { ScalarType, StructLayouts, StructName } from "../../src/runtime/native/struct-layouts.ts";
import { HEADER_FOLDER } from "./c-header.ts";

/** An expression of C and the value the tables give it. */
export interface Claim {
  readonly expression: string;
  readonly value: number;
}

/** Every size and offset of the tables, as the header's names express them. */
export function layoutClaims(layouts: StructLayouts): Claim[] {
  const claims: Claim[] = [];
  for (const [name, layout] of Object.entries(layouts)) {
    claims.push({ expression: `sizeof(${name})`, value: layout.size }, { expression: `_Alignof(${name})`, value: layout.align });
    for (const [field, [offset]] of Object.entries(layout.fields)) {
      claims.push({ expression: `__builtin_offsetof(${name}, ${field})`, value: offset });
    }
  }
  return claims;
}

/** The claims as compile-time assertions, for compilers that are only asked whether they agree. */
export function assertionSource(claims: readonly Claim[]): string {
  const lines = claims.map(({ expression, value }) => `_Static_assert(${expression} == ${value}, "${expression}");`);
  return ['#include "rkllm.h"', ...lines, ""].join("\n");
}

/** What Bun's C compiler, on the processor this runs on, makes of the same expressions. */
export function evaluate(abi: Abi, claims: readonly Claim[]): Claim[] {
  const cases = claims.map(({ expression }, index) => `case ${index}: return (int)${expression};`);
  const source = ['#include "rkllm.h"', "int evaluate(int index) { switch (index) {", ...cases, "} return -1; }"];
  const { symbols } = compile(abi, source.join("\n"), { evaluate: { args: ["i32"], returns: "i32" } });
  return claims.map(({ expression }, index) => ({ expression, value: symbols.evaluate(index) }));
}

/** Reads structs field by field with compiled C, by the header's declarations and not by the tables' offsets. */
export class StructReader {
  readonly #fields: readonly { readonly struct: StructName; readonly path: string; readonly type: ScalarType }[];
  readonly #number: (address: Pointer, index: number) => number;
  readonly #pointer: (address: Pointer, index: number) => Pointer | bigint | null;

  constructor(abi: Abi) {
    const names = Object.keys(abi.structs) as StructName[];
    this.#fields = names.flatMap((struct) => scalarFields(abi.structs, struct).map(({ path, type }) => ({ struct, path, type })));
    const cases = (pointers: boolean) =>
      this.#fields.flatMap(({ struct, path, type }, index) =>
        (type === "ptr") === pointers
          ? [`case ${index}: return ${pointers ? "(void *)" : "(double)"}((${struct} *)address)->${path};`]
          : [],
      );
    const source = [
      '#include "rkllm.h"',
      // Sizes are read as signed, since not every back end converts unsigned 64-bit integers to double.
      "#define size_t long",
      "double number(void *address, int index) { switch (index) {",
      ...cases(false),
      "} return -1; }",
      "void *pointer(void *address, int index) { switch (index) {",
      ...cases(true),
      "} return 0; }",
    ];
    const { symbols } = compile(abi, source.join("\n"), {
      number: { args: ["ptr", "i32"], returns: "f64" },
      pointer: { args: ["ptr", "i32"], returns: "ptr" },
    });
    this.#number = symbols.number;
    this.#pointer = symbols.pointer;
  }

  /** All fields of a struct that are not zero or NULL; pointers as addresses. */
  read(struct: StructName, address: Pointer): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [index, field] of this.#fields.entries()) {
      if (field.struct !== struct) continue;
      const value = field.type === "ptr" ? Number(this.#pointer(address, index) ?? 0) : this.#number(address, index);
      if (value !== 0) values[field.path] = value;
    }
    return values;
  }
}

function scalarFields(layouts: StructLayouts, struct: StructName): { path: string; type: ScalarType }[] {
  return Object.entries(layouts[struct]?.fields ?? {}).flatMap(([path, [, type]]) => {
    if (typeof type === "object") return [];
    if (!(type in layouts)) return [{ path, type: type as ScalarType }];
    return scalarFields(layouts, type as StructName).map((inner) => ({ path: `${path}.${inner.path}`, type: inner.type }));
  });
}

function compile<Symbols extends Parameters<typeof cc>[0]["symbols"]>(abi: Abi, text: string, symbols: Symbols) {
  const folder = mkdtempSync(join(tmpdir(), "abi-probe-"));
  try {
    const source = join(folder, "probe.c");
    writeFileSync(source, text);
    return cc<Symbols>({ source, flags: ["-nostdlib", `-DRKLLM_ABI=${abi.headerMacro}`, `-I${HEADER_FOLDER}`], symbols });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
