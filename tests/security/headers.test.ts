/** What a client writes adds no headers to a reply, and no second request to a connection. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { type ListeningApi, listen } from "../support/api-socket.ts";

const INJECTED = "x\r\nSet-Cookie: a=b\r\n\r\n<script>";

/** Sends bytes as they are and gives back all that comes until the server closes, headers and bodies. */
async function raw({ port }: ListeningApi, bytes: string): Promise<string> {
  const ended = Promise.withResolvers<string>();
  let text = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => undefined);
  socket.on("close", () => ended.resolve(text));
  return ended.promise;
}

const messages = [{ role: "user", content: "hi" }];

test.each<[path: string, body: object]>([
  ["/v1/chat/completions", { model: INJECTED, messages }],
  [
    "/v1/chat/completions",
    { model: "qwen3-0.6b", messages, stream: true, user: INJECTED, [INJECTED]: INJECTED, metadata: { [INJECTED]: INJECTED } },
  ],
  ["/v1/responses", { model: "qwen3-0.6b", input: "hi", stream: true, metadata: { [INJECTED]: INJECTED }, safety_identifier: INJECTED }],
  ["/v1/messages", { model: INJECTED, messages, max_tokens: 9 }],
  ["/v1/messages", { model: "qwen3-0.6b", messages, max_tokens: 9, stream: true, [INJECTED]: 1, metadata: { user_id: INJECTED } }],
  ["/api/chat", { model: INJECTED, messages }],
  ["/api/chat", { model: "qwen3-0.6b", messages, options: { [INJECTED]: INJECTED } }],
  ["/api/pull", { model: INJECTED }],
])("names with line breaks in a body for %s end no header: %j", async (path, body) => {
  await using api = listen({ samplingIgnored: ["topK"] });
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
  const reply = await raw(api, head + text);
  expect([reply.slice(0, 9), /^set-cookie/im.test(reply.slice(0, reply.indexOf("\r\n\r\n")))]).toEqual(["HTTP/1.1 ", false]);
  expect(/^set-cookie/im.test(reply)).toBe(false);
});

test("a request's id is the server's own, whatever the client says", async () => {
  await using api = listen({});
  for (const name of ["x-request-id", "request-id"]) {
    const reply = await raw(api, `GET /v1/models HTTP/1.1\r\nHost: localhost\r\n${name}: theirs\xe9\x9b\r\nConnection: close\r\n\r\n`);
    expect([reply.slice(0, 12), reply.includes("theirs")]).toEqual(["HTTP/1.1 200", false]);
  }
});

test("headers that are not ASCII are no fault of the server", async () => {
  await using api = listen({});
  for (const header of [
    "Origin: http://localhost:1\xe9",
    "Access-Control-Request-Headers: \x9b\xe9",
    "Authorization: Bearer \xff\xfe",
    "Content-Type: \xe9",
  ]) {
    for (const method of ["GET", "OPTIONS"]) {
      const reply = await raw(api, `${method} /v1/models HTTP/1.1\r\nHost: localhost\r\n${header}\r\nConnection: close\r\n\r\n`);
      expect([header, /^HTTP\/1\.1 [24]/.test(reply)]).toEqual([header, true]);
    }
  }
});

describe("a request that two programs could read in two ways", () => {
  const SECOND = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const POST = "POST /v1/tokenize HTTP/1.1\r\nHost: localhost\r\n";
  test.each([
    ["both a length and chunks", `${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`],
    ["two lengths", `${POST}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${SECOND}`],
    ["an encoding that is none", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`],
    ["a blank before a colon", `${POST}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${SECOND}`],
    ["a header on two lines", `GET /health HTTP/1.1\r\nX-A: b\r\n Host: localhost\r\n\r\n${SECOND}`],
  ])("has %s and is refused, with what follows it", async (_, bytes) => {
    await using api = listen({});
    const reply = await raw(api, bytes);
    expect([reply.slice(0, 12), reply.match(/HTTP\/1\.1/g)?.length]).toEqual(["HTTP/1.1 400", 1]);
    expect(api.lines.filter(({ facts }) => JSON.stringify(facts).includes("smuggled"))).toEqual([]);
  });
});
