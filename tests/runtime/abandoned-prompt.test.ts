import { expect, setDefaultTimeout, test } from "bun:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const ask = (content: string) => ({ messages: [{ role: "user", content }], temperature: 0, max_tokens: 4 });

test("a prompt whose client left before its answer began is not computed to its end, to be kept for nobody", async () => {
  // Prefill as slow as on a board: what was computed would be worth a file.
  await using server = await startTestServer({ moods: "slow-prefill=3", flags: ["--cache-dir", temporaryFolder()] });
  expect((await server.post(PATH, ask("Hello"))).status).toBe(200);
  const client = new AbortController();
  const leaving = server.post(PATH, ask("The sea was calm and the ship went on and on into the west. ".repeat(20)), client.signal);
  while (!(await server.modelStatus()).running);
  // The host answers questions in the order they come: it has begun with the prompt then.
  expect((await server.post("/v1/tokenize", { prompt: "Hello" })).status).toBe(200);
  client.abort();
  await leaving.catch(() => {});
  expect((await server.post(PATH, ask("Hello again"))).status).toBe(200);
  expect(await (await fetch(`${server.url}/v1/cache`)).json()).toMatchObject({ entries: [] });
});
