import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { createHostPolicy } from "../../../../src/api/access/host-names.ts";

const isOurs = createHostPolicy(["ai.example.com", "*.example.org"]);

test.each([
  ["", true],
  ["localhost", true],
  ["LOCALHOST:8080", true],
  ["app.localhost", true],
  ["orangepi:8080", true],
  ["board.local:80", true],
  ["board.local.", true],
  ["board.lan", true],
  ["board.home.arpa", true],
  ["ollama.internal", true],
  ["llama.models.svc", true],
  [hostname(), true],
  ["127.0.0.1:8080", true],
  ["10.0.0.7", true],
  ["192.168.1.2:1", true],
  ["0.0.0.0", true],
  ["8.8.8.8", true],
  ["[::1]:8080", true],
  ["[fd00::1]", true],
  ["AI.example.com:443", true],
  ["a.b.example.org", true],
  ["example.com", false],
  ["example.org", false],
  ["evil.ai.example.com", false],
  ["ai.example.com.evil.net", false],
  ["localhost.example.com", false],
  ["10.evil.example.com", false],
  ["evil.example.com.", false],
  ["192.168.1.2.evil.net", false],
  ["1.2.3", false],
  ["[evil.net]", false],
  ["a b", false],
])("a Host header of %p is one of ours: %p", (header, ours) => {
  expect(isOurs(header)).toBe(ours);
});

test("one of ours says nothing of the name that comes next, nor of itself with more behind it", () => {
  const names = ["board.lan", "evil.net", "board.lan", "board.lan.evil.net", "board.lan"];
  expect(names.map(createHostPolicy([]))).toEqual([true, false, true, false, true]);
});

test("a name for everything switches the check off", () => {
  expect(["evil.net", "a b", ""].map(createHostPolicy(["*"]))).toEqual([true, true, true]);
});
