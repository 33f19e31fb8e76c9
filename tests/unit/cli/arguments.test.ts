import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { AppError } from "../../../src/core/errors.ts";

function refusal(...argv: string[]): readonly string[] {
  try {
    parseArguments(argv);
  } catch (thrown) {
    const error = AppError.from(thrown);
    return [error.code, ...error.message.split("\n")];
  }
  return ["parsed"];
}

const HINT = "rockchip-llama --help lists what there is.";

describe("commands", () => {
  test("without one the server is started", () => {
    expect(parseArguments([])).toEqual({ command: "serve", positionals: [], configArgv: [] });
  });

  test("flags may stand before and behind the command", () => {
    expect(
      parseArguments(["--port", "9000", "serve", "--no-embed-flash", "--config-dir=mine", "--models-dir=a", "--models-dir", "b"]),
    ).toEqual({
      command: "serve",
      positionals: [],
      configArgv: ["--port=9000", "--embed-flash=false", "--models-dir=a", "--models-dir=b"],
      configDir: "mine",
    });
  });

  test("pull has an argument of its own", () => {
    expect(parseArguments(["pull", "owner/repo:file.rkllm"])).toEqual({
      command: "pull",
      positionals: ["owner/repo:file.rkllm"],
      configArgv: [],
    });
    expect(parseArguments(["pull", "--", "-odd/repo"]).positionals).toEqual(["-odd/repo"]);
  });

  test("the engine host gets its arguments untouched", () => {
    expect(parseArguments(["engine-host", "--anything", "x"])).toEqual({
      command: "engine-host",
      positionals: ["--anything", "x"],
      configArgv: [],
    });
  });

  test.each([
    [["--help"], []],
    [["-h"], []],
    [["help"], []],
    [["help", "pull"], ["pull"]],
    [["pull", "--help"], ["pull"]],
    [["--help", "pull"], ["pull"]],
    [["help", "--help"], []],
  ])("%p asks for help on %p", (argv, positionals) => {
    expect(parseArguments(argv)).toEqual({ command: "help", positionals, configArgv: [] });
  });

  test.each([[["--version"]], [["-v"]], [["version"]]])("%p asks for the version", (argv) => {
    expect(parseArguments(argv)).toEqual({ command: "version", positionals: [], configArgv: [] });
  });
});

describe("refusals", () => {
  test("an unknown command names the nearest, or all", () => {
    expect(refusal("serv")).toEqual(["config_invalid", "serv: unknown command. Did you mean serve?", HINT]);
    expect(refusal("constructor")).toEqual([
      "config_invalid",
      "constructor: unknown command. The commands are serve, pull, list, keys, doctor, bench, version, help.",
      HINT,
    ]);
    expect(refusal("help", "pul")).toEqual(["config_invalid", "pul: unknown command. Did you mean pull?", HINT]);
  });

  test("unknown flags are all named, each with the nearest", () => {
    expect(refusal("--prot", "9000", "--conf-dir=x", "-x")).toEqual([
      "config_invalid",
      "--prot: unknown flag. Did you mean --port?",
      "--conf-dir: unknown flag. Did you mean --config-dir?",
      "-x: unknown flag.",
      HINT,
    ]);
  });

  test("a flag without its value says what it takes", () => {
    expect(refusal("--port")).toEqual(["config_invalid", "--port: its value is missing; it takes a whole number from 0 to 65535.", HINT]);
    expect(refusal("--config-dir", "--port=1")).toEqual(["config_invalid", "--config-dir: its value is missing; it takes a path.", HINT]);
  });

  test("arguments too few or too many are refused", () => {
    expect(refusal("pull")).toEqual(["config_invalid", "pull: an argument is missing: rockchip-llama pull <model>", HINT]);
    expect(refusal("serve", "qwen3")).toEqual(["config_invalid", "qwen3: this argument is not expected here: rockchip-llama serve", HINT]);
  });
});

describe("flags of pull", () => {
  test("are kept apart from the configuration's", () => {
    expect(parseArguments(["pull", "a/b", "--sha256", "00", "--name=kitchen", "--tokenizer", "c/d", "--log-level", "debug"])).toEqual({
      command: "pull",
      positionals: ["a/b"],
      configArgv: ["--log-level=debug"],
      flags: { sha256: "00", name: "kitchen", tokenizer: "c/d" },
    });
  });

  test("belong to no other command", () => {
    expect(refusal("serve", "--sha256", "00")).toEqual(["config_invalid", "--sha256: serve has no such flag; it belongs to pull.", HINT]);
  });

  test("need a value", () => {
    expect(refusal("pull", "a/b", "--name")).toEqual(["config_invalid", "--name: its value is missing; it takes a name.", HINT]);
  });
});
