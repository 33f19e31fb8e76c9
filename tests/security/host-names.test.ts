/** A page on the internet whose name points at this machine (DNS rebinding): its requests name it in Host, and get nothing. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ServerOptions } from "../../src/api/context.ts";
import { parseNetwork } from "../../src/core/network.ts";
import { type ListeningApi, listen } from "../support/api-socket.ts";
import { startTestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const KEY = "rl-0123456789abcdefghij";
const KEYS = [{ name: "laptop", sha256: new Bun.CryptoHasher("sha256").update(KEY).digest() }];
const LOOPBACK = ["127.0.0.0/8", "::1"].map(parseNetwork).filter((network) => network !== null);
const access = (change: Partial<ServerOptions["access"]>) => ({
  access: { keys: { current: () => [] }, allow: [], rateLimit: null, ...change },
});

async function visit({ url }: Pick<ListeningApi, "url">, host: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${url}/v1/models`, { headers: { host, ...headers } })).status;
}

const NAMES = [
  "evil.example",
  "evil.example:8080",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "192.168.1.5.nip.io",
  "local.evil.example",
];

describe("a page's own name", () => {
  test.each(NAMES)("such as %s gets nothing from a server without keys", async (host) => {
    await using api = listen({});
    const page = { host, origin: `http://${host}` };
    const body = JSON.stringify({ model: "qwen3-0.6b", messages: [{ role: "user", content: "hi" }] });
    const replies = await Promise.all([
      fetch(`${api.url}/v1/models`, { headers: { host } }),
      fetch(`${api.url}/api/tags`, { headers: page }),
      fetch(`${api.url}/swagger`, { headers: { host } }),
      fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers: page, body }),
      fetch(`${api.url}/api/chat`, { method: "POST", headers: { host }, body }),
      fetch(`${api.url}/api/delete`, { method: "DELETE", headers: page, body: '{"model":"qwen3-0.6b"}' }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 403));
    expect([await replies[0]?.json(), api.engine.requests]).toMatchObject([
      { error: { code: "forbidden", message: expect.stringContaining(host) } },
      [],
    ]);
  });

  test("learns of health no more than that the server lives", async () => {
    await using api = listen({});
    const [own, theirs] = await Promise.all(
      ["localhost", "evil.example"].map(async (host) => fetch(`${api.url}/health`, { headers: { host } })),
    );
    expect([Object.keys((await own?.json()) as object).sort(), await theirs?.json()]).toEqual([
      ["models", "status", "uptime_s", "version"],
      { status: "ok" },
    ]);
  });

  test("gets nothing either where this machine needs no key and others do", async () => {
    await using api = listen({}, access({ keys: { current: () => KEYS }, allow: LOOPBACK }));
    expect([
      await visit(api, "localhost"),
      await visit(api, "evil.example"),
      await visit(api, "evil.example", { "x-api-key": "wrong" }),
    ]).toEqual([200, 403, 403]);
  });

  test("is good where a key is sent, which no page knows", async () => {
    await using api = listen({}, access({ keys: { current: () => KEYS } }));
    const authorization = `Bearer ${KEY}`;
    expect([await visit(api, "ai.example.com", { authorization }), await visit(api, "ai.example.com")]).toEqual([200, 401]);
  });

  test("is good where it is configured, and no other is", async () => {
    await using api = listen({}, access({ hostNames: ["ai.example.com"] }));
    expect([
      await visit(api, "ai.example.com:443"),
      await visit(api, "evil.example"),
      await visit(api, "ai.example.com.evil.example"),
    ]).toEqual([200, 403, 403]);
  });
});

test.each(["localhost:8080", "127.0.0.1", "[::1]:1", "192.168.1.5:8080", "orangepi", "board.local", "board.lan:8080"])(
  "%s is a name by which people call a server of their network",
  async (host) => {
    await using api = listen({});
    expect(await visit(api, host)).toBe(200);
  },
);

test("a server that is open to its whole network is closed to pages that come by a name of their own", async () => {
  await using api = await startTestServer({ flags: ["--host", "0.0.0.0", "--insecure", "--host-names", "ai.example.com"] });
  const at = { url: api.url.replace("0.0.0.0", "127.0.0.1") };
  expect([await visit(at, "192.168.1.5"), await visit(at, "ai.example.com"), await visit(at, "evil.example")]).toEqual([200, 200, 403]);
});
