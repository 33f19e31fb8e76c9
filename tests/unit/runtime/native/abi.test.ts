import { describe, expect, test } from "bun:test";
import { AppError } from "../../../../src/core/errors.ts";
import { abiById, abiForVersion, KNOWN_VERSIONS } from "../../../../src/runtime/native/abi.ts";

describe("abiForVersion()", () => {
  test.each([
    ["1.2.1", "1.2"],
    ["1.2.2", "1.2"],
    ["1.2.3", "1.2"],
    ["1.3.0", "1.3"],
    ["v1.3.0", "1.3"],
    [" 1.2.3\n", "1.2"],
  ] as const)("knows %p as ABI %s", (version, id) => {
    expect(abiForVersion(version)).toBe(abiById(id));
  });

  test.each(["1.2.0", "1.2.1b1", "1.3.0-rc2", "1.1.4", "1.2.4", "1.3.1", "1.3", "1.3.00", "11.3.0", "1.3.0x", "1.3.0 or so", "", "latest"])(
    "refuses %p",
    (version) => {
      const error = thrownBy(() => abiForVersion(version));
      expect(error.code).toBe("runtime_version_unknown");
      expect(error.message).toStartWith(`The RKLLM runtime version "${version}" is not known. Known versions: 1.2.1, 1.2.2, 1.2.3, 1.3.0.`);
      expect(error.message).toContain("--runtime-version 1.3.0 or the configuration key runtime_version");
    },
  );
});

test("the known versions are those of the ABIs", () => {
  expect(KNOWN_VERSIONS).toEqual(["1.2.1", "1.2.2", "1.2.3", "1.3.0"]);
});

function thrownBy(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
