import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AppError, type ErrorRecord } from "../../../../src/core/errors.ts";
import { VERSION_HINT } from "../../../../src/runtime/native/abi.ts";
import { describeLibrary } from "../../../../src/runtime/native/library.ts";

const ROOT = mkdtempSync(join(tmpdir(), "library-"));
afterAll(() => rmSync(ROOT, { recursive: true }));

const X86_64 = 62;
const AARCH64 = 183;
const ARMHF = 40;

let folders = 0;

/** The head of a shared library, then text as it stands among the strings of one. */
function writeLibrary(text: string, { machine = AARCH64, bits = 64, name = "librkllmrt.so" } = {}): string {
  const path = join(ROOT, `folder ${folders++}`, name);
  mkdirSync(dirname(path));
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = bits === 64 ? 2 : 1;
  header[5] = 1;
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  writeFileSync(path, Buffer.concat([header, Buffer.from(`\0rknn\xff\0${text}\0more`, "latin1")]));
  return path;
}

const ROCKCHIP = "RKLLM SDK (version: 1.2.3)";
const arm64 = { arch: "arm64" };

describe("describeLibrary()", () => {
  test("takes a library without our marker for Rockchip's", () => {
    const path = writeLibrary(ROCKCHIP);
    expect(describeLibrary(path, arm64)).toEqual({ path, version: "1.2.3", abi: "1.2", formats: ["rkllm"] });
  });

  test("knows the CPU runtime by its marker, whichever text comes first", () => {
    const path = writeLibrary(`RKLLM CPU runtime\0RKLLM SDK (version: 1.3.0)`, { machine: X86_64 });
    expect(describeLibrary(path, { arch: "x64" })).toEqual({ path, version: "1.3.0", abi: "1.3", formats: ["gguf"] });
  });

  test.each([
    ["RKLLM SDK (version: v1.3.0)", "1.3.0", "1.3"],
    ["RKLLM SDK (version: 1.3.0 (7c6ee1e@2026-03-01T10:00:00))", "1.3.0", "1.3"],
    ["RKLLM SDK (version: %s)\0RKLLM SDK (version: 1.2.2)", "1.2.2", "1.2"],
    ["RKLLM SDK (version: 1.3.0", "1.3.0", "1.3"],
  ] as const)("reads the version in %p", (text, version, abi) => {
    expect(describeLibrary(writeLibrary(text), arm64)).toMatchObject({ version, abi });
  });

  test("an override goes before what the file says, and serves where it says nothing", () => {
    const options = { arch: "arm64", versionOverride: "1.3.0" };
    const newer = writeLibrary("RKLLM SDK (version: 1.9.0)");
    expect(describeLibrary(newer, options)).toEqual({ path: newer, version: "1.3.0", abi: "1.3", formats: ["rkllm"] });
    const silent = writeLibrary("nothing");
    expect(describeLibrary(silent, options)).toEqual({ path: silent, version: "1.3.0", abi: "1.3", formats: ["rkllm"] });
  });

  test.each(["9.9.9", "1.2.0", "1.2.1b1", "1.3.0-rc2"])("refuses version %s, whose interface is not known, with the way out", (version) => {
    const path = writeLibrary(`RKLLM SDK (version: ${version})`);
    expect(refusal(() => describeLibrary(path, arm64))).toEqual({
      code: "runtime_version_unknown",
      message: `The version "${version}" of the runtime library ${path} is not known. ${VERSION_HINT}`,
      details: {},
    });
  });

  test.each(["", "RKLLM SDK (version: %s)", "RKLLM SDK (version: 1.3"])("refuses a file that names no version: %p", (text) => {
    const path = writeLibrary(text);
    expect(refusal(() => describeLibrary(path, arm64))).toEqual({
      code: "runtime_version_unknown",
      message: `The runtime library ${path} does not say which version it is. ${VERSION_HINT}`,
      details: {},
    });
  });

  test("refuses an override that is not known", () => {
    const path = writeLibrary(ROCKCHIP);
    expect(refusal(() => describeLibrary(path, { arch: "arm64", versionOverride: "2" }))).toEqual({
      code: "runtime_version_unknown",
      message: `The version "2" set for the runtime library is not known. ${VERSION_HINT}`,
      details: {},
    });
  });

  test.each([
    ["x64", AARCH64, 64, "64-bit ARM (aarch64)", "x86-64"],
    ["arm64", X86_64, 64, "x86-64", "64-bit ARM (aarch64)"],
    ["arm64", ARMHF, 32, "32-bit ARM (armhf)", "64-bit ARM (aarch64)"],
    ["arm64", 243, 64, "an unknown processor (ELF machine 243)", "64-bit ARM (aarch64)"],
    ["riscv64", AARCH64, 64, "64-bit ARM (aarch64)", "riscv64"],
  ])("on %s, refuses a library for ELF machine %d with %d bits", (arch, machine, bits, built, needed) => {
    const path = writeLibrary(ROCKCHIP, { machine, bits });
    expect(refusal(() => describeLibrary(path, { arch }))).toEqual({
      code: "runtime_library_missing",
      message: `The runtime library ${path} is built for ${built}, but this process needs ${needed}.`,
      details: {},
    });
  });

  test.each([
    ["a web page", "<!DOCTYPE html><html><head><title>librkllmrt.so</title>"],
    ["an empty file", ""],
    ["a file cut off in its header", "\x7fELF\x02\x01"],
  ])("refuses %s", (_, text) => {
    const path = join(ROOT, `file ${folders++}`);
    writeFileSync(path, text, "latin1");
    expect(refusal(() => describeLibrary(path, arm64))).toEqual({
      code: "runtime_library_missing",
      message: `${path} is not a Linux shared library. If it was downloaded from a web page, it may be the page: download the raw file again.`,
      details: {},
    });
  });

  test("says why a file cannot be read", () => {
    expect(refusal(() => describeLibrary(ROOT, arm64))).toMatchObject({
      code: "runtime_library_missing",
      message: expect.stringMatching(/^The runtime library .* cannot be read: .*EISDIR/),
    });
  });
});

function refusal(action: () => unknown): ErrorRecord {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error.toRecord();
    throw error;
  }
  throw new Error("Nothing was refused");
}
