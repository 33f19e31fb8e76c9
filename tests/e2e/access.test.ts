/** Keys, networks and addresses to listen on, in the whole program. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");

interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

function place(): Place {
  const folder = temporaryFolder();
  return { folder, env: { ROCKCHIP_LLAMA_KEYS_FILE: join(folder, "keys.json") } };
}

/** Runs a command to its end. */
async function run({ folder, env }: Place, ...words: string[]) {
  const child = Bun.spawn([process.execPath, MAIN, ...words], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, output: output.trim(), errors };
}

const serve = async ({ folder, env }: Place, ...flags: string[]) =>
  startServer([process.execPath, MAIN, "serve", "--port", "0", ...flags], { cwd: folder, env });

async function statusOf(url: string, key?: string): Promise<number> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return (await fetch(`${url.replace("0.0.0.0", "127.0.0.1")}/v1/models`, { headers })).status;
}

test("a running server follows its keys: none, added, revoked", async () => {
  const here = place();
  await using server = await serve(here);
  const open = await statusOf(server.url);
  const { output: key } = await run(here, "keys", "add", "laptop");
  const keyed = [await statusOf(server.url), await statusOf(server.url, key), (await fetch(`${server.url}/health`)).status];
  await run(here, "keys", "revoke", "laptop");
  const revoked = [await statusOf(server.url), await statusOf(server.url, key)];
  expect([open, keyed, revoked]).toEqual([200, [401, 200, 200], [401, 401]]);
});

test("an address that other machines reach is refused with three ways out, and each of them leads out", async () => {
  const here = place();
  const refused = await run(here, "serve", "--port", "0", "--host", "0.0.0.0");
  expect([refused.exitCode, refused.output]).toEqual([2, ""]);
  for (const way of ["keys add", "ROCKCHIP_LLAMA_API_KEY", "--allow 192.168.0.0/16", "--insecure"]) expect(refused.errors).toContain(way);

  const key = "a-key-of-the-environment";
  const keyed = { ...here, env: { ...here.env, ROCKCHIP_LLAMA_API_KEY: key } };
  await using locked = await serve(keyed, "--host", "0.0.0.0");
  await using allowing = await serve(here, "--host", "0.0.0.0", "--allow", "192.168.0.0/16");
  await using open = await serve(here, "--host", "0.0.0.0", "--insecure");
  const statuses = [await statusOf(locked.url), await statusOf(locked.url, key), await statusOf(allowing.url), await statusOf(open.url)];
  expect(statuses).toEqual([401, 200, 200, 200]);
  expect(locked.output).not.toContain(key);
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === "IPv6"));
const testWithIpv6 = test.skipIf(!hasIpv6); // a machine without IPv6
testWithIpv6("a server that listens on IPv6 and IPv4 knows an IPv4 client by its own address", async () => {
  const here = place();
  await using server = await serve(
    { ...here, env: { ...here.env, ROCKCHIP_LLAMA_API_KEY: "some-key" } },
    "--host",
    "::",
    "--allow",
    "127.0.0.0/8",
  );
  const port = new URL(server.url).port;
  expect(await statusOf(`http://127.0.0.1:${port}`)).toBe(200);
});

test("a file of keys that cannot be used ends the start with its name", async () => {
  const here = place();
  writeFileSync(join(here.folder, "keys.json"), "{");
  const { exitCode, errors } = await run(here, "serve", "--port", "0");
  expect([exitCode, errors]).toEqual([2, expect.stringContaining(`${join(here.folder, "keys.json")} cannot be used: it is not JSON`)]);
});
