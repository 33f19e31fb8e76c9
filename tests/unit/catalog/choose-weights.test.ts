/** Which file of a repository is taken, from the ways in which people name them. */
import { describe, expect, test } from "bun:test";
import { chooseWeights, type PullTarget } from "../../../src/catalog/choose-weights.ts";
import type { HubEntry } from "../../../src/catalog/hub.ts";
import { AppError } from "../../../src/core/errors.ts";

const entry = (file: string): HubEntry => {
  const [path = "", megabytes] = file.split(" ");
  return { path, bytes: megabytes === undefined ? null : Number(megabytes) * 1e6, sha256: null };
};
function chosen(files: readonly string[], target: PullTarget, selector = "", repository = "owner/repo"): string {
  return chooseWeights(repository, files.map(entry), selector, target).path;
}
function refusal(...args: Parameters<typeof chosen>): string {
  try {
    return `took ${chosen(...args)}`;
  } catch (thrown) {
    const error = AppError.from(thrown);
    return error.code === "invalid_request" ? error.message : error.code;
  }
}

const PC: PullTarget = { boardSoc: null, runtimeVersion: null };
const RK3588: PullTarget = { boardSoc: "rk3588", runtimeVersion: "1.2.3" };
const RK3576: PullTarget = { boardSoc: "rk3576", runtimeVersion: "1.3.0" };
const RK3562: PullTarget = { boardSoc: "rk3562", runtimeVersion: "1.2.1" };
const RV1126B: PullTarget = { boardSoc: "rv1126b", runtimeVersion: "1.2.3" };
const NO_LIBRARY: PullTarget = { boardSoc: "rk3588", runtimeVersion: null };

const QWEN3 = [
  "Qwen3-0.6B_W8A8_RK3588.rkllm",
  "Qwen3-0.6B_W4A16_RK3576.rkllm",
  "qwen3_0.6b_w4a16_g64_rk3562.rkllm",
  "Qwen3-0.6B_W4A16_RV1126B.rkllm",
];
const GGUF = ["Qwen3-0.6B-Q4_0.gguf 430", "Qwen3-0.6B-Q4_K_M.gguf 480", "Qwen3-0.6B-Q8_0.gguf 639", "Qwen3-0.6B-BF16.gguf 1200"];
const LARGE_GGUF = ["Qwen3-4B-Q4_0.gguf 2300", "Qwen3-4B-Q4_K_M.gguf 2500", "Qwen3-4B-Q8_0.gguf 4280"];

describe("a repository with one file for each", () => {
  test.each([
    [RK3588, "Qwen3-0.6B_W8A8_RK3588.rkllm"],
    [RK3576, "Qwen3-0.6B_W4A16_RK3576.rkllm"],
    [RK3562, "qwen3_0.6b_w4a16_g64_rk3562.rkllm"],
    [RV1126B, "Qwen3-0.6B_W4A16_RV1126B.rkllm"],
    [NO_LIBRARY, "Qwen3-0.6B-Q8_0.gguf"],
    [PC, "Qwen3-0.6B-Q8_0.gguf"],
    [{ boardSoc: "rk3588" }, "Qwen3-0.6B_W8A8_RK3588.rkllm"],
  ] as const)("on %j gives %s", (target, path) => {
    expect(chosen(["README.md", ...QWEN3, ...GGUF], target)).toBe(path);
  });
});

describe("of several files that this machine runs", () => {
  test.each([
    [
      "w8a8 goes before groups and 4 bits",
      RK3576,
      ["m_w4a16_rk3576.rkllm", "m_w8a8_g128_rk3576.rkllm", "m_w8a8_rk3576.rkllm", "m_w4a16_g128_rk3576.rkllm"],
      "m_w8a8_rk3576.rkllm",
    ],
    [
      "a larger group goes before a smaller one",
      RK3588,
      ["Qwen3-4B-rk3588-w8a8_g128-opt-1.rkllm", "Qwen3-4B-rk3588-w8a8_g512-opt-1.rkllm"],
      "Qwen3-4B-rk3588-w8a8_g512-opt-1.rkllm",
    ],
    ["a file for this SoC goes before one that names none", RK3588, ["m-w8a8.rkllm", "m-w8a8-rk3588.rkllm"], "m-w8a8-rk3588.rkllm"],
    [
      "a longer context goes before a shorter one",
      RK3588,
      ["m-w8a8-ctx4096-rk3588.rkllm", "m-w8a8-ctx16384-rk3588.rkllm", "m-w8a8-8k-rk3588.rkllm"],
      "m-w8a8-ctx16384-rk3588.rkllm",
    ],
    [
      "the newest toolkit that the library reads goes first",
      RK3588,
      ["m_W8A8_RK3588_v1.2.1.rkllm", "m_W8A8_RK3588_v1.22.rkllm", "m_W8A8_RK3588_v1.3.0.rkllm"],
      "m_W8A8_RK3588_v1.22.rkllm",
    ],
    [
      "oRKLLM's scheme is read",
      RK3576,
      ["Qwen3-4B-Base-RK3588-W8A8-normal-v1.2.1b1-RKLLM.rkllm", "Qwen3-4B-Base-rk3576-w4a16-grq-v1.2.3-RKLLM.rkllm"],
      "Qwen3-4B-Base-rk3576-w4a16-grq-v1.2.3-RKLLM.rkllm",
    ],
    ["a small model is taken in 8 bits on the CPU", PC, GGUF, "Qwen3-0.6B-Q8_0.gguf"],
    ["a large one in 4", PC, LARGE_GGUF, "Qwen3-4B-Q4_K_M.gguf"],
    [
      "sizes that the hub does not tell are read from the name",
      PC,
      LARGE_GGUF.map((file) => file.split(" ")[0] ?? ""),
      "Qwen3-4B-Q4_K_M.gguf",
    ],
    ["an unknown quantization comes last", PC, ["x-7B-Q3_K_M.gguf", "x-7B-IQ4_XS.gguf"], "x-7B-IQ4_XS.gguf"],
    [
      "adapters, image encoders and later parts are no models",
      PC,
      ["x.Q4_0-00001-of-00002.gguf", "x.Q4_0-00002-of-00002.gguf", "x-lora.gguf", "mmproj-x.gguf"],
      "x.Q4_0-00001-of-00002.gguf",
    ],
    ["files in folders count", RK3588, ["rk3588/m-w8a8.rkllm", "notes/m.txt"], "rk3588/m-w8a8.rkllm"],
  ] as const)("%s", (_, target, files, path) => {
    expect(chosen(files, target)).toBe(path);
  });

  test("the repository's name tells what the file's does not", () => {
    const files = ["m-w8a8.rkllm"];
    expect(chosen(files, RK3588, "", "dulimov/Qwen3-4B-rk3588-1.2.2")).toBe("m-w8a8.rkllm");
    expect(refusal(files, RK3576, "", "dulimov/Qwen3-4B-rk3588-1.2.2")).toStartWith(
      "No file fits this machine: m-w8a8.rkllm is for RK3588, not RK3576.",
    );
    expect(refusal(files, RK3562, "", "owner/m-rk3562-1.2.2")).toContain(
      "m-w8a8.rkllm needs the RKLLM library 1.2.2, and 1.2.1 is installed.",
    );
  });
});

describe("a selector", () => {
  test.each([
    [":Q4_K_M", GGUF, PC, "Q4_K_M", "Qwen3-0.6B-Q4_K_M.gguf"],
    ["in another case", GGUF, RK3588, "q4_0", "Qwen3-0.6B-Q4_0.gguf"],
    ["that is the beginning of others", ["x-Q4_0.gguf", "x-Q4_0_4_4.gguf"], PC, "Q4_0", "x-Q4_0.gguf"],
    ["with a group", ["x-w8a8.rkllm", "x-w8a8_g128.rkllm"], RK3588, "w8a8-g128", "x-w8a8_g128.rkllm"],
    [
      "that is a part of the name",
      ["a-opt-0-hybrid-ratio-0.5.rkllm", "a-opt-1-hybrid-ratio-1.0.rkllm"],
      RK3588,
      "ratio-0.5",
      "a-opt-0-hybrid-ratio-0.5.rkllm",
    ],
    ["for another machine, which may be meant", QWEN3, RK3588, "RK3576", "Qwen3-0.6B_W4A16_RK3576.rkllm"],
    ["that leaves several still suits the machine", QWEN3, RK3576, "qwen3", "Qwen3-0.6B_W4A16_RK3576.rkllm"],
  ] as const)("%s", (_, files, target, selector, path) => {
    expect(chosen(files, target, selector)).toBe(path);
  });
});

describe("the user is asked", () => {
  test.each([
    [
      "between conversions that differ in nothing we judge by, with sizes",
      [
        "Q-1.5B-rk3588-w8a8-opt-0-hybrid-ratio-0.0.rkllm 1900",
        "Q-1.5B-rk3588-w8a8-opt-1-hybrid-ratio-1.0.rkllm 2100",
        "Q-1.5B-rk3588-w8a8_g128-opt-0.rkllm 2000",
      ],
      RK3588,
      "",
      "Several files match. Name one of these: Q-1.5B-rk3588-w8a8-opt-0-hybrid-ratio-0.0.rkllm (1.9 GB) and Q-1.5B-rk3588-w8a8-opt-1-hybrid-ratio-1.0.rkllm (2.1 GB).",
    ],
    [
      "between different models",
      ["a-Q4_0.gguf 98", "b-Q4_0.gguf"],
      PC,
      "",
      "Several files match. Name one of these: a-Q4_0.gguf (98 MB) and b-Q4_0.gguf.",
    ],
    ["for what is not there", ["a-Q4_0.gguf 98"], PC, "Q8_0", 'No file matches "Q8_0". Name one of these: a-Q4_0.gguf (98 MB).'],
    ["where there are no weights", ["model.safetensors", "x-lora.gguf"], PC, "", "The repository has no .gguf and no .rkllm file."],
    [
      "where nothing fits the machine",
      ["m_w8a8_rk3576.rkllm", "m_w4a16_rk3588.rkllm", "m_w8a8_rk3588_v1.3.0.rkllm"],
      RK3588,
      "",
      "No file fits this machine: m_w8a8_rk3576.rkllm is for RK3576, not RK3588, m_w4a16_rk3588.rkllm is w4a16, which RK3588 does not run and " +
        "m_w8a8_rk3588_v1.3.0.rkllm needs the RKLLM library 1.3.0, and 1.2.3 is installed. To pull one all the same, name it: owner/repo:<file>.",
    ],
  ] as const)("%s", (_, files, target, selector, message) => {
    expect(refusal(files, target, selector)).toBe(message);
  });
});
