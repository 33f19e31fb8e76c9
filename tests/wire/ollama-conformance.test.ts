/** What Ollama's clients may take for granted, beyond what decoders and encoders are tested for one by one. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationRequest } from "../../src/core/generation.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Script, ScriptedEngine } from "../support/scripted-engine.ts";
import { ask, MODEL, scriptedEngine } from "../support/scripted-engine.ts";

type Json = Readonly<Record<string, unknown>>;

const NAME = "qwen3-0.6b";
const CHAT = { model: NAME, messages: [{ role: "user", content: "hi" }] };
const PROMPT = { model: NAME, prompt: "hi" };

async function reply(script: Script | Engine, path: string, body: unknown): Promise<{ status: number; body: Json; headers: Headers }> {
  const response = await ask(script, path, { body });
  return { status: response.status, body: (await response.json()) as Json, headers: response.headers };
}

async function refusal(path: string, body: unknown, script: Script = {}): Promise<readonly [number, unknown]> {
  const { status, body: json } = await reply(script, path, body);
  return [status, json["error"]];
}

describe("the first fault in Ollama's order is told", () => {
  const BAD_OPTION = { options: { temperature: "hot" } };
  test.each<[string, string, object, readonly [number, unknown]]>([
    ["a range before the model", "/api/chat", { ...CHAT, model: "nope", top_logprobs: 21 }, [400, "top_logprobs must be between 0 and 20"]],
    ["a strange thought before the model", "/api/chat", { ...CHAT, model: "nope", think: "hard" }, [400, 'invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false)']],
    ["a strange time before the model", "/api/chat", { ...CHAT, model: "nope", keep_alive: "1d" }, [400, 'time: unknown unit "d" in duration "1d"; write "keep_alive" in seconds as a number, or as a text such as "10m"']],
    ["no model for a chat", "/api/chat", { messages: [] }, [400, "model is required"]],
    ["no model for a prompt", "/api/generate", { prompt: "hi" }, [404, "model '' not found"]],
    ["the model before the options", "/api/chat", { ...CHAT, model: "nope", ...BAD_OPTION }, [404, "model 'nope' not found"]],
    ["what is no name", "/api/chat", { ...CHAT, model: "a b" }, [400, "invalid model name"]],
    ["a name of the cloud", "/api/chat", { ...CHAT, model: "gpt-oss:120b-cloud" }, [403, 'ollama cloud is disabled: "gpt-oss:120b-cloud" does not run on this machine']],
    ["raw text with a system prompt before the options", "/api/generate", { ...PROMPT, raw: true, system: "x", ...BAD_OPTION }, [400, "raw mode does not support template, system, or context"]],
    ["a wrong option although nothing is generated", "/api/generate", { model: NAME, ...BAD_OPTION }, [400, 'option "temperature" must be of type float32']],
    ["what cannot think before the options", "/api/chat", { ...CHAT, think: "low", ...BAD_OPTION }, [400, '"qwen3-0.6b" does not support thinking']],
    ["what is neither a thought nor none", "/api/chat", { ...CHAT, think: 1 }, [400, "think must be a boolean or string"]],
    ["a format that is none", "/api/chat", { ...CHAT, format: true }, [400, 'invalid format: true; expected "json" or a valid JSON Schema object']],
    ["options that are none", "/api/chat", { ...CHAT, options: [] }, [400, 'The field "options" must be an object.']],
    ["probabilities", "/api/generate", { ...PROMPT, logprobs: true }, [400, '"logprobs" is not supported: the runtime gives no access to token probabilities.']],
    ["a template that cannot be run", "/api/generate", { ...PROMPT, template: "{{ .System }}{{ .Prompt }}" }, [400, '"template" is not supported: the model\'s own chat template is used. Leave it out, or send raw text with "raw".']],
    ["a context of another server", "/api/generate", { ...PROMPT, context: [151_644, 872] }, [400, '"context" is not from an answer of this server. Send the conversation to /api/chat.']],
    ["images in a conversation", "/api/chat", { model: NAME, messages: [{ role: "user", content: "hi", images: ["aGk="] }] }, [400, '"messages[0].images" is not supported: the model cannot see images. Send text only.']],
    ["what cannot fill in", "/api/generate", { ...PROMPT, suffix: "x" }, [400, "registry.ollama.ai/library/qwen3-0.6b:latest does not support insert"]],
    ["images", "/api/generate", { ...PROMPT, images: ["aGk="] }, [400, '"images" is not supported: the model cannot see images. Send text only.']],
  ])("%s", async (_what, path, body, expected) => {
    expect(await refusal(path, body, { capabilities: ["completion"] })).toEqual(expected);
  }); // prettier-ignore

  test("thinking before a model is loaded for it, and no option when it is unloaded", async () => {
    const engine = scriptedEngine({ capabilities: ["completion"] });
    const load = await reply(engine, "/api/generate", { model: NAME, think: true });
    const unload = await reply(engine, "/api/generate", { model: NAME, keep_alive: 0, think: true, options: { temperature: "hot" } });
    expect([load.status, load.body, unload.body, engine.residence]).toMatchObject([
      400,
      { error: '"qwen3-0.6b" does not support thinking' },
      { done: true, done_reason: "unload" },
      [{ unload: NAME }],
    ]);
  });

  test("a model for embeddings neither chats nor generates", async () => {
    const script: Script = { capabilities: ["embedding"] };
    expect([await refusal("/api/chat", CHAT, script), await refusal("/api/generate", PROMPT, script)]).toEqual([
      [400, '"qwen3-0.6b" does not support chat'],
      [400, '"qwen3-0.6b" does not support generate'],
    ]);
  });
});

test("why a model cannot run is told although its files cannot be read", async () => {
  const engine = scriptedEngine({
    admit: async () => {
      throw new AppError("model_not_runnable", "The model broken cannot run here: it is not complete.");
    },
  });
  const broken = { ...MODEL, unrunnableReason: "it is not complete." };
  const facts: Engine["facts"] = async () => {
    throw new AppError("model_file_invalid", "broken.gguf is not complete.");
  };
  const answers = await Promise.all(
    ["/api/chat", "/api/generate"].map(async (path) =>
      reply({ ...engine, facts, model: async () => broken }, path, { ...CHAT, prompt: "hi" }),
    ),
  );
  expect(answers.map(({ status, body }) => [status, body["error"]])).toEqual([
    [400, "The model broken cannot run here: it is not complete."],
    [400, "The model broken cannot run here: it is not complete."],
  ]);
});

describe("loading", () => {
  test("is one object, also for a stream, and takes the time to stay", async () => {
    const engine = scriptedEngine();
    const { headers, body } = await reply(engine, "/api/chat", { model: "qwen3-0.6b:latest", keep_alive: "10m" });
    expect([headers.get("content-type"), body, engine.residence, engine.requests]).toEqual([
      "application/json;charset=utf-8",
      { model: "qwen3-0.6b:latest", created_at: "2026-01-02T03:04:05.678Z", message: { role: "assistant", content: "" }, done: true, done_reason: "load" },
      [{ load: NAME, options: { keepAliveMs: 600_000 } }],
      [],
    ]);
  }); // prettier-ignore

  test("says which options had no effect", async () => {
    const { headers, body } = await reply({}, "/api/generate", { model: NAME, options: { num_ctx: 8192, temperature: 1 } });
    expect([headers.get("x-rockchip-llama-ignored"), body["done_reason"]]).toEqual(["options.num_ctx", "load"]);
  });

  test("and unloading have no metrics and no context", async () => {
    const loaded = await reply({}, "/api/generate", { model: NAME, prompt: "", system: "x", stream: true });
    const unloaded = await reply({}, "/api/generate", { model: NAME, keep_alive: "0s" });
    const keys = ["model", "created_at", "response", "done", "done_reason"];
    expect([Object.keys(loaded.body), Object.keys(unloaded.body)]).toEqual([keys, keys]);
  });

  test("what is not there is refused before it is loaded or unloaded", async () => {
    const engine = scriptedEngine();
    const replies = await Promise.all(["/api/chat", "/api/generate"].flatMap((path) => [{}, { keep_alive: 0 }].map(async (change) => reply(engine, path, { model: "nope", ...change }))));
    expect([replies.map(({ status, body }) => [status, body["error"]]), engine.residence]).toEqual([
      Array.from({ length: 4 }, () => [404, "model 'nope' not found"]),
      [],
    ]);
  }); // prettier-ignore

  test("keep_alive 0 with a prompt means the last use", async () => {
    const engine = scriptedEngine();
    await reply(engine, "/api/generate", { ...PROMPT, stream: false, keep_alive: 0 });
    expect([engine.requests[0]?.request.keepAliveMs, engine.residence]).toEqual([0, []]);
  });
});

/** An engine whose context holds so many turns. */
function smallEngine(turnsMax: number): ScriptedEngine {
  const engine = scriptedEngine();
  const turns = ({ input }: GenerationRequest): number => (input.kind === "chat" ? input.messages.length : 1);
  return {
    ...engine,
    countTokens: async (request) => turns(request) * 100,
    generate: async (request, signal) => {
      const contextTokens = turnsMax * 100 + 4;
      if (turns(request) > turnsMax)
        throw new AppError("context_length_exceeded", "Too long.", { details: { promptTokens: turns(request) * 100, contextTokens } });
      return engine.generate(request, signal);
    },
  };
}

describe("a conversation that is too long", () => {
  const turn = (role: string, content: string): Json => ({ role, content });
  const messages = [turn("system", "s"), turn("user", "1"), turn("assistant", "2"), turn("system", "t"), turn("user", "3"), turn("assistant", "4"), turn("tool", "5"), turn("user", "6")]; // prettier-ignore

  const kept = (engine: ScriptedEngine): unknown => {
    const input = engine.requests[0]?.request.input;
    return input?.kind === "chat" ? input.messages.map(({ content }) => content).join("") : undefined;
  };

  test.each<[number, number, string, number]>([
    [8, 1, "s12t3456", 0],
    [7, 1, "st3456", 2],
    [6, 1, "st456", 3],
    [5, 1, "st6", 5],
    [5, 200, "st6", 5],
    [3, 1, "st6", 5],
  ])("loses its oldest turns where %p fit and %p tokens are to come: %p stay", async (turnsMax, num_predict, contents, lost) => {
    const engine = smallEngine(turnsMax);
    const response = await ask(engine, "/api/chat", { body: { ...CHAT, messages, stream: true, options: { num_predict } } });
    await response.text();
    const note = lost === 0 ? null : `The conversation was too long: its ${lost} oldest turns were left out.`;
    expect([response.status, kept(engine), response.headers.get("x-rockchip-llama-note")]).toEqual([200, contents, note]);
  });

  const TOO_LONG = "the prompt is longer than the context length currently available to the model; it has";

  test("is refused where even its last turn does not fit, and where nothing may be left out", async () => {
    const refused = await reply(smallEngine(2), "/api/chat", { ...CHAT, messages });
    const untouched = await reply(smallEngine(7), "/api/chat", { ...CHAT, messages, truncate: false });
    expect([refused.status, refused.body, untouched.status, untouched.body]).toEqual([
      400,
      { error: `${TOO_LONG} 300 tokens and the context holds 204` },
      400,
      { error: `${TOO_LONG} 800 tokens and the context holds 704` },
    ]);
  });

  test("of one turn is refused", async () => {
    expect((await reply(smallEngine(0), "/api/generate", PROMPT)).status).toBe(400);
  });
});

describe("what only ollama.com has", () => {
  test("is refused in words that clients know, and never succeeds", async () => {
    const paths = ["/api/me", "/api/signout", "/api/experimental/web_search", "/api/experimental/web_fetch"];
    const replies = await Promise.all(paths.map((path) => ask({}, path, { body: {} })));
    expect(await Promise.all(replies.map(async (response) => [response.status, ((await response.json()) as Json)["error"]]))).toEqual([
      [404, "This server has no accounts: it does not belong to ollama.com, and nobody signs in."],
      [404, "This server has no accounts: it does not belong to ollama.com, and nobody signs in."],
      [403, "ollama cloud is disabled: web search is unavailable"],
      [403, "ollama cloud is disabled: web fetch is unavailable"],
    ]);
  });

  test("pushing ends in an error, streamed or not", async () => {
    const streamed = await ask({}, "/api/push", { body: { name: NAME } });
    expect([streamed.status, streamed.headers.get("content-type"), (await streamed.text()).split("\n")]).toEqual([
      200,
      "application/x-ndjson",
      ['{"status":"retrieving manifest"}', '{"error":"this server publishes no models: it has no registry to push to"}', ""],
    ]);
    expect([
      await refusal("/api/push", { model: NAME, stream: false }),
      await refusal("/api/push", {}),
      await refusal("/api/push", { model: "nope" }),
    ]).toEqual([
      [400, "this server publishes no models: it has no registry to push to"],
      [400, "model is required"],
      [404, "model 'nope' not found"],
    ]);
  });

  test("there is no cloud, and nothing to recommend from it", async () => {
    const status = await (await ask({}, "/api/status")).json();
    const recommendations = await (await ask({}, "/api/experimental/model-recommendations")).json();
    expect([status, recommendations]).toEqual([{ cloud: { disabled: true, source: "config" } }, { recommendations: [] }]);
  });
});
