/** Ollama bodies in, canonical requests out. */
import { describe, expect, test } from "bun:test";
import { packContext } from "../../src/api/ollama/context-field.ts";
import * as decoding from "../../src/api/ollama/decode.ts";
import type { Ability, DecodedOllama } from "../../src/api/ollama/decode.ts";
import { keepAliveMs } from "../../src/api/keep-alive.ts";
import { expandedName, isModelName, lookupName, taggedName } from "../../src/api/ollama/names.ts";
import { decodeOptions } from "../../src/api/ollama/options.ts";
import type { OllamaChatBody, OllamaGenerateBody } from "../../src/api/ollama/schema.ts";
import { AppError } from "../../src/core/errors.ts";
import { MODEL } from "../support/scripted-engine.ts";

const ABLE: Ability = { model: MODEL, capabilities: ["completion", "tools", "insert"], template: "{{ messages }}" };
const THINKER: Ability = { ...ABLE, capabilities: ["completion", "thinking"] };

function decodeOllamaChat(id: string, body: OllamaChatBody, able = ABLE): DecodedOllama {
  decoding.checkBody(body);
  return decoding.decodeOllamaChat(id, body, able);
}

function decodeOllamaGenerate(id: string, body: OllamaGenerateBody, able = ABLE): DecodedOllama {
  decoding.checkBody(body);
  return decoding.decodeOllamaGenerate(id, body, able);
}

function chat(fields: Readonly<Record<string, unknown>> = {}): OllamaChatBody {
  return { model: "m", messages: [{ role: "user", content: "hi" }], ...fields };
}

const ASKED = [{ role: "user", content: "hi" }];

function generate(fields: Readonly<Record<string, unknown>> = {}): OllamaGenerateBody {
  return { model: "m", prompt: "hi", ...fields };
}

/** The refusal of a body, as code and message. */
function refusal(decode: () => unknown): unknown {
  try {
    decode();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.message];
    throw error;
  }
  return "accepted";
}

describe("chat", () => {
  test("a bare request is streamed and leaves everything else open", () => {
    expect(decodeOllamaChat("r1", chat())).toEqual({
      request: {
        id: "r1",
        model: "m",
        input: { kind: "chat", messages: [{ role: "user", content: "hi" }], tools: [] },
        reasoning: { mode: "auto" },
        sampling: {},
        stop: [],
      },
      stream: true,
      ignored: [],
      loadsOnly: false,
      truncate: true,
      rendersOnly: false,
    });
  });

  test("what only some requests ask for is kept apart", () => {
    const fields = { truncate: false, shift: true, _debug_render_only: true, keep_alive: "1m", options: { seed: 1 } };
    expect(decodeOllamaChat("r1", chat(fields))).toMatchObject({
      request: { keepAliveMs: 60_000 },
      ignored: ["options.seed", "shift"],
      truncate: false,
      rendersOnly: true,
    });
    expect(decodeOllamaChat("r1", chat({ shift: false })).ignored).toEqual([]);
  });

  test("the template decides about thinking where the client does not, and models that cannot are not told to", () => {
    const mode = (think: unknown, able: Ability): unknown => {
      return refusal(() => {
        throw new AppError("internal", JSON.stringify(decodeOllamaChat("r1", chat({ think }), able).request.reasoning));
      });
    };
    expect([undefined, null, true, false, "max"].map((think) => mode(think, THINKER))).toEqual([
      ["internal", '{"mode":"auto"}'],
      ["internal", '{"mode":"auto"}'],
      ["internal", '{"mode":"on"}'],
      ["internal", '{"mode":"off"}'],
      ["internal", '{"mode":"on","level":"max"}'],
    ]);
    expect([undefined, false, true, "low"].map((think) => mode(think, ABLE))).toEqual([
      ["internal", '{"mode":"auto"}'],
      ["internal", '{"mode":"off"}'],
      ["unsupported_parameter", '"m" does not support thinking'],
      ["unsupported_parameter", '"m" does not support thinking'],
    ]);
  });

  test("thoughts in answers to earlier questions are left out, those since the last question stay", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "<think>\nhm\n</think>\n\nb" },
      { role: "user", content: "c <think>x</think>" },
      { role: "assistant", content: "<think>y</think>d" },
    ];
    expect(decodeOllamaChat("r1", chat({ messages })).request.input).toMatchObject({
      messages: [{ content: "a" }, { content: "b" }, { content: "c <think>x</think>" }, { content: "<think>y</think>d" }],
    });
  });

  test("a history with thinking, calls and tool results keeps its order", () => {
    const messages = [
      { role: "SYSTEM", content: "Be brief." },
      { role: "assistant", content: "", thinking: "Ask.", tool_calls: [{ function: { name: "now", arguments: { zone: "CET" } } }, { id: "x", function: { name: "ping", arguments: "{}" } }] },
      { role: "tool", content: "noon", tool_name: "now", tool_call_id: "x" },
    ]; // prettier-ignore
    const tools = [{ type: "function", function: { name: "now", parameters: { type: "object" } } }];
    expect(decodeOllamaChat("r1", chat({ messages, tools, stream: false, think: "low" }), THINKER)).toMatchObject({
      request: {
        input: {
          kind: "chat",
          messages: [
            { role: "system", content: "Be brief." },
            {
              role: "assistant",
              content: "",
              reasoning: "Ask.",
              toolCalls: [
                { id: "call_1_0", name: "now", arguments: '{"zone":"CET"}' },
                { id: "x", name: "ping", arguments: "{}" },
              ],
            },
            { role: "tool", content: "noon", name: "now", toolCallId: "x" },
          ],
          tools: [{ name: "now", parameters: { type: "object" } }],
        },
        reasoning: { mode: "on", level: "low" },
      },
      stream: false,
    });
  });

  test("the assistant's last message is gone on with, unless JSON is asked for", () => {
    const continued = (fields: object): unknown => {
      const { input } = decodeOllamaChat("r1", chat({ messages: [...ASKED, { role: "assistant", content: "Well," }], ...fields })).request;
      return input.kind === "chat" && input.continueLast;
    };
    expect([continued({}), continued({ format: "json" })]).toEqual([true, undefined]);
  });

  test("a format is JSON, or JSON that fits a schema", () => {
    const formatOf = (format: unknown): unknown => decodeOllamaChat("r1", chat({ format })).request.responseFormat;
    expect([formatOf("json"), formatOf({ type: "object" }), formatOf("")]).toEqual([
      { kind: "json_object" },
      { kind: "json_schema", schema: { type: "object" }, field: "format" },
      undefined,
    ]);
    expect(decodeOllamaGenerate("r1", generate({ raw: true, format: "json" })).request).toMatchObject({
      input: { kind: "completion", prompt: "hi" },
      responseFormat: { kind: "json_object" },
    });
    expect(refusal(() => decodeOllamaGenerate("r1", generate({ suffix: "x", format: "json" })))).toEqual([
      "unsupported_parameter",
      '"format" is not supported beside "suffix". Leave one of them out.',
    ]);
  });

  test("a call without messages only loads the model, or unloads it with keep_alive 0", () => {
    const unloads = (fields: Readonly<Record<string, unknown>>): boolean => {
      const body = chat(fields);
      return decoding.isUnload(body, decoding.isEmptyChat(body));
    };
    expect([{ messages: [] }, { messages: null }, {}].map((fields) => decodeOllamaChat("r1", chat(fields)).loadsOnly)).toEqual([
      true,
      true,
      false,
    ]);
    expect(
      [{ messages: [], keep_alive: 0 }, { messages: [], keep_alive: "0s" }, { messages: [], keep_alive: 1 }, { keep_alive: 0 }].map(
        unloads,
      ),
    ).toEqual([true, true, false, false]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["an unknown role", { messages: [{ role: "robot" }] }, ["invalid_request", '"messages[0].role" must be "system", "user", "assistant" or "tool", not "robot"']],
    ["an image", { messages: [{ role: "user", images: ["aGk="] }] }, ["unsupported_parameter", '"messages[0].images" is not supported: the model cannot see images. Send text only.']],
    ["a format that is none", { format: "xml" }, ["invalid_request", 'invalid format: "xml"; expected "json" or a valid JSON Schema object']],
    ["log probabilities", { logprobs: true }, ["unsupported_parameter", '"logprobs" is not supported: the runtime gives no access to token probabilities.']],
    ["too many probabilities", { top_logprobs: 21 }, ["invalid_request", "top_logprobs must be between 0 and 20"]],
    ["a strange wish to think", { think: "hard" }, ["invalid_request", 'invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false)']],
  ])("%s is refused", (_what, fields, expected) => {
    expect(refusal(() => decodeOllamaChat("r1", chat(fields)))).toEqual(expected);
  }); // prettier-ignore
});

describe("generate", () => {
  test("the prompt is a user's turn after the system prompt, or raw text", () => {
    const input = (fields: Readonly<Record<string, unknown>>): unknown => decodeOllamaGenerate("r1", generate(fields)).request.input;
    expect([input({ system: "Be brief." }), input({ raw: true })]).toEqual([
      {
        kind: "chat",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
        tools: [],
      },
      { kind: "completion", prompt: "hi", markup: true },
    ]);
  });

  test("a suffix asks for the text between", () => {
    expect(decodeOllamaGenerate("r1", generate({ suffix: "end" })).request.input).toEqual({ kind: "infill", prefix: "hi", suffix: "end" });
  });

  test("a call without a prompt only loads the model", () => {
    expect([{ model: "m" }, { model: "m", prompt: "", system: "x" }].map((body) => decodeOllamaGenerate("r1", body).loadsOnly)).toEqual([
      true,
      true,
    ]);
    expect(decoding.isEmptyPrompt({ model: "m", suffix: "x" })).toBe(false);
  });

  test("a template that adds nothing is raw text, and the model's own changes nothing", () => {
    const input = (template: string): unknown => decodeOllamaGenerate("r1", generate({ template })).request.input;
    expect([input("{{ .Prompt }}"), input(" {{- .Prompt -}} "), input("{{ messages }}\n")]).toMatchObject([
      { kind: "completion", prompt: "hi", markup: true },
      { kind: "completion", prompt: "hi", markup: true },
      { kind: "chat" },
    ]);
  });

  test("a context goes on with its conversation, under a new system prompt where there is one", () => {
    const context = packContext([
      { role: "system", content: "Old." },
      { role: "user", content: "漢字" },
      { role: "assistant", content: "😀" },
    ]);
    const input = (fields: object): unknown => decodeOllamaGenerate("r1", generate({ context, ...fields })).request.input;
    const turns = [
      { role: "user", content: "漢字" },
      { role: "assistant", content: "😀" },
      { role: "user", content: "hi" },
    ];
    expect([input({}), input({ system: "New." })]).toEqual([
      { kind: "chat", messages: [{ role: "system", content: "Old." }, ...turns], tools: [] },
      { kind: "chat", messages: [{ role: "system", content: "New." }, ...turns], tools: [] },
    ]);
  });

  test.each<[string, readonly number[]]>([
    ["token ids", [151_644, 872, 198]],
    ["a context that was cut", packContext([{ role: "user", content: "hello" }]).slice(0, -1)],
    ["a context that was changed", packContext([{ role: "user", content: "hello" }]).map((number, index) => (index === 3 ? 0 : number))],
  ])("%s cannot be gone on from", (_what, context) => {
    expect(refusal(() => decodeOllamaGenerate("r1", generate({ context })))).toEqual([
      "invalid_request",
      '"context" is not from an answer of this server. Send the conversation to /api/chat.',
    ]);
  });

  test("null is the same as absent in every optional field", () => {
    const names = [
      "stream",
      "think",
      "format",
      "options",
      "keep_alive",
      "logprobs",
      "system",
      "raw",
      "suffix",
      "template",
      "context",
      "images",
    ];
    expect(decodeOllamaGenerate("r1", generate(Object.fromEntries(names.map((name) => [name, null]))))).toEqual(
      decodeOllamaGenerate("r1", generate()),
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly [string, string]]>([
    ["raw with a system prompt", { raw: true, system: "x" }, ["invalid_request", "raw mode does not support template, system, or context"]],
    [
      "a template",
      { template: "{{ .System }}{{ .Prompt }}" },
      [
        "unsupported_parameter",
        '"template" is not supported: the model\'s own chat template is used. Leave it out, or send raw text with "raw".',
      ],
    ],
    [
      "an image",
      { images: ["aGk="] },
      ["unsupported_parameter", '"images" is not supported: the model cannot see images. Send text only.'],
    ],
  ])("%s is refused", (_what, fields, expected) => {
    expect(refusal(() => decodeOllamaGenerate("r1", generate(fields)))).toEqual(expected);
  });
});

describe("options", () => {
  test("every option of the runtime is taken, fractions of whole numbers are cut, and what has no effect is named", () => {
    const options = {
      temperature: 1, top_k: 40.0, top_p: 0.9, repeat_penalty: 1.1, frequency_penalty: 0.1, presence_penalty: 0.2, mirostat: 1.9,
      mirostat_tau: 5, mirostat_eta: 0.1, num_predict: 5.9, stop: "END", seed: 1, num_ctx: 8192, use_mmap: "what", nonsense: {}, min_p: null,
    }; // prettier-ignore
    expect(decodeOptions(options)).toEqual({
      sampling: {
        temperature: 1,
        topK: 40,
        topP: 0.9,
        repeatPenalty: 1.1,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        mirostat: 1,
        mirostatTau: 5,
        mirostatEta: 0.1,
      },
      tokensMax: 5,
      stop: ["END"],
      ignored: ["options.num_ctx", "options.seed"],
    });
  });

  test("a negative num_predict has no limit, 0 asks for no output", () => {
    expect([
      decodeOptions({ num_predict: -1 }).tokensMax,
      decodeOptions({ num_predict: -2 }).tokensMax,
      decodeOptions({ num_predict: 0 }).tokensMax,
    ]).toEqual([undefined, undefined, 0]);
  });

  test("values beyond what the runtime takes become the nearest that it takes", () => {
    const huge = { temperature: 1e300, top_k: 5e9, top_p: 7, repeat_penalty: 1e39, frequency_penalty: 9, mirostat: 9, mirostat_tau: 1e39 };
    expect(decodeOptions(huge).sampling).toEqual({
      temperature: 2,
      topK: 1_000_000,
      topP: 1,
      repeatPenalty: 10,
      frequencyPenalty: 2,
      mirostat: 2,
      mirostatTau: 100,
    });
    expect(decodeOptions({ temperature: -1, top_k: -1, top_p: -1, presence_penalty: -9, mirostat_eta: -1 }).sampling).toEqual({
      temperature: 0,
      topK: 0,
      topP: 0,
      presencePenalty: -2,
      mirostatEta: 0,
    });
  });

  test("a wrong type is told in Ollama's words, and too long a stop in ours", () => {
    expect([
      refusal(() => decodeOptions({ temperature: "hot" })),
      refusal(() => decodeOptions({ top_k: true })),
      refusal(() => decodeOptions({ stop: [1] })),
      refusal(() => decodeOptions({ stop: "x".repeat(20_000) })),
    ]).toEqual([
      ["invalid_request", 'option "temperature" must be of type float32'],
      ["invalid_request", 'option "top_k" must be of type integer'],
      ["invalid_request", 'option "stop" must be of type array of strings'],
      ["invalid_request", 'The field "options.stop" has 20000 characters; at most 16384 are taken.'],
    ]);
  });
});

describe("keep_alive", () => {
  test.each<[string | number | null, number | undefined]>([
    [null, undefined],
    [0, 0],
    ["0", 0],
    ["0s", 0],
    [42.5, 42_500],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["300ms", 300],
    ["300", 300_000],
    [-1, Number.POSITIVE_INFINITY],
    ["-1", Number.POSITIVE_INFINITY],
    ["-5m", Number.POSITIVE_INFINITY],
    // No date is that far away.
    [1e15, Number.POSITIVE_INFINITY],
    ["999999999999h", Number.POSITIVE_INFINITY],
  ])("%p is %p ms", (value, ms) => {
    expect(keepAliveMs(value)).toBe(ms as number);
  });

  test.each([
    ["1d", 'unknown unit "d" in duration "1d"'],
    ["1h2x", 'unknown unit "x" in duration "1h2x"'],
    ["5 m", 'unknown unit " m" in duration "5 m"'],
    ["1constructor", 'unknown unit "constructor" in duration "1constructor"'],
    ["1.5", 'missing unit in duration "1.5"'],
    ["1h30", 'missing unit in duration "1h30"'],
    ["abc", 'invalid duration "abc"'],
    ["m5", 'invalid duration "m5"'],
    ["1.2.3s", 'invalid duration "1.2.3s"'],
    ["", 'invalid duration ""'],
  ])("%p is refused in the words of Go", (value, sentence) => {
    expect(() => keepAliveMs(value)).toThrow(`time: ${sentence}; write "keep_alive" in seconds as a number, or as a text such as "10m"`);
  });
});

describe("what a model cannot do is refused in Ollama's words", () => {
  const embedder: Ability = { ...ABLE, capabilities: ["embedding"] };
  test.each<[string, () => unknown, string]>([
    ["chat", () => decodeOllamaChat("r1", chat(), embedder), '"m" does not support chat'],
    ["generate", () => decodeOllamaGenerate("r1", generate(), embedder), '"m" does not support generate'],
    ["insert", () => decodeOllamaGenerate("r1", generate({ suffix: "x" }), THINKER), "registry.ollama.ai/library/m:latest does not support insert"],
  ])("%s", (_what, decode, message) => {
    expect(refusal(decode)).toEqual(["unsupported_parameter", message]);
  });
}); // prettier-ignore

describe("names", () => {
  test("a model is looked up without what is the default or means nothing here", () => {
    const names = ["qwen3:latest", "qwen3:0.6b", " me/qwen3:local ", "qwen3", "qwen3:7b:local", "registry.ollama.ai/library/qwen3:latest", "library/a", "https://hf.co/org/repo:Q4"];
    expect(names.map(lookupName)).toEqual(["qwen3", "qwen3:0.6b", "me/qwen3", "qwen3", "qwen3:7b", "qwen3", "a", "hf.co/org/repo:Q4"]);
  }); // prettier-ignore

  test("names of the cloud are refused, and such as cannot decide", () => {
    expect(["x:cloud", "x:7b-cloud", "x:7b:cloud", "x:cloud:local", "my-cloud"].map((name) => refusal(() => lookupName(name)))).toEqual([
      ["forbidden", 'ollama cloud is disabled: "x:cloud" does not run on this machine'],
      ["forbidden", 'ollama cloud is disabled: "x:7b-cloud" does not run on this machine'],
      ["forbidden", 'ollama cloud is disabled: "x:7b:cloud" does not run on this machine'],
      ["invalid_request", 'use either :local or :cloud, not both: "x:cloud:local"'],
      "accepted",
    ]);
  });

  test("a name can be written out in full", () => {
    expect(["q", "q:1b", "me/q", "hf.co/o/r:Q4"].map((name) => [taggedName(name), expandedName(name)])).toEqual([
      ["q:latest", "registry.ollama.ai/library/q:latest"],
      ["q:1b", "registry.ollama.ai/library/q:1b"],
      ["me/q:latest", "registry.ollama.ai/me/q:latest"],
      ["hf.co/o/r:Q4", "hf.co/o/r:Q4"],
    ]);
  });

  test("some texts can be no name", () => {
    const names = [
      "qwen3-0.6b+pirate",
      "a/b:c",
      "localhost:5000/a/b:c",
      "",
      "a b",
      "-a",
      "a:b:c",
      "x.y/z:1",
      "a".repeat(81),
      "a/b/c/d",
      "a:",
    ];
    expect(names.map(isModelName)).toEqual([true, true, true, false, false, false, false, false, false, false, false]);
  });
});
