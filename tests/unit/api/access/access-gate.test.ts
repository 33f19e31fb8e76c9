import { describe, expect, test } from "bun:test";
import { type AccessOptions, type AccessScope, createAccessGate } from "../../../../src/api/access/access-gate.ts";
import type { ApiKey } from "../../../../src/core/api-key.ts";
import { AppError } from "../../../../src/core/errors.ts";
import { parseNetwork } from "../../../../src/core/network.ts";

const KEY = "rl-0123456789abcdefghij";
const LAPTOP: ApiKey = { name: "laptop", sha256: new Bun.CryptoHasher("sha256").update(KEY).digest() };
const HOME = ["192.168.0.0/16", "fd00::/8"];

interface Asked {
  readonly from?: string;
  readonly key?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

type Verdict = readonly [code: string, client: string];

/** A gate with these keys, which a test may change, and what it says to each request. */
function gate(keys: ApiKey[], networks: readonly string[] = [], rateLimit: AccessOptions["rateLimit"] = null) {
  const allow = networks.map(parseNetwork).filter((network) => network !== null);
  const clock = { nowMs: 0 };
  const { admit } = createAccessGate({ keys: { current: () => keys }, allow, rateLimit }, () => clock.nowMs);
  const ask = ({ from = "192.168.1.2", key, path = "/v1/models", method = "GET", headers = {} }: Asked): Verdict => {
    const scope: AccessScope = { client: from };
    const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    try {
      admit(new Request(`http://localhost${path}`, { method, headers: { ...authorization, ...headers } }), path, scope);
    } catch (thrown) {
      return [AppError.from(thrown).code, scope.client];
    }
    return [scope.admitted === true ? "admitted" : "public", scope.client];
  };
  return { ask, clock };
}

describe("without keys", () => {
  test("whoever reaches the server is let in, whatever key is presented", () => {
    const { ask } = gate([]);
    expect([ask({}), ask({ key: "junk" }), ask({ from: "unknown" })]).toEqual([
      ["admitted", "192.168.1.2"],
      ["admitted", "192.168.1.2"],
      ["admitted", "unknown"],
    ]);
  });

  test("networks keep others out, but never this machine", () => {
    const { ask } = gate([], HOME);
    const from = [
      "192.168.1.2",
      "::ffff:192.168.1.2",
      "fd12::1",
      "127.0.0.1",
      "::1",
      "10.0.0.1",
      "::ffff:10.0.0.1",
      "2001:db8::1",
      "unknown",
    ];
    expect(from.map((address) => ask({ from: address })[0])).toEqual([
      "admitted",
      "admitted",
      "admitted",
      "admitted",
      "admitted",
      "forbidden",
      "forbidden",
      "forbidden",
      "forbidden",
    ]);
  });

  test("what headers say of the address counts nothing", () => {
    const headers = { "x-forwarded-for": "192.168.1.2", "x-real-ip": "127.0.0.1", forwarded: "for=127.0.0.1" };
    expect(gate([], HOME).ask({ from: "10.0.0.1", headers })).toEqual(["forbidden", "10.0.0.1"]);
  });
});

describe("with keys", () => {
  test("a client is known by the name of its key, and refused without one, this machine as well", () => {
    const { ask } = gate([LAPTOP]);
    expect([ask({ key: KEY }), ask({}), ask({ key: "wrong" }), ask({ from: "127.0.0.1" })]).toEqual([
      ["admitted", "key:laptop"],
      ["unauthorized", "192.168.1.2"],
      ["unauthorized", "192.168.1.2"],
      ["unauthorized", "127.0.0.1"],
    ]);
  });

  test("clients of an allowed network need none, and others may come with one", () => {
    const { ask } = gate([LAPTOP], ["127.0.0.0/8"]);
    expect([ask({ from: "127.0.0.1" }), ask({ from: "127.0.0.1", key: "wrong" }), ask({ key: KEY }), ask({})]).toEqual([
      ["admitted", "127.0.0.1"],
      ["admitted", "127.0.0.1"],
      ["admitted", "key:laptop"],
      ["unauthorized", "192.168.1.2"],
    ]);
  });

  test("health and the front page are open to all, and nothing else is", () => {
    const { ask } = gate([LAPTOP]);
    const paths = ["/", "/health", "/v1/health", "/v1/models", "/api/tags", "/swagger", "/metrics", "/nothing"];
    expect(paths.map((path) => ask({ path })[0])).toEqual([
      "public",
      "public",
      "public",
      "unauthorized",
      "unauthorized",
      "unauthorized",
      "unauthorized",
      "unauthorized",
    ]);
  });

  test("keys that come while the server runs lock it, and it stays locked when the last one goes", () => {
    const keys: ApiKey[] = [];
    const { ask } = gate(keys);
    const before = ask({});
    keys.push(LAPTOP);
    const during = [ask({}), ask({ key: KEY })];
    keys.pop();
    expect([before, ...during, ask({}), ask({ key: KEY })].map(([code]) => code)).toEqual([
      "admitted",
      "unauthorized",
      "admitted",
      "unauthorized",
      "unauthorized",
    ]);
  });

  test("a file of keys that is lost before the first request opens nothing", () => {
    const keys = [LAPTOP];
    const { ask } = gate(keys);
    keys.pop();
    expect(ask({})[0]).toBe("unauthorized");
  });
});

describe("limits", () => {
  const ONE_A_MINUTE = { perMinute: 1, burst: 1 };
  const post = { method: "POST", path: "/v1/chat/completions" };

  test("POST requests are counted for each key and each address, other requests and health are not", () => {
    const { ask, clock } = gate([LAPTOP], HOME, ONE_A_MINUTE);
    const asked = [post, post, { ...post, from: "fd12::1" }, { ...post, key: KEY }, { ...post, key: KEY, from: "fd12::1" }];
    expect([...asked, {}, { path: "/health", method: "POST" }].map((request) => ask(request)[0])).toEqual([
      "admitted",
      "rate_limited",
      "admitted",
      "admitted",
      "rate_limited",
      "admitted",
      "admitted",
    ]);
    clock.nowMs = 60_000;
    expect(ask(post)).toEqual(["admitted", "192.168.1.2"]);
  });

  test("guessing keys is limited, too, whatever is asked for", () => {
    const { ask } = gate([LAPTOP], [], { perMinute: 1, burst: 2 });
    expect([{ key: "a" }, { key: "b" }, { key: "c" }, {}, { key: KEY }].map((request) => ask(request)[0])).toEqual([
      "unauthorized",
      "unauthorized",
      "rate_limited",
      "rate_limited",
      "admitted",
    ]);
  });
});
