/** Texts from outside that end up in the log forge no lines of it, and command no terminal that shows it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { createLog } from "../../src/telemetry/log.ts";
import { ModelHub } from "../support/model-hub.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/** Ends a line, begins one that looks like ours, clears the screen in two ways, turns writing around. */
const HOSTILE = "x\r\n2026-01-01T00:00:00.000Z error forged\u2028\u2029\u0085\u001b[2J\u009b2J\u202e\u0000\u007f";
const LINE =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:error|warn {1,2}|info {1,2}|debug) [^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/;

describe("a line of the log", () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);

  test("has no line breaks and no commands in it, for people", () => {
    const log = createLog({ level: () => "info", format: "text", write });
    log.error(HOSTILE, { who: HOSTILE, [HOSTILE]: 1, cause: { deep: [HOSTILE] } });
    expect(lines.splice(0)).toEqual([expect.stringMatching(LINE)]);
  });

  test("has none in it for programs either, which read what was written", () => {
    const log = createLog({ level: () => "info", format: "json", write });
    log.error(HOSTILE, { who: HOSTILE });
    const [line = ""] = lines.splice(0);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(JSON.parse(line)).toMatchObject({ message: HOSTILE, who: HOSTILE });
  });
});

describe("a server", () => {
  let hub: ModelHub;
  let api: TestServer;
  beforeAll(async () => {
    hub = await ModelHub.start();
    api = await startTestServer({ flags: ["--log-level", "debug", "--huggingface-endpoint", hub.url] });
  });
  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
  });

  /** Sends bytes as they are, and waits until the server closes. */
  const raw = async (bytes: string): Promise<void> => {
    const closed = Promise.withResolvers<void>();
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("data", () => undefined);
    socket.on("error", () => undefined);
    socket.on("close", () => closed.resolve());
    await closed.promise;
  };

  test("that is told hostile names in every place writes lines of its own alone", async () => {
    const messages = [{ role: "user", content: HOSTILE }];
    for (const [path, body] of [
      ["/v1/chat/completions", { model: HOSTILE, messages }],
      ["/v1/messages", { model: HOSTILE, messages, max_tokens: 1 }],
      ["/api/show", { model: HOSTILE }],
      ["/api/pull", { model: `owner/repo:${HOSTILE}`, stream: false }],
      ["/api/create", { model: HOSTILE, from: HOSTILE, stream: false }],
      ["/v1/responses", { model: "tiny", input: "x", previous_response_id: HOSTILE }],
      [`/${encodeURIComponent(HOSTILE)}`, {}],
    ] as const)
      await (await api.post(path, body)).text();
    const spoken = "\x1b[2J\x9b2J\xc2\x9b2J";
    for (const [line, header] of [
      ["GET /v1/models", `User-Agent: ${spoken}`],
      ["GET /v1/models", `X-Request-Id: ${spoken}`],
      ["GET /v1/models", `Authorization: Bearer ${spoken}`],
      ["GET /v1/models", `X-Forwarded-For: ${spoken}`],
      ["GET /v1/models", `Origin: ${spoken}`],
      [`GET /${spoken}`, "X-A: b"],
      [`${spoken} /`, "X-A: b"],
    ] as const)
      await raw(`${line} HTTP/1.1\r\nHost: localhost\r\n${header}\r\nConnection: close\r\n\r\n`);
    // What a hub says of itself comes from outside as well.
    hub.files.set("/api/models/owner/repo/revision/main", {
      content: new TextEncoder().encode(
        JSON.stringify({ siblings: [{ rfilename: `${HOSTILE}.gguf`, size: 1 }, { rfilename: `b${HOSTILE}.gguf` }] }),
      ),
    });
    await (await api.post("/api/pull", { model: "hf.co/owner/repo", stream: false })).text();
    await (await api.post("/api/pull", { model: `hf.co/owner/repo/${HOSTILE}.gguf`, stream: false })).text();
    await api.server.stop();
    const lines = (await api.server.log).split("\n").filter((line) => line !== "");
    expect([
      lines.length > 7,
      lines.filter((line) => !LINE.test(line)),
      lines.filter((line) => / error +forged/.test(line.slice(0, 40))),
    ]).toEqual([true, [], []]);
  });
});
