/** The port beside the port, where clients of Ollama look. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Ollama } from "ollama";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { deltaText, sseChunks, startTestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");

async function start(...flags: string[]): Promise<ServerProcess> {
  return startServer([process.execPath, MAIN, "serve", ...flags], { cwd: temporaryFolder(), env: { NO_COLOR: "1" } });
}

/** Every address in the line that says where the server listens. */
function addressesIn(output: string): string[] {
  return [...(output.split(/[;]| with /)[0] ?? "").matchAll(/https?:\/\/[^\s,;]+/g)].map(([address]) => address);
}

/** A port that somebody has, for as long as the test runs. */
const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
afterAll(() => taken.stop(true));

describe("a server with two ports", () => {
  test("says so, and Ollama's client lists and chats on the second", async () => {
    await using test = await startTestServer({ flags: ["--ollama-port", "0"] });
    const [first, second] = addressesIn(test.server.output);
    expect(test.server.output).toMatch(/^Listening on \S+ and, for Ollama's clients, http:\/\/127\.0\.0\.1:\d+; models: tiny;/);
    expect(first).toBe(test.url);
    const ollama = new Ollama({ host: second! });
    expect((await ollama.list()).models.map(({ name }) => name)).toEqual(["tiny:latest"]);
    const reply = await ollama.chat({ model: "tiny", messages: [{ role: "user", content: "Hello" }], options: { num_predict: 3 } });
    expect(reply.eval_count).toBe(3);
  });

  test("knows on both whom a connection comes from, and gives each request an id of its own", async () => {
    // With networks, a client whose address is not known is refused.
    await using test = await startTestServer({ flags: ["--ollama-port", "0", "--allow", "10.0.0.1"] });
    const replies = addressesIn(test.server.output).map(async (address) => {
      const { status, headers } = await fetch(`${address}/api/version`);
      return { status, id: headers.get("x-request-id") };
    });
    const both = await Promise.all(replies);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(both.map(({ id }) => id)).size).toBe(2);
  });

  test("refuses on both a name that is not of this machine", async () => {
    await using test = await startTestServer({ flags: ["--ollama-port", "0"] });
    const replies = addressesIn(test.server.output).map(async (address) =>
      fetch(`${address}/api/tags`, { headers: { host: "evil.example" } }),
    );
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([403, 403]);
  });

  test("keeps a silent connection open on the second while an answer is made", async () => {
    // Bun looks for idle connections every 4 seconds.
    await using test = await startTestServer({ moods: "slow-init=5000", flags: ["--ollama-port", "0", "--idle-timeout-s", "1"] });
    const second = addressesIn(test.server.output)[1]!;
    const body = JSON.stringify({ model: "tiny", prompt: "a", stream: false, options: { num_predict: 1 } });
    expect((await fetch(`${second}/api/generate`, { method: "POST", body })).status).toBe(200);
  });

  test("that is told to stop finishes what runs on the second", async () => {
    await using test = await startTestServer({ moods: "slow-decode=20", flags: ["--ollama-port", "0"] });
    const second = addressesIn(test.server.output)[1]!;
    const request = { messages: [{ role: "user", content: "Hello" }], stream: true, max_tokens: 8 };
    const response = await fetch(`${second}/v1/chat/completions`, { method: "POST", body: JSON.stringify(request) });
    const finishes: unknown[] = [];
    let told = false;
    for await (const chunk of sseChunks(response)) {
      if (!told && deltaText(chunk) !== "") {
        told = true;
        process.kill(test.server.pid, "SIGTERM");
      }
      finishes.push(...((chunk["choices"] as { finish_reason: unknown }[] | undefined) ?? []).map((choice) => choice.finish_reason));
    }
    expect([told, finishes.at(-1)]).toEqual([true, "length"]);
    expect(await test.server.stop()).toBe(0);
  });
});

test("a second port that is taken is told in one line, and the server goes on with the first", async () => {
  const child = Bun.spawn([process.execPath, MAIN, "serve", "--port", "0", "--ollama-port", String(taken.port)], {
    cwd: temporaryFolder(),
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await child.stdout.getReader().read();
  const line = new TextDecoder().decode(output.value);
  const [address, ...others] = addressesIn(line);
  expect({ others, status: (await fetch(`${address ?? ""}/health`)).status }).toEqual({ others: [], status: 200 });
  child.kill("SIGTERM");
  const warnings = (await child.stderr.text()).split("\n").filter((text) => text.includes("WARN") || text.includes("warn"));
  expect(warnings).toEqual([
    expect.stringContaining(
      `not listening on 127.0.0.1:${taken.port} for Ollama's clients: the port is in use. Choose another with --ollama-port, or stop the program that has it. --ollama-port off does without`,
    ),
  ]);
  expect(await child.exited).toBe(0);
});

test("off opens no second port", async () => {
  await using server = await start("--port", "0", "--ollama-port", "off");
  expect(addressesIn(server.output)).toEqual([server.url]);
});
