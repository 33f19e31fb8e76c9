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
  test("the probe's children get what follows as it is", () => {
    expect(parseArguments(["probe-host", "/tmp/x"])).toEqual({ command: "probe-host", positionals: ["/tmp/x"], configArgv: [] });
  });

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

describe("what Ollama's people type", () => {
  test.each([
    [["ls"], "list"],
    [["start"], "serve"],
    [["help", "ls"], "help"],
  ])("%p is understood", (argv, command) => {
    expect(parseArguments(argv).command).toBe(command as "list");
  });

  test("help on another name is help on the command", () => {
    expect(parseArguments(["help", "ls"]).positionals).toEqual(["list"]);
  });

  test("-v asks for the version, but behind show for more words", () => {
    expect(parseArguments(["list", "-v"])).toEqual({ command: "version", positionals: [], configArgv: [] });
    expect(parseArguments(["show", "tiny", "-v"])).toEqual({
      command: "show",
      positionals: ["tiny"],
      configArgv: [],
      flags: { verbose: "" },
    });
  });

  test("a flag with one letter is the long one", () => {
    expect(parseArguments(["create", "x", "-f", "y"]).flags).toEqual({ file: "y" });
  });

  test("a flag whose value may be left out takes no word for it", () => {
    expect(parseArguments(["run", "--think", "tiny", "--truncate=false"])).toMatchObject({
      positionals: ["tiny"],
      flags: { think: "", truncate: "false" },
    });
    expect(parseArguments(["run", "tiny", "--think=high"]).flags).toEqual({ think: "high" });
  });

  test("a flag that two commands have is each command's own", () => {
    expect(parseArguments(["run", "tiny", "--system", "Be brief."])).toMatchObject({
      positionals: ["tiny"],
      flags: { system: "Be brief." },
    });
    expect(parseArguments(["show", "--system", "tiny"])).toMatchObject({ positionals: ["tiny"], flags: { system: "" } });
  });

  test("a negative duration is a value, and what begins with a dash stands behind two", () => {
    expect(parseArguments(["run", "tiny", "--keepalive", "-1", "--", "-5 plus 3?"])).toMatchObject({
      positionals: ["tiny", "-5 plus 3?"],
      flags: { keepalive: "-1" },
    });
  });
});

describe("refusals", () => {
  test("an unknown command names the nearest, or all", () => {
    expect(refusal("serv")).toEqual(["config_invalid", "serv: unknown command. Did you mean serve?", HINT]);
    expect(refusal("constructor")).toEqual([
      "config_invalid",
      "constructor: unknown command. The commands are serve, run, pull, list, ps, show, stop, rm, cp, create, push, keys, doctor, bench, completions, version, help.",
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
