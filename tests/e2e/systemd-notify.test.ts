/** What systemd hears of a server, on a real datagram socket. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, "../..");
const EXECUTABLE = join(ROOT, `dist/rockchip-llama-linux-${process.arch}`);
const WATCHDOG_USEC = "300000";

/** Reads what comes at a socket, message by message. */
function listenAt(address: string) {
  const child = Bun.spawn(["python3", join(ROOT, "tests/support/notify-socket.py"), address], { stdout: "pipe" });
  const messages = (async function* () {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines.map((line) => JSON.parse(line) as string);
    }
  })();
  const next = async (): Promise<string | undefined> => {
    const { value } = await messages.next();
    return value ?? undefined;
  };
  return { next, [Symbol.dispose]: () => child.kill() };
}

async function hears(address: string, program: readonly string[]): Promise<void> {
  using socket = listenAt(address);
  expect(await socket.next()).toBe("bound");
  const folder = temporaryFolder();
  const command = [...program, "serve", "--port", "0", "--models-dir", folder, "--cache-dir", folder];
  await using server = await startServer(command, { cwd: folder, env: { NOTIFY_SOCKET: address, WATCHDOG_USEC } });
  expect(await socket.next()).toBe(`READY=1\nSTATUS=Listening on ${server.url}`);
  expect([await socket.next(), await socket.next(), await socket.next()]).toEqual(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
  const stopped = server.stop();
  let message = await socket.next();
  while (message === "WATCHDOG=1") message = await socket.next();
  expect(message).toBe("STOPPING=1");
  expect(await stopped).toBe(0);
  expect(await server.log).not.toContain("systemd");
}

const SOURCES = [process.execPath, join(ROOT, "src/main.ts")];

test("a service says when it listens, that it is alive, and that it stops", async () => hears(join(temporaryFolder(), "notify"), SOURCES));

test("an abstract socket hears the same", async () => hears(`@rockchip-llama-${randomUUID()}`, SOURCES));

const testBuilt = test.skipIf(!existsSync(EXECUTABLE)); // `bun run build` makes the executable
testBuilt("so does one that hears the executable", async () => hears(join(temporaryFolder(), "notify"), [EXECUTABLE]));

test.each([
  ["/nowhere/notify", "systemd was not told"],
  ["vsock:2:1234", "systemd cannot be told anything"],
])("a socket that cannot be used, %s, is a line in the log and no more", async (address, line) => {
  const folder = temporaryFolder();
  const command = [...SOURCES, "serve", "--port", "0", "--models-dir", folder, "--cache-dir", folder];
  await using server = await startServer(command, { cwd: folder, env: { NOTIFY_SOCKET: address } });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
  expect(await server.log).toContain(line);
});
