import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { optionValue } from "../../../src/cli/option-values.ts";
import { readFormat, readThink, runSettings } from "../../../src/cli/chat/run-settings.ts";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { AppError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { load } from "../config/temporary-config.ts";
import { recordingTerminal } from "./recording-terminal.ts";

function settings(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { positionals, flags = {}, configArgv } = parseArguments(["run", ...argv]);
  const { terminal } = recordingTerminal({ isTerminal: false });
  return runSettings({ words: positionals, flags, loaded: load({ argv: configArgv, env }), environment: {}, out: terminal, err: terminal });
}

function message(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return AppError.from(thrown).message;
  }
  return "nothing was thrown";
}

test("without flags the model and the server decide", () => {
  expect(settings(["tiny"])).toEqual({
    model: "tiny",
    system: null,
    options: {},
    format: null,
    think: null,
    keepAlive: null,
    verbose: false,
    wordWrap: true,
    hideThinking: false,
  });
});

test("every flag has its say, and sampling flags are sent along", () => {
  const flags = [
    "--system",
    "Be brief.",
    "--format",
    "json",
    "--think=low",
    "--keepalive",
    "10m",
    "--verbose",
    "--nowordwrap",
    "--hidethinking",
  ];
  expect(settings(["tiny", ...flags, "--temperature", "0", "--max-new-tokens", "5"])).toEqual({
    model: "tiny",
    system: "Be brief.",
    options: { temperature: 0, num_predict: 5 },
    format: "json",
    think: "low",
    keepAlive: "10m",
    verbose: true,
    wordWrap: false,
    hideThinking: true,
  });
});

test("values of the environment are the server's own, and are not sent", () => {
  expect(settings(["tiny"], { ROCKCHIP_LLAMA_TEMPERATURE: "0.1" }).options).toEqual({});
});

describe("formats", () => {
  test("a schema is given as JSON, or as the file of one", () => {
    const path = join(temporaryFolder(), "schema.json");
    writeFileSync(path, '{"type": "object"}');
    expect([readFormat(""), readFormat("json"), readFormat('{"type":"array"}'), readFormat(path)]).toEqual([
      null,
      "json",
      { type: "array" },
      { type: "object" },
    ]);
  });

  test("what is none of these is refused", () => {
    expect(message(() => readFormat("jsn"))).toBe("jsn: a format is json, a JSON Schema, or the path of a file with one.");
    expect(message(() => readFormat("{"))).toStartWith("The format is not JSON: ");
  });
});

test("thinking is on, off, or of a level", () => {
  expect(["", "true", "false", "max"].map(readThink)).toEqual([true, true, false, "max"]);
  expect(message(() => readThink("loud"))).toBe("loud: --think takes true, false, low, medium, high, max.");
});

test("options have the kind of value that they are", () => {
  expect([
    optionValue("temperature", ["0.5"]),
    optionValue("num_predict", ["-1"]),
    optionValue("use_mmap", ["false"]),
    optionValue("stop", ["a", "b"]),
  ]).toEqual([0.5, -1, false, ["a", "b"]]);
  expect(message(() => optionValue("top_k", ["1.5"]))).toBe('top_k: "1.5" is not a whole number.');
  expect(message(() => optionValue("constructor", ["1"]))).toStartWith("unknown parameter 'constructor'.");
});
