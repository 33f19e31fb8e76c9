import { expect, setDefaultTimeout, test } from "bun:test";
import { holdModel } from "../support/held-model.ts";
import { deltaText, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const REQUEST = { messages: [{ role: "user", content: "Hi" }], max_tokens: 1 };

/** Holds the model until others wait for it. */
const hold = async (server: TestServer, model?: string) => holdModel(server, PATH, { ...REQUEST, model, stream: true, max_tokens: 1000 });

const queued = async (server: TestServer, count: number): Promise<void> => {
  while ((await server.modelStatus()).queued < count);
};

test("a reply says how many requests were ahead of it, and how long it waited", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20" });
  const first = await server.post(PATH, REQUEST);
  const letGo = await hold(server);
  const second = server.post(PATH, REQUEST);
  await queued(server, 1);
  const third = server.post(PATH, { ...REQUEST, stream: true });
  await queued(server, 2);
  // What has been measured so far foretells the wait of a stream, whose headers go out before it is over.
  const stream = await third;
  letGo();
  const headersOf = ({ headers }: Response) => ({
    position: headers.get("x-rockchip-llama-queue-position"),
    waits: Number(headers.get("x-rockchip-llama-queue-wait-ms") ?? Number.NaN) > 0,
  });
  expect([first, await second, stream].map(headersOf)).toEqual([
    { position: "0", waits: expect.any(Boolean) as boolean },
    { position: "1", waits: true },
    { position: "2", waits: true },
  ]);
  await stream.text();
});

test("one client's many requests do not keep another waiting behind all of them", async () => {
  await using server = await startTestServer({
    moods: "slow-decode=20",
    flags: ["--api-key", "key-of-the-other", "--allow", "127.0.0.0/8"],
  });
  const letGo = await hold(server);
  const finished: string[] = [];
  const noted = async (name: string, reply: Promise<Response>) => {
    await (await reply).text();
    finished.push(name);
  };
  const many: Promise<void>[] = [];
  for (const index of [1, 2, 3, 4]) {
    many.push(noted(`many ${index}`, server.post(PATH, REQUEST)));
    await queued(server, index);
  }
  const other = fetch(server.url + PATH, {
    method: "POST",
    headers: { authorization: "Bearer key-of-the-other" },
    body: JSON.stringify(REQUEST),
  });
  many.push(noted("other", other));
  await queued(server, 5);
  letGo();
  await Promise.all(many);
  expect(finished.indexOf("other")).toBeLessThan(finished.indexOf("many 2"));
});

test("a request that has waited for as long as it may is refused, and says when to come again", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000", flags: ["--queue-timeout-s", "1"] });
  const letGo = await hold(server);
  const response = await server.post(PATH, REQUEST);
  expect({ status: response.status, retry: Number(response.headers.get("retry-after")) > 0, body: await response.json() }).toMatchObject({
    status: 503,
    retry: true,
    body: { error: { message: expect.stringContaining("queue_timeout_s") as string } },
  });
  letGo();
  expect((await server.post(PATH, REQUEST)).status).toBe(200);
});

test("a request whose model finds no place in the time it may wait is refused as in the queue, and leaves nothing behind", async () => {
  await using server = await startTestServer({
    moods: "slow-decode=1000",
    flags: ["--queue-timeout-s", "1", "--models-loaded-max", "1"],
    models: { "one.gguf": {}, "two.gguf": { seed: 2 } },
  });
  const letGo = await hold(server, "one");
  const response = await server.post(PATH, { ...REQUEST, model: "two" });
  const ollama = await server.post("/api/chat", { model: "two", messages: REQUEST.messages });
  const anthropic = await server.post("/v1/messages", { ...REQUEST, model: "two" });
  expect([response, ollama, anthropic].map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
    [503, "5"],
    [503, "5"],
    [529, "5"],
  ]);
  expect(await response.json()).toMatchObject({
    error: { code: "timeout", message: expect.stringContaining("queue_timeout_s") as string },
  });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics.split("\n").filter((line) => line.includes("queue_timeout") && line.includes("two"))).toEqual([
    expect.stringMatching(/ 3$/) as string,
  ]);
  letGo();
  expect((await server.post(PATH, { ...REQUEST, model: "two" })).status).toBe(200);
});

test("with one run at a time two models take turns", async () => {
  await using server = await startTestServer({
    moods: "slow-decode=5",
    flags: ["--runs-at-once", "1"],
    models: { "one.gguf": {}, "two.gguf": { seed: 2 } },
  });
  const happened: string[] = [];
  const streamed = async (model: string) => {
    const response = await server.post(PATH, { ...REQUEST, model, stream: true, max_tokens: 20 });
    for await (const chunk of sseChunks(response)) if (deltaText(chunk) !== "") happened.push(model);
  };
  await Promise.all([streamed("one"), streamed("two")]);
  const changes = happened.filter((model, index) => index > 0 && model !== happened[index - 1]).length;
  expect({ changes, both: new Set(happened).size }).toEqual({ changes: 1, both: 2 });
});

test("with one run at a time the first request for a model is told of the run of another", async () => {
  await using server = await startTestServer({
    moods: "slow-decode=20",
    flags: ["--runs-at-once", "1"],
    models: { "one.gguf": {}, "two.gguf": { seed: 2 } },
  });
  await server.post(PATH, { ...REQUEST, model: "one" });
  const letGo = await hold(server, "one");
  const stream = await server.post(PATH, { ...REQUEST, model: "two", stream: true });
  letGo();
  await stream.text();
  const [position, wait] = ["position", "wait-ms"].map((name) => stream.headers.get(`x-rockchip-llama-queue-${name}`));
  expect({ position, waits: Number(wait) > 0 }).toEqual({ position: "1", waits: true });
});

test("two copies of a model answer two chats side by side, and each keeps its own", async () => {
  await using server = await startTestServer({ moods: "slow-decode=5", flags: ["--slots", "2"] });
  const happened: string[] = [];
  const streamed = async (name: string) => {
    const messages = [{ role: "user", content: `The story of ${name}, please, and make it a good one` }];
    const response = await server.post(PATH, { messages, stream: true, temperature: 0, max_tokens: 20 });
    for await (const chunk of sseChunks(response)) if (deltaText(chunk) !== "") happened.push(name);
  };
  await Promise.all([streamed("one"), streamed("two")]);
  const changes = happened.filter((name, index) => index > 0 && name !== happened[index - 1]).length;
  expect({ hosts: server.hostPids().length, sideBySide: changes > 1 }).toEqual({ hosts: 2, sideBySide: true });
  const cached: number[] = [];
  for (const name of ["one", "two", "one", "two"]) {
    const messages = [{ role: "user", content: `The story of ${name}, please, and make it a good one` }];
    const reply = (await (await server.post(PATH, { messages, max_tokens: 1 })).json()) as {
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    cached.push(reply.usage.prompt_tokens - reply.usage.prompt_tokens_details.cached_tokens);
  }
  // All but the last token was there.
  expect(cached).toEqual([1, 1, 1, 1]);
});
