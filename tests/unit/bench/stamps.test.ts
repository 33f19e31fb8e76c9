import { expect, test } from "bun:test";
import { latenciesOf } from "../../../bench/hops.ts";
import { parseStamps, RUNTIME, type Stamp, tracedRuns } from "../../../bench/stamps.ts";
import { parseClientOutput } from "../../../bench/stream-client.ts";

function stamp(ns: number, kind: number, a: number, b: number, c = 0): Stamp {
  return { pid: 7, ns, kind, a, b, c };
}

test("a file of stamps is read as far as it was written", () => {
  const bytes = Buffer.alloc(16 + 3 * 24);
  bytes.writeBigUInt64LE(2n, 0);
  bytes.writeBigInt64LE(5_000_000_001n, 16);
  for (const [index, value] of [3, -1, 2, 9].entries()) bytes.writeInt32LE(value, 24 + index * 4);
  expect(parseStamps(bytes, 7)).toEqual([stamp(5_000_000_001, 3, -1, 2, 9), stamp(0, 0, 0, 0)]);
});

test("runs are put together from their stamps, with the text that each member of a batch had so far", () => {
  const runs = tracedRuns([
    stamp(1, RUNTIME.runBegin, 1, 2),
    stamp(1, RUNTIME.runMember, 1, 0, 16),
    stamp(1, RUNTIME.runMember, 1, 1, 17),
    stamp(5, RUNTIME.callback, 0, 1),
    stamp(5, RUNTIME.memberText, 1, 0, 3),
    stamp(5, RUNTIME.memberText, 1, 1, 0),
    stamp(9, RUNTIME.callback, 0, 1),
    stamp(9, RUNTIME.memberText, 1, 0, 2),
    stamp(9, RUNTIME.memberText, 1, 1, 4),
    stamp(11, RUNTIME.runEnd, 1, 0),
    stamp(12, RUNTIME.runBegin, 2, 2),
  ]);
  expect(runs).toEqual([
    {
      beginNs: 1,
      endNs: 11,
      firstCallbackNs: 5,
      members: [
        {
          promptTokens: 16,
          tokens: [
            { ns: 5, bytes: 3 },
            { ns: 9, bytes: 5 },
          ],
        },
        { promptTokens: 17, tokens: [{ ns: 9, bytes: 4 }] },
      ],
    },
    { beginNs: 12, endNs: undefined, firstCallbackNs: undefined, members: [] },
  ]);
});

test("a token has arrived when all text up to it has", () => {
  const event = (ns: number, text: string) => ({ ns, data: JSON.stringify({ choices: [{ text }] }) });
  const member = {
    promptTokens: 1,
    tokens: [
      { ns: 1e6, bytes: 2 },
      { ns: 2e6, bytes: 4 },
      { ns: 3e6, bytes: 6 },
    ],
  };
  expect(latenciesOf({ events: [event(1.5e6, "a"), event(2.5e6, "bcd"), event(3.25e6, "ef")] }, member)).toEqual([1.5, 0.5, 0.25]);
});

test("the client's output becomes answers, each event at the time its last byte came", () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  const event = 'data: {"a":1}\n\n';
  const [first, second] = [`${head}f\r\ndata: {"a`, `":1}\n\n\r\nf\r\n${event}\r\n0\r\n\r\n`];
  const output = ["S 0 10\n", `R 0 20 ${first.length}\n${first}`, `R 0 30 ${second.length}\n${second}`, "E 0 31\n"].join("");
  expect(parseClientOutput(Buffer.from(output), 1)).toEqual([
    {
      sentNs: 10,
      endNs: 31,
      left: false,
      status: 200,
      events: [
        { ns: 30, data: '{"a":1}' },
        { ns: 30, data: '{"a":1}' },
      ],
    },
  ]);
});

test("a refusal is one event with its whole body, and a client that left says so", () => {
  const refusal = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\r\n{}";
  const output = `S 1 5\nR 1 6 ${refusal.length}\n${refusal}S 0 7\nC 0 8\nE 1 9\n`;
  expect(parseClientOutput(Buffer.from(output), 2)).toEqual([
    { sentNs: 7, endNs: 8, left: true, status: 0, events: [{ ns: 0, data: "" }] },
    { sentNs: 5, endNs: 9, left: false, status: 404, events: [{ ns: 6, data: "{}" }] },
  ]);
});
