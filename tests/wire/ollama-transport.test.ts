/** How requests and replies of Ollama's API travel: bodies, paths, methods, media types, and pages of other origins. */
import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load.ts";
import { AppError } from "../../src/core/errors.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Script } from "../support/scripted-engine.ts";
import { ask, finishEvent, scriptedEngine } from "../support/scripted-engine.ts";
import { scriptedLibrary } from "../support/scripted-library.ts";

type Json = Readonly<Record<string, unknown>>;

const NAME = "qwen3-0.6b";
const CHAT = { model: NAME, messages: [{ role: "user", content: "hi" }] };
const PROMPT = { model: NAME, prompt: "hi" };

async function reply(script: Script | Engine, path: string, body: unknown): Promise<{ status: number; body: Json; headers: Headers }> {
  const response = await ask(script, path, { body });
  return { status: response.status, body: (await response.json()) as Json, headers: response.headers };
}

describe("a body", () => {
  test.each<[string, string]>([
    ["is JSON although it says that it is a form", JSON.stringify({ ...CHAT, stream: false })],
    ["may be followed by anything", `${JSON.stringify({ ...CHAT, stream: false })} {"model":"other"} and more`],
    ["names fields in any case", '{"MODEL":"qwen3-0.6b","Messages":[{"Role":"user","CONTENT":"hi"}],"Stream":false}'],
    ["may hold null for what is absent", JSON.stringify({ ...CHAT, stream: false, tools: null, format: null, options: null, think: null, keep_alive: null })],
    ["may hold fields that nobody knows", JSON.stringify({ ...CHAT, stream: false, system: "x", what: { ever: [] } })],
  ])("%s", async (_what, body) => {
    const engine = scriptedEngine();
    const response = await ask(engine, "/api/chat", { body, headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect([response.status, await response.json(), engine.requests[0]?.request.input]).toMatchObject([
      200,
      { message: { content: "Hello" } },
      { messages: [{ role: "user", content: "hi" }] },
    ]);
  }); // prettier-ignore

  test("keeps the names in schemas, arguments and options as they are", async () => {
    const engine = scriptedEngine();
    const tools = [{ type: "function", Function: { name: "f", Parameters: { Type: "object", properties: { Name: {} } } } }];
    const options = { Temperature: 2, temperature: 1 };
    await reply(engine, "/api/chat", { ...CHAT, stream: false, tools, options });
    expect(engine.requests[0]?.request).toMatchObject({
      input: { tools: [{ name: "f", parameters: { Type: "object", properties: { Name: {} } } }] },
      sampling: { temperature: 1 },
    });
  });

  test.each<[string, string, number, string]>([
    ["is empty", "", 400, "missing request body"],
    ["is cut off", '{"model":"qwen3', 400, "The request body is not valid JSON: Unterminated string."],
    ["has one bracket too many in front", ']{"model":"m"}', 400, "The request body is not valid JSON: Unexpected token ']'."],
    ["is a list", "[]", 400, "The request body must be an object."],
    ["has a number that is not whole", '{"model":"m","top_logprobs":1.5}', 400, 'The field "top_logprobs" must be a whole number.'],
    ["has messages in parts", '{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}', 400, 'The field "messages[0].content" must be a string.'],
  ])("that %s is refused", async (_what, body, status, error) => {
    const response = await ask({}, "/api/chat", { body, method: "POST" });
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  }); // prettier-ignore
});

describe("a reply", () => {
  test("is one line without a stream, and lines without gaps with one", async () => {
    const whole = await (await ask({}, "/api/chat", { body: { ...CHAT, stream: false } })).text();
    const streamed = await (await ask({}, "/api/generate", { body: PROMPT })).text();
    const lines = streamed.split("\n");
    expect([whole.includes("\n"), lines.pop(), lines.map((line) => (JSON.parse(line) as Json)["done"])]).toEqual([
      false,
      "",
      [false, false, true],
    ]);
  });

  test("has no error key where nothing went wrong", async () => {
    expect(await (await ask({}, "/api/chat", { body: CHAT })).text()).not.toContain('"error"');
  });

  test("that fails midway ends with the error and nothing else", async () => {
    const events = [{ kind: "text", text: "Hel" } as const, new AppError("engine_lost", "The engine host ended.")];
    const lines = (await (await ask({ events }, "/api/chat", { body: CHAT })).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ done: false }, { error: "The engine host ended." }]);
  });

  test("ends with length where the token limit was met, also when it allowed none", async () => {
    const engine = scriptedEngine({ events: [finishEvent({ reason: "length" })] });
    const { body } = await reply(engine, "/api/generate", { ...PROMPT, stream: false, options: { num_predict: 0 } });
    expect([body, engine.requests[0]?.request.tokensMax]).toMatchObject([{ response: "", done: true, done_reason: "length" }, 0]);
  });

  test("says what had no effect", async () => {
    const { headers } = await reply({}, "/api/chat", {
      ...CHAT,
      stream: false,
      shift: true,
      options: { num_ctx: 8192, seed: 1, num_gpu: 1 },
    });
    expect(headers.get("x-rockchip-llama-ignored")).toBe("options.num_ctx, options.seed, shift");
  });
});

test("a null is the same as nothing, however deep it stands", async () => {
  const engine = scriptedEngine();
  const messages = [
    { role: "user", content: null, thinking: null, images: null, tool_calls: null, tool_name: null, tool_call_id: null },
    { role: "assistant", content: null, tool_calls: [{ id: null, function: { name: "f", arguments: null } }] },
  ];
  const tools = [{ type: null, function: { name: "f", description: null, parameters: null } }];
  const nulls = ["options", "keep_alive", "think", "format", "truncate", "shift", "logprobs", "top_logprobs", "_debug_render_only"];
  const body = { ...CHAT, messages, tools, stream: false, ...Object.fromEntries(nulls.map((name) => [name, null])) };
  expect((await reply(engine, "/api/chat", body)).status).toBe(200);
  expect(engine.requests[0]?.request.input).toEqual({
    kind: "chat",
    messages: [
      { role: "user", content: "" },
      { role: "assistant", content: "", toolCalls: [{ id: "call_1_0", name: "f", arguments: "{}" }] },
    ],
    tools: [{ name: "f" }],
  });
});

test("fields are named in any case in every body", async () => {
  const library = scriptedLibrary();
  const send = async (path: string, body: unknown, method = "POST"): Promise<number> =>
    (await ask({}, path, { body, method }, { library })).status;
  const call = { ID: "x", Function: { NAME: "f", Arguments: { Zone: 1 } } };
  const messages = [{ Role: "assistant", CONTENT: "", Tool_Calls: [call] }, { role: "tool", Content: "1", TOOL_CALL_ID: "x" }]; // prettier-ignore
  const engine = scriptedEngine();
  await reply(engine, "/api/chat", { Model: NAME, Messages: messages, STREAM: false });
  expect([
    await send("/api/copy", { Source: "a", DESTINATION: "b" }),
    await send("/api/create", { MODEL: "b", From: "a", Stream: false }),
    await send("/api/pull", { Name: "a" }),
    await send("/api/delete", { NAME: "b" }, "DELETE"),
    await send("/api/show", { Name: NAME, VERBOSE: true }),
    await send("/api/embed", { Model: NAME, INPUT: "x" }),
    await send("/api/embeddings", { MODEL: NAME, Prompt: "x" }),
  ]).toEqual([200, 200, 200, 200, 200, 200, 200]);
  expect(library.calls.map(([name]) => name)).toEqual(["copy", "create", "pull", "remove"]);
  expect(engine.requests[0]?.request.input).toMatchObject({
    messages: [{ toolCalls: [{ id: "x", name: "f", arguments: '{"Zone":1}' }] }, { role: "tool", content: "1", toolCallId: "x" }],
  });
});

describe("a path", () => {
  const GETS = ["/", "/api/tags", "/api/ps", "/api/version", "/api/status", "/v1/models", "/v1/models/qwen3-0.6b"];

  test.each(GETS)("that is read with GET can be asked for with HEAD: %s", async (path) => {
    const [head, get] = [await ask({}, path, { method: "HEAD" }), await ask({}, path)];
    const facts = ({ status, headers }: Response) => [status, headers.get("content-type")?.split(";")[0]];
    expect([facts(head), await head.text()]).toEqual([facts(get), ""]);
  });

  test.each<[string, string, unknown]>([
    ["GET", "//api/tags", undefined],
    ["GET", "/api/tags/", undefined],
    ["GET", "//api//ps//", undefined],
    ["GET", "/api/version/", undefined],
    ["POST", "//api/chat", CHAT],
    ["POST", "/api/chat/", CHAT],
    ["POST", "/api//generate/", PROMPT],
    ["POST", "//api/show", { model: NAME }],
    ["POST", "//api/embed/", { model: NAME, input: "x" }],
    ["DELETE", "//api/delete/", { model: NAME }],
    ["POST", "//v1/chat/completions", CHAT],
  ])("is served where it stands, without a redirect: %s %s", async (method, path, body) => {
    expect((await ask({}, path, { method, ...(body === undefined ? {} : { body }) })).status).toBe(200);
  });

  test.each([
    ["GET", "/api/chat", "POST, OPTIONS"],
    ["GET", "/api/generate", "POST, OPTIONS"],
    ["POST", "/api/tags", "GET, HEAD, OPTIONS"],
    ["PUT", "/api/pull", "POST, OPTIONS"],
    ["POST", "/api/delete", "DELETE, OPTIONS"],
    ["GET", `/api/blobs/sha256:${"0".repeat(64)}`, "HEAD, OPTIONS, POST"],
  ])("says what it takes where it is asked otherwise: %s %s", async (method, path, allow) => {
    const response = await ask({}, path, { method });
    const { error } = (await response.json()) as { error: string };
    expect([response.status, response.headers.get("allow"), error]).toEqual([
      405,
      allow,
      `405 method not allowed. ${path} takes ${allow}, not ${method}.`,
    ]);
  });

  test.each(["/api/nothing", "/api/tokenize", "/api/user/keys/abc", "/api"])("that leads nowhere is told in Ollama's words: %s", async (path) => {
    const { status, body } = await reply({}, path, {});
    expect([status, body["error"]]).toEqual([404, `404 page not found. There is nothing at POST ${path}. GET /swagger lists what there is.`]);
  }); // prettier-ignore

  test("needs no key, and takes any", async () => {
    const response = await ask({}, "/api/tags", { headers: { authorization: "Bearer ollama" } });
    expect(response.status).toBe(200);
  });
});

describe("a reply's media type", () => {
  test.each<[string, unknown, string]>([
    ["/api/chat", CHAT, "application/x-ndjson"],
    ["/api/chat", { ...CHAT, stream: false }, "application/json"],
    ["/api/generate", PROMPT, "application/x-ndjson"],
    ["/api/generate", { model: NAME }, "application/json"],
    ["/api/generate", { model: NAME, keep_alive: 0 }, "application/json"],
    ["/api/chat", { ...CHAT, model: "nope" }, "application/json"],
    ["/api/show", { model: NAME }, "application/json"],
    ["/api/embed", { model: NAME, input: "x", stream: true }, "application/json"],
    ["/api/pull", { model: "a/b" }, "application/x-ndjson"],
    ["/api/pull", { model: "a/b", stream: false }, "application/json"],
    ["/api/create", { model: "a", from: "b" }, "application/x-ndjson"],
    ["/api/create", { model: "a", from: "b", stream: false }, "application/json"],
    ["/api/push", { model: NAME }, "application/x-ndjson"],
    ["/api/tags", undefined, "application/json"],
  ])("of %s with %j is %s", async (path, body, type) => {
    const response = await ask({}, path, body === undefined ? {} : { body });
    await response.text();
    expect(response.headers.get("content-type")?.split(";")[0]).toBe(type);
  });
});

describe("pages", () => {
  const corsOrigins = loadConfig({ argv: [], env: { HOME: "/home/user" }, cwd: "/" }).config.server.cors_origins;

  test.each([
    "http://localhost",
    "http://localhost:3000",
    "https://127.0.0.1:8443",
    "http://0.0.0.0:5173",
    "app://obsidian.md",
    "file://",
    "tauri://localhost",
    "vscode-webview://0abc",
    "vscode-file://vscode-app",
  ])("of %s may use a server on which nothing was set", async (origin) => {
    const read = await ask({}, "/api/tags", { headers: { origin } }, { corsOrigins });
    const preflight = await ask({}, "/api/chat", { method: "OPTIONS", headers: { origin } }, { corsOrigins });
    expect([read.status, read.headers.get("access-control-allow-origin"), read.headers.get("vary"), preflight.status]).toEqual([
      200,
      origin,
      "origin",
      204,
    ]);
  });

  test.each(["https://example.com", "chrome-extension://abc", "http://localhost.example.com", "null"])(
    "of %s may not, not even look at the root",
    async (origin) => {
      const read = await ask({}, "/", { headers: { origin } }, { corsOrigins });
      const preflight = await ask({}, "/api/chat", { method: "OPTIONS", headers: { origin } }, { corsOrigins });
      expect([read.status, read.headers.get("access-control-allow-origin"), preflight.status]).toEqual([403, null, 403]);
    },
  );
});

test("the root says that it runs, also in the page that it shows browsers", async () => {
  const text = await ask({}, "/");
  const page = await ask({}, "/", { headers: { accept: "text/html,*/*" } });
  expect([await text.text(), await page.text(), text.headers.get("content-type"), page.headers.get("content-type")]).toEqual([
    "Ollama is running",
    expect.stringContaining("Ollama is running") as string,
    "text/plain; charset=utf-8",
    "text/html; charset=utf-8",
  ]);
});
