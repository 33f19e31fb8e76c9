import { expect, setDefaultTimeout, test } from "bun:test";
import { processGone, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/** A library that loses memory in every run, as Rockchip's 1.3.0 is reported to. */
const LEAKING = { moods: "leak=20", flags: ["--host-growth-bytes-max", "50000000"] };

async function answer(server: TestServer, content: string): Promise<{ status: number; tokens: number }> {
  const request = { messages: [{ role: "user", content }], temperature: 0, max_tokens: 4 };
  const response = await server.post("/v1/chat/completions", request);
  const body = (await response.json()) as { usage?: { completion_tokens: number } };
  return { status: response.status, tokens: body.usage?.completion_tokens ?? 0 };
}
const ANSWERED = { status: 200, tokens: 4 };

test("a host that has grown too much is opened anew between requests, and those that wait lose nothing", async () => {
  await using server = await startTestServer(LEAKING);
  expect(await answer(server, "first")).toEqual(ANSWERED);
  const [before] = server.hostPids();
  // Three runs settle it, three more grow it by 60 MB; the rest of the requests wait meanwhile.
  const answers = await Promise.all(Array.from({ length: 9 }, async (_, index) => answer(server, `number ${index}`)));
  expect(answers).toEqual(Array.from({ length: 9 }, () => ANSWERED));
  await processGone(before!);
  expect(await answer(server, "last")).toEqual(ANSWERED);
  expect(server.hostPids()).not.toContain(before!);
  await server.server.stop();
  const log = server.server.output + (await server.server.log);
  expect(log).toContain("engine host opened anew: its memory had grown");
  expect(log).not.toContain("engine host lost");
});

test("a host that grows stays where that is asked for", async () => {
  await using server = await startTestServer({ ...LEAKING, flags: ["--host-growth-bytes-max", "0"] });
  for (let run = 0; run < 8; run++) expect(await answer(server, `number ${run}`)).toEqual(ANSWERED);
  await server.server.stop();
  expect(server.server.output + (await server.server.log)).not.toContain("opened anew");
});
