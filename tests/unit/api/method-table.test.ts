import { expect, test } from "bun:test";
import { createMethodTable } from "../../../src/api/method-table.ts";

const TABLE = createMethodTable([
  { method: "GET", path: "/" },
  { method: "GET", path: "/health" },
  { method: "POST", path: "/v1/chat/completions" },
  { method: "GET", path: "/v1/models" },
  { method: "GET", path: "/v1/models/:id" },
  { method: "DELETE", path: "/v1/models/*" },
  { method: "GET", path: "/a.b" },
]);

test.each<[string, readonly string[] | null]>([
  ["/", ["GET", "HEAD", "OPTIONS"]],
  ["/v1/chat/completions", ["POST", "OPTIONS"]],
  ["/v1/models/m", ["GET", "HEAD", "OPTIONS", "DELETE"]],
  ["/v1/models/a/b", ["DELETE", "OPTIONS"]],
  ["/v1/models/", null],
  ["/v1/nothing", null],
  ["/aXb", null],
])("%s takes %j", (path, methods) => {
  expect(TABLE.methods(path)).toEqual(methods as string[]);
});

test.each([
  ["/v1/models", "/v1/models"],
  ["/models", "/v1/models"],
  ["//v1//models//", "/v1/models"],
  ["/models/a/b", "/v1/models/a/b"],
  ["/models/a%2Fb", "/v1/models/a%2Fb"],
  ["/health/", "/health"],
  ["//", "/"],
  ["/nothing/", "/nothing"],
])("%s is registered as %s", (path, canonical) => {
  expect(TABLE.canonical(path)).toBe(canonical);
});
