/** Names of models as Ollama's clients write them, on every route that takes one, and the words in which they are refused. */
import { describe, expect, test } from "bun:test";
import { ask, scriptedEngine } from "../support/scripted-engine.ts";
import { scriptedLibrary } from "../support/scripted-library.ts";

type Json = Readonly<Record<string, unknown>>;

const NAME = "qwen3-0.6b";
const HELLO = [{ role: "user", content: "hi" }];

async function asked(path: string, body: Json, method = "POST"): Promise<readonly [number, unknown]> {
  const response = await ask({}, path, { body, method }, { library: scriptedLibrary() });
  const text = await response.text();
  return [response.status, text.startsWith("{") ? (JSON.parse(text.split("\n")[0] ?? "") as Json)["error"] : undefined];
}

describe("a model is found", () => {
  test.each([
    "qwen3-0.6b:latest",
    "  qwen3-0.6b ",
    "qwen3:0.6b:local",
    "qwen3-0.6b:local",
    "library/qwen3-0.6b",
    "registry.ollama.ai/library/qwen3-0.6b:latest",
    "https://registry.ollama.ai/library/qwen3-0.6b",
  ])("as %p, and the answer repeats what was written", async (model) => {
    const engine = scriptedEngine();
    const replies = [
      await ask(engine, "/api/chat", { body: { model, messages: HELLO, stream: false } }),
      await ask(engine, "/api/generate", { body: { model, prompt: "hi", stream: false } }),
      await ask(engine, "/api/generate", { body: { model } }),
      await ask(engine, "/api/embed", { body: { model, input: "hi" } }),
    ];
    expect(await Promise.all(replies.map(async (reply) => ((await reply.json()) as Json)["model"]))).toEqual([model, model, model, model]);
  });

  test.each([
    ["/api/show", "POST"],
    ["/api/pull", "POST"],
    ["/api/push", "POST"],
    ["/api/delete", "DELETE"],
  ])("by %s under its former field, and model goes before name", async (path, method) => {
    const statuses = [{ name: NAME }, { model: "", name: NAME }, { model: NAME, name: "a b" }].map(async (body) =>
      asked(path, body, method),
    );
    expect((await Promise.all(statuses)).map(([status]) => status)).toEqual([200, 200, 200]);
  });
});

test.each<[string, string, Json, string]>([
  ["/api/chat", "POST", { model: "a b", messages: HELLO }, "invalid model name"],
  ["/api/generate", "POST", { model: "-a", prompt: "hi" }, "invalid model name"],
  ["/api/generate", "POST", { model: "a@sha256:0" }, "invalid model name"],
  ["/api/show", "POST", { model: "a:b:c" }, "invalid model name"],
  ["/api/embed", "POST", { model: "a b", input: "hi" }, "invalid model name"],
  ["/api/embeddings", "POST", { model: "a b", prompt: "hi" }, "invalid model name"],
  ["/api/create", "POST", { model: "a b", from: NAME }, "invalid model name"],
  ["/api/create", "POST", { from: NAME }, "invalid model name"],
  ["/api/pull", "POST", { model: "a b" }, "invalid model name"],
  ["/api/pull", "POST", {}, "invalid model name"],
  ["/api/push", "POST", { model: "a b" }, "invalid model name"],
  ["/api/copy", "POST", { source: "a b", destination: "b" }, 'source "a b" is invalid'],
  ["/api/copy", "POST", { source: NAME, destination: "a:b:c" }, 'destination "a:b:c" is invalid'],
  ["/api/delete", "DELETE", { model: "a b" }, 'name "a b" is invalid'],
  ["/api/chat", "POST", { messages: HELLO }, "model is required"],
  ["/api/show", "POST", { model: null, name: "" }, "model is required"],
  ["/api/push", "POST", {}, "model is required"],
  ["/api/delete", "DELETE", {}, "model is required"],
  ["/api/embeddings", "POST", { prompt: "hi" }, "model is required"],
])("%s %s with %j is a wrong request: %s", async (path, method, body, error) => {
  expect(await asked(path, body, method)).toEqual([400, error]);
});

test.each<[string, string, Json, string]>([
  ["/api/chat", "POST", { model: "a", messages: HELLO }, "model 'a' not found"],
  ["/api/generate", "POST", { model: "a:1b", prompt: "hi" }, "model 'a:1b' not found"],
  ["/api/generate", "POST", { model: "a:7b:local" }, "model 'a:7b:local' not found"],
  ["/api/generate", "POST", { prompt: "hi" }, "model '' not found"],
  ["/api/embed", "POST", { input: "hi" }, "model '' not found"],
  ["/api/embed", "POST", { model: "a", input: "hi" }, 'model "a" not found, try pulling it first'],
  ["/api/embeddings", "POST", { model: "a", prompt: "hi" }, 'model "a" not found, try pulling it first'],
  ["/api/show", "POST", { model: "a" }, "model 'a:latest' not found"],
  ["/api/show", "POST", { model: "me/a:1b" }, "model 'me/a:1b' not found"],
])("%s %s with %j finds nothing: %s", async (path, method, body, error) => {
  expect(await asked(path, body, method)).toEqual([404, error]);
});

describe("what is in the cloud is never answered by something here", () => {
  const ROUTES: readonly (readonly [string, Json])[] = [
    ["/api/chat", { messages: HELLO }],
    ["/api/generate", { prompt: "hi" }],
    ["/api/generate", {}],
    ["/api/embed", { input: "hi" }],
    ["/api/embeddings", { prompt: "hi" }],
    ["/api/show", {}],
    ["/api/pull", {}],
    ["/api/push", {}],
  ];

  test.each([`${NAME}:cloud`, "qwen3:0.6b:cloud", "qwen3:0.6b-cloud"])("%s", async (model) => {
    const refused = [403, `ollama cloud is disabled: "${model}" does not run on this machine`] as const;
    expect(await Promise.all(ROUTES.map(async ([path, body]) => asked(path, { ...body, model })))).toEqual(ROUTES.map(() => refused));
  });

  test("nor is it here and there at once", async () => {
    expect(await asked("/api/generate", { model: "x:cloud:local" })).toEqual([
      400,
      'use either :local or :cloud, not both: "x:cloud:local"',
    ]);
  });
});
