/** Models, ports and access, as the configuration has them. */
import { afterAll, describe, expect, test } from "bun:test";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { modelFindings, type PlannedModel } from "../../../src/doctor/models.ts";
import { type Listening, networkFindings, tryPort } from "../../../src/doctor/network.ts";

const MODEL: ModelDescriptor = {
  id: "qwen3-0.6b",
  aliases: [],
  path: "/models/qwen3-0.6b.rkllm",
  format: "rkllm",
  bytes: 800e6,
  modifiedMs: 0,
  contextTokensMax: 16_384,
  family: "qwen3",
  parameterSize: "0.6B",
  quantization: "w8a8",
  sidecars: {},
};
const BOARD = { hasNpu: true, container: null };
const MEMORY = { totalBytes: 8e9, availableBytes: 4e9 };

function modelLine(model: Partial<ModelDescriptor>, planned: Partial<PlannedModel> = {}, rkllmVersion: string | null = "1.3.0") {
  const plan = {
    models: [{ model: { ...MODEL, ...model }, contextTokens: 4096, memoryBytes: 960e6, libraries: [], ...planned }],
    defaultMissing: null,
    rkllmVersion,
  };
  return modelFindings(plan, BOARD, MEMORY)[0];
}

describe("models", () => {
  test("that fit are told with their context and memory", () => {
    expect(modelLine({})).toEqual({
      check: "model",
      level: "ok",
      text: "qwen3-0.6b fits: a context of 4,096 tokens of at most 16,384 tokens, about 960 MB of memory.",
    });
  });

  test("that several libraries may open are told with these, in the order in which they are tried", () => {
    const libraries = ["1.2.3 (/opt/librkllmrt-1.2.3.so)", "1.3.0 (/usr/lib/librkllmrt.so)"];
    expect(modelLine({}, { libraries })?.text).toEndWith(
      "memory. It is opened with the library 1.2.3 (/opt/librkllmrt-1.2.3.so), else 1.3.0 (/usr/lib/librkllmrt.so).",
    );
  });

  test.each([
    [
      "for another SoC",
      { unrunnableReason: "It was converted for RK3576." },
      {},
      "qwen3-0.6b cannot run here: It was converted for RK3576.",
    ],
    [
      "too large for the machine",
      {},
      { memoryBytes: 9e9 },
      "qwen3-0.6b needs about 9.0 GB of memory with a context of 4,096 tokens, and there are 8.0 GB in all.",
    ],
    ["too large just now", {}, { memoryBytes: 5e9 }, "qwen3-0.6b needs about 5.0 GB of memory, and 4.0 GB are available now."],
    [
      "newer than the library",
      { toolkitVersion: "1.3.1" },
      {},
      "qwen3-0.6b was converted with 1.3.1, and the runtime library is 1.3.0: an older one may not open it.",
    ],
  ])("%s are a warning", (_, model, planned, text) => {
    expect(modelLine(model, planned)).toMatchObject({ level: "warning", text, fix: expect.any(String) });
  });

  test("that lack the library are not told to be replaced by others", () => {
    const line = (hasNpu: boolean) => {
      const models = [
        { model: { ...MODEL, unrunnableReason: "There is no library." }, contextTokens: 4096, memoryBytes: 960e6, libraries: [] },
      ];
      return modelFindings({ models, defaultMissing: null, rkllmVersion: null }, { hasNpu, container: null }, MEMORY)[0]?.fix;
    };
    expect(line(true)).toStartWith("curl -fL -o librkllmrt.so ");
    expect(line(false)).toBe("rockchip-llama pull <model>");
  });

  test("older than the library run", () => {
    expect(modelLine({ toolkitVersion: "1.2.10" })?.level).toBe("ok");
  });

  test("too large for the machine are tried with half the context", () => {
    expect(modelLine({}, { memoryBytes: 9e9 })?.fix).toStartWith("rockchip-llama serve --max-context-len 2048");
  });

  test("that are missing are a warning, and the default one a failure", () => {
    expect(modelFindings({ models: [], defaultMissing: "qwen9", rkllmVersion: null }, BOARD, null)).toMatchObject([
      {
        check: "default-model",
        level: "failure",
        text: "No model is called qwen9, which default_model names.",
        fix: "rockchip-llama list",
      },
      { check: "models", level: "warning" },
    ]);
  });
});

describe("ports", () => {
  const LOCAL: Listening = {
    host: "127.0.0.1",
    port: 8080,
    secondPort: 11_434,
    keys: 0,
    networks: 0,
    isOpen: false,
    insecure: false,
    keysFile: "/data/keys.json",
    keysFault: null,
  };
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  afterAll(() => taken.stop(true));

  test("are tried, and let go again", () => {
    expect(tryPort("127.0.0.1", taken.port)).toBe("EADDRINUSE");
    expect([tryPort("127.0.0.1", 0), tryPort("127.0.0.1", 0)]).toEqual([null, null]);
  });

  test("that are free are told, and the second only where there is one", () => {
    expect(networkFindings({ ...LOCAL, secondPort: null }, () => null).map(({ text }) => text)).toEqual([
      "127.0.0.1:8080 is free to listen on.",
      "Only programs of this machine reach 127.0.0.1, and none needs a key.",
    ]);
  });

  test("that somebody has are a warning, and ports that nobody may have a failure", () => {
    const tries = (_: string, port: number) => (port === 8080 ? "EADDRINUSE" : "EACCES");
    expect(networkFindings(LOCAL, tries).slice(0, 2)).toMatchObject([
      { check: "port", level: "warning", fix: "ss -ltnp 'sport = :8080'   # or --port" },
      { check: "ollama-port", level: "failure", fix: "rockchip-llama serve --ollama-port off" },
    ]);
  });

  test.each([
    [
      "that would stop the start",
      { isOpen: true },
      "failure",
      "The server would let everybody in who reaches 0.0.0.0, and so does not start.",
    ],
    ["that was asked for", { isOpen: true, insecure: true }, "warning", "Everybody who reaches 0.0.0.0 may use the server (insecure)."],
    ["behind keys and networks", { keys: 1, networks: 2 }, "ok", "The server is guarded by 1 API key and 2 allowed networks."],
    ["with a damaged file of keys", { keysFault: "The file is damaged." }, "failure", "The file is damaged."],
  ] as const)("an open door %s", (_, change, level, text) => {
    expect(networkFindings({ ...LOCAL, host: "0.0.0.0", ...change }, () => null).at(-1)).toMatchObject({ check: "access", level, text });
  });
});
