import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { holdModel } from "../support/held-model.ts";
import { deltaText, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const ask = (content: string, more: object = {}) => ({ messages: [{ role: "user", content }], temperature: 0, max_tokens: 40, ...more });
/** Different lengths and different limits: members of a batch end one after another. */
const REQUESTS = [
  ask("Tell me a story"),
  ask("Tell me another story, a longer one about a dog and a cat", { max_tokens: 25 }),
  ask("What is the weather?", { max_tokens: 10 }),
  ask("Count", { max_tokens: 1 }),
];

interface Answer {
  readonly text: string;
  readonly finish: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

async function answerOf(response: Response): Promise<Answer> {
  expect(response.status).toBe(200);
  const { choices, usage } = (await response.json()) as Reply;
  const { prompt_tokens, completion_tokens } = usage;
  return { text: choices[0]!.message.content, finish: choices[0]!.finish_reason, usage: { prompt_tokens, completion_tokens } };
}

/** Holds the model until others wait for it. */
const hold = async (server: TestServer) => holdModel(server, PATH, ask("Hold", { stream: true, max_tokens: 1000 }));

/** Sends requests that wait for one another and then have their turn together. */
async function together(server: TestServer, requests: readonly object[]): Promise<Response[]> {
  const letGo = await hold(server);
  const replies = requests.map((request) => server.post(PATH, request));
  while ((await server.modelStatus()).queued < requests.length);
  letGo();
  return Promise.all(replies);
}

let alone: Answer[];
beforeAll(async () => {
  await using server = await startTestServer();
  alone = [];
  for (const request of REQUESTS) alone.push(await answerOf(await server.post(PATH, request)));
});

describe.each([
  ["1.3.0", ["--n-batch", "4"], ""],
  ["1.3.0", ["--n-batch", "8"], "foreign-thread"],
  ["1.3.0", ["--n-batch", "4", "--isolation", "thread"], ""],
  ["1.2.3", ["--n-batch", "4", "--cpu-runtime-version", "1.2.3", "--temperature", "0"], ""],
] as const)("on %s with %j and the moods %j", (_, flags, moods) => {
  test("answers that are made together are those that are made alone, each with its own limit", async () => {
    await using server = await startTestServer({ flags, moods: `slow-decode=2${moods === "" ? "" : `,${moods}`}` });
    const replies = await together(server, REQUESTS);
    expect(await Promise.all(replies.map(answerOf))).toEqual(alone);
    // And again, out of what the lanes hold of the time before.
    expect(await Promise.all((await together(server, REQUESTS.toReversed())).map(answerOf))).toEqual(alone.toReversed());
  });
});

test("all of a batch have begun before one of them has ended", async () => {
  await using server = await startTestServer({ flags: ["--n-batch", "4"], moods: "slow-decode=10" });
  const happened: string[] = [];
  const requests = ["a", "b", "c", "d"].map((name) => ask(name, { stream: true, max_tokens: 20 }));
  const replies = await together(server, requests);
  await Promise.all(
    replies.map(async (reply) => {
      let begun = false;
      for await (const chunk of sseChunks(reply)) {
        if (!begun && deltaText(chunk) !== "") happened.push("begins");
        begun ||= deltaText(chunk) !== "";
      }
      happened.push("ends");
    }),
  );
  expect(happened).toEqual(["begins", "begins", "begins", "begins", "ends", "ends", "ends", "ends"]);
});

test("a client that leaves, and a stop sequence, end one of a batch and not the others", async () => {
  await using server = await startTestServer({ flags: ["--n-batch", "4"], moods: "slow-decode=5" });
  const [first] = alone;
  const stop = first!.text.slice(8, 11);
  const letGo = await hold(server);
  const client = new AbortController();
  const leaving = server.post(PATH, ask("Leave", { stream: true, max_tokens: 1000 }), client.signal);
  const others = [REQUESTS[1]!, { ...REQUESTS[0], stop }, REQUESTS[2]!].map((request) => server.post(PATH, request));
  while ((await server.modelStatus()).queued < 4);
  letGo();
  const chunks = sseChunks(await leaving);
  while (deltaText((await chunks.next()).value ?? {}) === "");
  client.abort();
  const answers = await Promise.all(others.map(async (reply) => answerOf(await reply)));
  expect([answers[0], answers[2]]).toEqual([alone[1]!, alone[2]!]);
  expect(answers[1]).toMatchObject({ text: first!.text.slice(0, first!.text.indexOf(stop)), finish: "stop" });
  // The one that left would have gone on for long: nothing is left of it.
  expect(await answerOf(await server.post(PATH, REQUESTS[3]))).toEqual(alone[3]!);
});

test("requests with other sampling wait for a batch of their own", async () => {
  await using server = await startTestServer({ flags: ["--n-batch", "4"], moods: "slow-decode=2" });
  const replies = await together(server, [...REQUESTS.slice(0, 2), ask("Warm", { temperature: 1, max_tokens: 5 }), REQUESTS[2]!]);
  const answers = await Promise.all(replies.map(answerOf));
  expect([answers[0], answers[1], answers[3]]).toEqual(alone.slice(0, 3));
  expect(answers[2]).toMatchObject({ finish: "length", usage: { completion_tokens: 5 } });
});

test("chats that alternate keep what was computed for each, where there are lanes for all", async () => {
  await using server = await startTestServer({ flags: ["--n-batch", "2"] });
  const chats = ["Tell me of the sea, of ships and of storms", "Describe a forest with all of its trees and birds"].map((content) => [
    { role: "user", content },
  ]);
  const cached: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    for (const messages of chats) {
      const reply = (await (await server.post(PATH, { messages, temperature: 0, max_tokens: 12 })).json()) as Reply & {
        usage: { prompt_tokens_details: { cached_tokens: number } };
      };
      if (turn > 0) cached.push(reply.usage.prompt_tokens - reply.usage.prompt_tokens_details.cached_tokens);
      messages.push({ role: "assistant", content: reply.choices[0]!.message.content }, { role: "user", content: "Go on" });
    }
  }
  // What is new of each turn: the end of the answer, "Go on", and the template's own words.
  expect(Math.max(...cached)).toBeLessThan(40);
});

test("the vector of a text is the same, whatever else a model can do at a time", async () => {
  const vectorOf = async (server: TestServer) => {
    const response = await server.post("/v1/embeddings", { input: "A text to be embedded", encoding_format: "float" });
    return ((await response.json()) as { data: { embedding: number[] }[] }).data[0]!.embedding;
  };
  await using one = await startTestServer();
  await using several = await startTestServer({ flags: ["--n-batch", "4"] });
  expect(await vectorOf(several)).toEqual(await vectorOf(one));
});
