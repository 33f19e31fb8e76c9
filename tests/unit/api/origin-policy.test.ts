import { expect, test } from "bun:test";
import { KEYS } from "../../../src/config/known-keys.ts";
import { createOriginPolicy, isLoopback, preflightHeaders } from "../../../src/api/origin-policy.ts";

test("loopback is what no other machine can reach", () => {
  const hosts = ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"];
  const others = ["0.0.0.0", "192.168.1.2", "::", "127.example.com", "127.0.0.1.example.com", "localhost.example.com"];
  expect([hosts.filter((host) => !isLoopback(host)), others.filter(isLoopback)]).toEqual([[], []]);
});

test("a request that comes from no page gets no headers", () => {
  expect(createOriginPolicy([])(new Request("http://localhost/"))).toEqual({ allowed: true, headers: {} });
});

test("the origins of the configuration's default are pages of this machine and of applications on it", () => {
  const policy = createOriginPolicy(KEYS.find(({ name }) => name === "cors_origins")?.initial as string[]);
  const origins = ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:8080", "tauri://localhost", "app://obsidian.md", "file://"];
  const others = ["https://example.com", "http://localhost.example.com", "null", "chrome-extension://abc", "http://192.168.1.5"];
  const allowed = (origin: string): boolean => policy(new Request("http://server/", { headers: { origin } })).allowed;
  expect([origins.filter((origin) => !allowed(origin)), others.filter(allowed)]).toEqual([[], []]);
});

test("a wildcard matches within its item and a dot only a dot", () => {
  const policy = createOriginPolicy(["chrome-extension://*", "https://a.example.com"]);
  const allowed = (origin: string): boolean => policy(new Request("http://localhost/", { headers: { origin } })).allowed;
  expect([
    allowed("chrome-extension://abc"),
    allowed("https://a.example.com"),
    allowed("https://axexample.com"),
    allowed("https://a.example.com.evil.org"),
  ]).toEqual([true, true, false, false]);
});

test("a preflight without wishes gets the headers that clients use, and the private network when it asks for it", () => {
  const plain = preflightHeaders(new Request("http://localhost/"));
  const asking = preflightHeaders(new Request("http://localhost/", { headers: { "access-control-request-private-network": "true" } }));
  expect([
    plain["access-control-allow-headers"]?.startsWith("authorization, content-type"),
    "access-control-allow-private-network" in plain,
  ]).toEqual([true, false]);
  expect(asking["access-control-allow-private-network"]).toBe("true");
});
