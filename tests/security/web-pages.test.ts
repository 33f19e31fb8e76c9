/** What a page of another site can do with a browser that reaches this server (CSRF, CORS), and what our own pages let be done with them. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { listen } from "../support/api-socket.ts";
import { ask, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";
import { scriptedLibrary } from "../support/scripted-library.ts";
import { createServer } from "../../src/api/server.ts";

const CHAT = JSON.stringify({ model: "qwen3-0.6b", messages: [{ role: "user", content: "hi" }] });
const NAMED = JSON.stringify({ model: "qwen3-0.6b", source: "qwen3-0.6b", destination: "copy", from: "qwen3-0.6b" });

/** Everything that does something, as a browser sends it without asking in advance: a form's or a script's simple request. */
const ACTS: readonly (readonly [method: string, path: string, body: string])[] = [
  ["POST", "/v1/chat/completions", CHAT],
  ["POST", "/v1/messages", CHAT],
  ["POST", "/v1/responses", '{"model":"qwen3-0.6b","input":"hi"}'],
  ["POST", "/v1/embeddings", '{"model":"qwen3-0.6b","input":"hi"}'],
  ["POST", "/api/chat", CHAT],
  ["POST", "/api/generate", '{"model":"qwen3-0.6b","keep_alive":0}'],
  ["POST", "/api/pull", NAMED],
  ["POST", "/api/create", NAMED],
  ["POST", "/api/copy", NAMED],
  ["DELETE", "/api/delete", NAMED],
  ["POST", `/api/blobs/sha256:${"0".repeat(64)}`, "x"],
  ["DELETE", "/v1/cache", ""],
];

describe("a page of another site", () => {
  test.each([
    "https://evil.example",
    "http://localhost.evil.example",
    "http://evil.localhost.example",
    "null",
    "https://localhost:1@evil.example",
  ])("of the origin %s does nothing, whatever it sends", async (origin) => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]) {
      const engine = scriptedEngine();
      const library = scriptedLibrary();
      const app = createServer(serverOptions(engine, { library }));
      for (const [method, path, body] of ACTS) {
        const request = new Request(`http://localhost${path}`, { method, body, headers: { origin, "content-type": type } });
        const response: Response = await app.handle(request);
        expect([path, response.status, response.headers.get("access-control-allow-origin")]).toEqual([path, 403, null]);
      }
      expect([engine.requests, engine.residence, engine.embeddings, library.calls]).toEqual([[], [], [], []]);
    }
  });

  test("is told in advance that it may not", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const response = await ask({}, "/v1/chat/completions", { method: "OPTIONS", headers });
    expect([response.status, [...response.headers.keys()].filter((name) => name.startsWith("access-control"))]).toEqual([403, []]);
  });

  test("makes no script, style or picture of a reply, and none of its own names", async () => {
    for (const path of ["/v1/models", "/api/tags", "/health", "/swagger/json", "/<script>alert(1)</script>"]) {
      const { headers } = await ask({}, path);
      const kept = ["x-content-type-options", "cross-origin-resource-policy"].map((name) => headers.get(name));
      expect([path, headers.get("content-type")?.includes("json"), kept]).toEqual([path, true, ["nosniff", "same-origin"]]);
    }
  });

  test("gets the same refusal for a connection that is to become a WebSocket", async () => {
    await using api = listen({});
    const head = await answerTo(
      api.port,
      [
        "GET /v1/models HTTP/1.1",
        "Host: localhost",
        "Origin: https://evil.example",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
      ].join("\r\n"),
    );
    expect(head.slice(0, 12)).toBe("HTTP/1.1 403");
  });
});

/** The beginning of the reply. */
async function answerTo(port: number, request: string): Promise<string> {
  const first = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(`${request}\r\n\r\n`));
  socket.once("data", (data) => first.resolve(String(data)));
  socket.once("error", first.reject);
  try {
    return await first.promise;
  } finally {
    socket.destroy();
  }
}

test("a link or a picture, which any page may load, does nothing: what is asked with GET has no effect", async () => {
  const engine = scriptedEngine();
  const library = scriptedLibrary();
  const app = createServer(serverOptions(engine, { library }));
  const paths = app.routes
    .filter(({ method }) => method === "GET" || method === "HEAD")
    .map(({ path }) => path.replace(/:\w+|\*/g, "qwen3-0.6b"));
  expect(paths.length).toBeGreaterThan(10);
  for (const path of paths) await (await app.handle(new Request(`http://localhost${path}`))).text();
  expect([engine.requests, engine.residence, engine.embeddings, engine.rankings]).toEqual([[], [], [], []]);
  expect(library.calls.filter(([name]) => name !== "hasBlob")).toEqual([]);
});

test.each(["/", "/swagger"])("the page at %s runs nothing but its own, and stands in no frame of another's", async (path) => {
  const { headers } = await ask({}, path, { headers: { accept: "text/html" } });
  const policy = headers.get("content-security-policy") ?? "";
  expect([headers.get("content-type"), policy]).toEqual(["text/html; charset=utf-8", expect.stringContaining("frame-ancestors 'none'")]);
  expect([policy.includes("default-src"), /script-src[^;]*unsafe|default-src[^;]*(?:unsafe|\*)/.test(policy)]).toEqual([true, false]);
});
