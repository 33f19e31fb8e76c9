/** Who is let in, as clients of each dialect see it. */
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "bun:test";
import { Ollama } from "ollama";
import OpenAI from "openai";
import type { ServerOptions } from "../../src/api/context.ts";
import { parseNetwork } from "../../src/core/network.ts";
import { listen } from "../support/api-socket.ts";
import { ask, HELLO } from "../support/scripted-engine.ts";

const KEY = "rl-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const WRONG = "rl-wrongwrongwrongwrongwrongwrongwrongwrong_END";
const CHAT = { model: "qwen3-0.6b", messages: [{ role: "user", content: "hi" }], max_tokens: 9 };
const KEYS = [{ name: "laptop", sha256: new Bun.CryptoHasher("sha256").update(KEY).digest() }];

function access(change: Partial<ServerOptions["access"]> = {}): Partial<ServerOptions> {
  return { access: { keys: { current: () => KEYS }, allow: [], rateLimit: null, ...change } };
}

const get = async (path: string, headers: Record<string, string> = {}, method = "GET") => ask({}, path, { method, headers }, access());
const networks = (...texts: string[]) => texts.map(parseNetwork).filter((network) => network !== null);

describe("a key", () => {
  test.each<[Record<string, string>]>([
    [{ authorization: `Bearer ${KEY}` }],
    [{ authorization: `bearer ${KEY}` }],
    [{ authorization: KEY }],
    [{ "x-api-key": KEY }],
    [{ "api-key": KEY }],
    [{ authorization: "Bearer junk", "x-api-key": KEY }],
  ])("is taken from %p", async (headers) => {
    expect((await get("/v1/models", headers)).status).toBe(200);
  });

  test.each<[Record<string, string>]>([
    [{ authorization: `Basic ${btoa(`user:${KEY}`)}` }],
    [{ authorization: `Bearer ${KEY} x` }],
    [{ authorization: `Bearer ${KEY.toLowerCase()}` }],
    [{ authorization: `Bearer ${KEY.slice(0, -1)}` }],
    [{ cookie: `key=${KEY}` }],
    [{ "x-forwarded-for": "127.0.0.1" }],
  ])("is not found in %p", async (headers) => {
    expect((await get(`/v1/models?key=${KEY}`, headers)).status).toBe(401);
  });

  test("is not looked at where there are none", async () => {
    const response = await ask({}, "/v1/models", { headers: { authorization: "Bearer ollama" } });
    expect(response.status).toBe(200);
  });

  test("opens a stream", async () => {
    const body = { ...CHAT, stream: true };
    const headers = { authorization: `Bearer ${KEY}`, origin: "http://localhost:3000" };
    const [open, closed] = await Promise.all([
      ask({ events: HELLO }, "/v1/chat/completions", { body, headers }, access()),
      ask({ events: HELLO }, "/v1/chat/completions", { body }, access()),
    ]);
    expect(open.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect([open.status, open.headers.get("content-type"), (await open.text()).endsWith("data: [DONE]\n\n")]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      true,
    ]);
    expect([closed.status, closed.headers.get("content-type")]).toEqual([401, "application/json;charset=utf-8"]);
  });
});

describe("without the right key", () => {
  const MISSING = 'No API key provided. Send one in the header "Authorization: Bearer <key>".';
  const INCORRECT = "Incorrect API key provided: …_END. `rockchip-llama keys add <name>` makes one.";

  test.each([
    [{}, MISSING],
    [{ authorization: `Bearer ${WRONG}` }, INCORRECT],
  ])("each dialect refuses %p in its own shape", async (headers, message) => {
    const paths = ["/v1/chat/completions", "/chat/completions", "/v1/messages", "/api/chat"];
    const responses = await Promise.all(paths.map((path) => ask({}, path, { body: CHAT, headers }, access())));
    const openai = { error: { message, type: "invalid_request_error", param: null, code: "invalid_api_key" } };
    const anthropic = { type: "error", error: { type: "authentication_error", message }, request_id: "r1" };
    expect(await Promise.all(responses.map((response) => response.json()))).toEqual([openai, openai, anthropic, { error: message }]);
    expect(
      responses.map((response) => [response.status, response.headers.get("www-authenticate"), response.headers.has("x-request-id")]),
    ).toEqual(paths.map(() => [401, "Bearer", true]));
  });

  test("nothing but health and the front page is to be seen, not even which paths there are", async () => {
    const paths = [
      "/",
      "/health",
      "/v1/health",
      "/health/ready",
      "//health/",
      "/v1/models",
      "/models",
      "/api/tags",
      "/api/version",
      "/swagger",
      "/swagger/json",
      "/x",
    ];
    const statuses = await Promise.all(paths.map(async (path) => [path, (await get(path)).status]));
    expect(statuses.filter(([, status]) => status === 200).map(([path]) => path)).toEqual([
      "/",
      "/health",
      "/v1/health",
      "/health/ready",
      "//health/",
    ]);
    expect(new Set(statuses.map(([, status]) => status))).toEqual(new Set([200, 401]));
  });

  test("health says that the server lives, and what it does only to those it lets in", async () => {
    const [stranger, known] = await Promise.all([get("/health"), get("/health", { "x-api-key": KEY })]);
    expect(await stranger.json()).toEqual({ status: "ok" });
    expect(Object.keys((await known.json()) as object)).toContain("models");
  });

  test("a page may ask in advance, and reads the refusal", async () => {
    const origin = { origin: "http://localhost:3000" };
    const preflight = await get(
      "/v1/chat/completions",
      { ...origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-os" },
      "OPTIONS",
    );
    const refused = await get("/v1/models", origin);
    expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([204, "authorization,x-stainless-os"]);
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, origin.origin]);
    expect(refused.headers.get("access-control-expose-headers")).toContain("www-authenticate");
  });

  test("a page of an origin that is not allowed is refused before its key is looked at", async () => {
    const refused = await get("/v1/models", { origin: "https://evil.example", authorization: `Bearer ${KEY}` });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });
});

describe("the official clients", () => {
  /** What each of them gets for a key: that it is let in, or the status and words it throws. */
  async function outcomes(url: string, key: string): Promise<readonly unknown[]> {
    const lists = [
      new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 }).models.list(),
      new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 }).messages.create({
        model: CHAT.model,
        max_tokens: 9,
        messages: [{ role: "user", content: "hi" }],
      }),
      new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } }).list(),
    ];
    const settled = await Promise.allSettled(lists);
    return settled.map((result) =>
      result.status === "fulfilled" ? "let in" : `${(result.reason as Error).constructor.name}: ${(result.reason as Error).message}`,
    );
  }

  test("are let in with a key, and told why they are not without", async () => {
    await using server = listen({ events: HELLO }, access());
    expect(await outcomes(server.url, KEY)).toEqual(["let in", "let in", "let in"]);
    const [openai, anthropic, ollama] = await outcomes(server.url, WRONG);
    expect(openai).toStartWith("AuthenticationError: 401 Incorrect API key provided: …_END.");
    expect(anthropic).toMatch(/^AuthenticationError: 401 .*Incorrect API key provided: …_END\./s);
    expect(ollama).toStartWith("ResponseError: Incorrect API key provided: …_END.");
  });
});

describe("addresses", () => {
  test("come from the connection, whatever headers say", async () => {
    const far = listen({}, access({ keys: { current: () => [] }, allow: networks("10.0.0.0/8") }));
    await using locked = listen({}, access());
    await using allowed = listen({}, access({ allow: networks("127.0.0.0/8") }));
    await using server = far;
    const headers = { "x-forwarded-for": "10.0.0.1", "x-real-ip": "10.0.0.1" };
    const statuses = await Promise.all(
      [server, locked, allowed].map(async ({ url }) => (await fetch(`${url}/v1/models`, { headers })).status),
    );
    // Without keys this machine is always let in; with keys only if its own network is allowed.
    expect(statuses).toEqual([200, 401, 200]);
    expect(allowed.lines.map(({ facts }) => (facts as { client: string }).client)).toEqual(["127.0.0.1"]);
  });
});

describe("limits", () => {
  const limited = access({ keys: { current: () => [] }, rateLimit: { perMinute: 2, burst: 2 } });
  const NAMES = ["limit", "remaining", "reset"].map((name) => `x-ratelimit-${name}-requests`);
  const told = (response: Response) => [response.status, ...[...NAMES, "retry-after"].map((name) => response.headers.get(name))];

  test("every counted reply says what is left, and a refusal when to come again", async () => {
    await using server = listen({ events: HELLO }, limited);
    const post = async (path: string, origin = "http://localhost:1") => {
      const response = await fetch(server.url + path, { method: "POST", body: JSON.stringify(CHAT), headers: { origin } });
      return { response, body: await response.json() };
    };
    const first = await post("/v1/chat/completions");
    const second = await post("/v1/no-such-thing");
    const openai = await post("/v1/chat/completions");
    const anthropic = await post("/v1/messages");
    const ollama = await post("/api/chat");
    const uncounted = await fetch(`${server.url}/v1/models`);
    expect([first, second, openai, anthropic, ollama].map(({ response }) => told(response))).toEqual([
      [200, "2", "1", "30s", null],
      [404, "2", "0", "60s", null],
      [429, "2", "0", "60s", "30"],
      [429, "2", "0", "60s", "30"],
      [429, "2", "0", "60s", "30"],
    ]);
    expect(told(uncounted)).toEqual([200, null, null, null, null]);
    const message = "Too many requests: this server takes a limited number of them. Try again in 30 seconds.";
    expect([openai.body, anthropic.body, ollama.body]).toEqual([
      { error: { message, type: "rate_limit_error", param: null, code: "rate_limit_exceeded" } },
      { type: "error", error: { type: "rate_limit_error", message }, request_id: expect.any(String) },
      { error: message },
    ]);
    expect(openai.response.headers.get("x-should-retry")).toBe("true");
    const exposed = openai.response.headers.get("access-control-expose-headers") ?? "";
    expect([...NAMES, "retry-after", "x-should-retry"].filter((name) => !exposed.includes(name))).toEqual([]);
  });
});

describe("the log", () => {
  test("names the client, and never holds a key, right or wrong", async () => {
    await using server = listen({ events: HELLO }, access());
    for (const key of [KEY, WRONG]) {
      for (const headers of [{ authorization: `Bearer ${key}` }, { authorization: key }, { "x-api-key": key }, { "api-key": key }]) {
        await (await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(CHAT), headers })).text();
        await (await fetch(`${server.url}/v1/models?api_key=${key}`, { headers })).text();
      }
    }
    const text = JSON.stringify(server.lines);
    expect([text.includes(KEY), text.includes(WRONG), text.includes(KEY.slice(-8)), text.includes(WRONG.slice(-8))]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const clients = server.lines.map(({ facts }) => (facts as { client?: string }).client);
    expect(clients).toEqual([...Array.from({ length: 8 }, () => "key:laptop"), ...Array.from({ length: 8 }, () => "127.0.0.1")]);
  });
});

test("a reply that depends on other headers still says so to a page", async () => {
  const response = await ask({}, "/", { headers: { origin: "http://localhost:3000", accept: "text/html" } });
  expect(response.headers.get("vary")).toBe("accept, origin");
});
