import { describe, expect, test } from "bun:test";
import { parseModelfile } from "../../../src/cli/create/modelfile.ts";
import { AppError } from "../../../src/core/errors.ts";
import { modelfileText } from "../../../src/api/ollama/modelfile.ts";

function refusal(text: string): string {
  try {
    parseModelfile(text);
  } catch (thrown) {
    return AppError.from(thrown).message;
  }
  return "parsed";
}

const NOTHING = { adapters: [], parameters: {}, messages: [], licenses: [] };

describe("parseModelfile()", () => {
  test("reads every verb, in any case, between comments and empty lines", () => {
    const text = `# My kitchen
from ./base.gguf
ADAPTER ./pirate.gguf

PARAMETER temperature 0.5
PARAMETER num_ctx 2048
PARAMETER stop "<|end|>"
PARAMETER stop User:
PARAMETER use_mmap true
TEMPLATE "{{ .Prompt }}"
SYSTEM You are a cook.
MESSAGE user Is there "soup"?
MESSAGE assistant yes
LICENSE MIT
RENDERER qwen3
PARSER qwen3
REQUIRES 0.14.0
`;
    expect(parseModelfile(text)).toEqual({
      from: "./base.gguf",
      adapters: ["./pirate.gguf"],
      template: "{{ .Prompt }}",
      system: "You are a cook.",
      parameters: { temperature: 0.5, num_ctx: 2048, stop: ["<|end|>", "User:"], use_mmap: true },
      messages: [
        { role: "user", content: 'Is there "soup"?' },
        { role: "assistant", content: "yes" },
      ],
      licenses: ["MIT"],
    });
  });

  test("a value between three quotes has several lines, and keeps them as they are", () => {
    const text =
      'FROM tiny\r\nSYSTEM """\r\n  You are a cook.\r\n# not a comment\r\n"""\r\nMESSAGE user """one\r\ntwo"""\r\nLICENSE """a""" rest is dropped';
    expect(parseModelfile(text)).toEqual({
      ...NOTHING,
      from: "tiny",
      system: "\n  You are a cook.\n# not a comment\n",
      messages: [{ role: "user", content: "one\ntwo" }],
      licenses: ["a"],
    });
  });

  test("reads back what `show --modelfile` writes", () => {
    const parts = {
      from: "tiny-chat",
      template: "{{ messages }}\n",
      system: 'Say "hello".\n',
      parameters: { stop: ["\n\n", "end"], temperature: 0 },
      licenses: ["MIT"],
      messages: [{ role: "user", content: "a\nb" }],
    };
    expect(parseModelfile(modelfileText(parts))).toEqual({ adapters: [], ...parts });
  });

  test.each([
    ["SYSTEM hello", "The Modelfile has no FROM line: it says which model this one is made of."],
    ["FROM a\nFROM b", "Modelfile, line 2: there are two FROM lines; give weights in one file."],
    [
      "FROM a\nSYSTM x",
      "Modelfile, line 2: SYSTM is none of FROM, ADAPTER, TEMPLATE, SYSTEM, PARAMETER, MESSAGE, LICENSE, RENDERER, PARSER, REQUIRES.",
    ],
    ['FROM a\nSYSTEM """one\ntwo', 'Modelfile, line 2: the closing """ is missing.'],
    ["FROM", "Modelfile, line 1: FROM lacks its value."],
    ["FROM a\nPARAMETER temprature 1", "Modelfile, line 2: unknown parameter 'temprature'. Did you mean temperature?"],
    ["FROM a\nPARAMETER top_k many", 'Modelfile, line 2: top_k: "many" is not a whole number.'],
    ["FROM a\nPARAMETER top_k", "Modelfile, line 2: the parameter top_k lacks its value."],
    ["FROM a\nMESSAGE tool x", 'Modelfile, line 2: the role of a MESSAGE is system, user, assistant, not "tool".'],
  ])("%j is refused", (text, message) => {
    expect(refusal(text)).toBe(message);
  });
});
