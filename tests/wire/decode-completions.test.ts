/** Bodies of plain completions in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { decodeCompletion } from "../../src/api/openai/completion-decode.ts";
import type { CompletionBody } from "../../src/api/openai/completion-schema.ts";
import type { GenerationInput } from "../../src/core/generation.ts";
import { refusal } from "./refusal.ts";

/** A body with fields of any kind, as they come from outside. */
function completion(fields: Readonly<Record<string, unknown>>): CompletionBody {
  return { prompt: "Once", ...fields };
}

describe("completions", () => {
  const inputs = (fields: Readonly<Record<string, unknown>>): GenerationInput[] =>
    decodeCompletion("r1", completion(fields)).requests.map(({ input }) => input);

  test("a prompt is continued as the client wrote it, control tokens and all, for 16 tokens unless more are asked for", () => {
    expect(decodeCompletion("r1", { prompt: "Once" })).toEqual({
      requests: [
        {
          id: "r1",
          model: "",
          input: { kind: "completion", prompt: "Once", markup: true },
          reasoning: { mode: "off" },
          sampling: {},
          tokensMax: 16,
          stop: [],
        },
      ],
      answersPerPrompt: 1,
      stream: false,
      includeUsage: false,
      ignored: [],
      echoes: [""],
    });
  });

  test.each<[unknown, readonly GenerationInput[]]>([
    ["a", [{ kind: "completion", prompt: "a", markup: true }]],
    [["a"], [{ kind: "completion", prompt: "a", markup: true }]],
    [["a", ""], [{ kind: "completion", prompt: "a", markup: true }, { kind: "completion", prompt: "", markup: true }]],
    [[1, 2], [{ kind: "tokens", ids: [1, 2] }]],
    [[[1, 2]], [{ kind: "tokens", ids: [1, 2] }]],
    [[[1], "a", [2, 3]], [{ kind: "tokens", ids: [1] }, { kind: "completion", prompt: "a", markup: true }, { kind: "tokens", ids: [2, 3] }]],
  ])("the prompts in %j are found", (prompt, expected) => {
    expect(inputs({ prompt })).toEqual([...expected]);
  }); // prettier-ignore

  test("the answers to one prompt lie next to each other", () => {
    const { requests, answersPerPrompt } = decodeCompletion("r1", completion({ prompt: ["a", "b"], n: 2 }));
    expect([answersPerPrompt, requests.map(({ id, input }) => [id, (input as { prompt: string }).prompt])]).toEqual([
      2,
      [
        ["r1-0", "a"],
        ["r1-1", "a"],
        ["r1-2", "b"],
        ["r1-3", "b"],
      ],
    ]);
  });

  test("no token may be asked for, and as many as fit", () => {
    const tokensMax = (fields: object): unknown => decodeCompletion("r1", completion({ ...fields })).requests[0].tokensMax;
    expect([
      tokensMax({ max_tokens: 0 }),
      tokensMax({ max_tokens: 100 }),
      tokensMax({ max_tokens: -1 }),
      tokensMax({ n_predict: 5 }),
    ]).toEqual([0, 100, undefined, 5]);
  });

  test("a suffix asks for the text between, and a prompt for JSON says so", () => {
    expect(inputs({ prompt: ["a", "b"], suffix: "z" })).toEqual([
      { kind: "infill", prefix: "a", suffix: "z" },
      { kind: "infill", prefix: "b", suffix: "z" },
    ]);
    const formats = [{ response_format: { type: "json_object" } }, { json_schema: { type: "object" } }];
    expect(formats.map((fields) => decodeCompletion("r1", completion(fields)).requests[0].responseFormat)).toEqual([
      { kind: "json_object" },
      { kind: "json_schema", schema: { type: "object" } },
    ]);
  });

  test("echo repeats text prompts, each in front of its own answers", () => {
    expect(decodeCompletion("r1", completion({ prompt: ["a", "b"], n: 2, echo: true })).echoes).toEqual(["a", "a", "b", "b"]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["no token ids", { prompt: [[]] }, ["invalid_request", "prompt[0]"]],
    ["a token id beside a text", { prompt: ["a", 1] }, ["invalid_request", "prompt[1]"]],
    ["more answers than anybody waits for", { prompt: Array.from({ length: 17 }, () => "a"), n: 8 }, ["invalid_request", "prompt"]],
    ["log probabilities", { logprobs: 0 }, ["unsupported_parameter", "logprobs"]],
    ["a choice among several", { best_of: 2 }, ["unsupported_parameter", "best_of"]],
    ["a suffix behind token ids", { prompt: [1, 2], suffix: "end" }, ["unsupported_parameter", "suffix"]],
    ["echoed token ids", { prompt: [1], echo: true }, ["unsupported_parameter", "echo"]],
    ["a grammar", { grammar: "root ::= x" }, ["unsupported_parameter", "grammar"]],
    ["a token bias", { logit_bias: { "5": 1 } }, ["unsupported_parameter", "logit_bias"]],
  ])("%s is refused by the name of the field", (_what, fields, expected) => {
    expect(refusal(() => decodeCompletion("r1", completion(fields)))).toEqual(expected);
  });

  test.each([[{ best_of: 1 }], [{ suffix: "" }], [{ response_format: { type: "text" } }], [{ logit_bias: {} }]])(
    "%j means nothing and is accepted",
    (fields) => {
      expect(refusal(() => decodeCompletion("r1", completion(fields)))).toBe("accepted");
    },
  );
});
