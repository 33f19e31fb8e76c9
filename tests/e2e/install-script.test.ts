/** config/deploy/install.sh against a release on a server of this machine, made of the artefacts of the build. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { copyMachine, machineCopyFault } from "../support/machine-copy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Installing takes its time on a slow or busy machine. */
setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../..");
const SCRIPT = join(ROOT, "config/deploy/install.sh");
const DIST = join(ROOT, "dist");
const EXECUTABLE = `rockchip-llama-linux-${process.arch}`;
const missing = !existsSync(join(DIST, EXECUTABLE));
const testBuilt = test.skipIf(missing); // `bun run build` makes the artefacts

/** Files that the release has in place of the real ones. */
const forged = new Map<string, string>();
const release = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const name = basename(new URL(request.url).pathname);
    const file = Bun.file(join(DIST, name));
    const content = forged.get(name) ?? ((await file.exists()) ? file : null);
    return content === null ? new Response("not found", { status: 404 }) : new Response(content);
  },
});
const BASE_URL = release.url.href.replace(/\/$/, "");
afterAll(async () => release.stop(true));

let prefix = "";
beforeAll(async () => {
  prefix = join(temporaryFolder(), "usr");
  await mkdir(join(prefix, "bin"), { recursive: true });
});

async function install(args: readonly string[], env: Readonly<Record<string, string>> = { BASE_URL }) {
  const variables = { PATH: process.env["PATH"] ?? "", PREFIX: prefix, ...env };
  const child = Bun.spawn(["sh", SCRIPT, ...args], { env: variables, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, output, errors };
}

testBuilt("the executable is downloaded, checked, installed, and taken away again", async () => {
  const target = join(prefix, "bin/rockchip-llama");
  const installed = await install(["--executable"]);
  expect(installed).toEqual({ exitCode: 0, output: expect.stringContaining(`Downloading ${BASE_URL}/${EXECUTABLE}`), errors: "" });
  expect(installed.output).toContain("Start it with: rockchip-llama serve");
  const version = Bun.spawnSync([target, "version", "--port", "0"]).stdout.toString();
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect((await install(["--uninstall"])).exitCode).toBe(0);
  expect(existsSync(target)).toBe(false);
});

testBuilt("a file that is not what SHA256SUMS says is not installed", async () => {
  forged.set(EXECUTABLE, "#!/bin/sh\necho something else\n");
  const refused = await install(["--executable"]);
  forged.clear();
  expect(refused).toEqual({ exitCode: 1, output: expect.any(String), errors: expect.stringContaining("is not what SHA256SUMS says") });
  expect(existsSync(join(prefix, "bin/rockchip-llama"))).toBe(false);
});

test("a release that is not there, and one that names no such file, end it with the reason", async () => {
  const nowhere = await install(["--executable"], { BASE_URL: "http://127.0.0.1:1" });
  expect(nowhere).toMatchObject({ exitCode: 1, errors: expect.stringContaining("Could not download http://127.0.0.1:1/SHA256SUMS") });
  forged.set("SHA256SUMS", `${"0".repeat(64)}  something-else\n`);
  forged.set(EXECUTABLE, "anything");
  const unnamed = await install(["--executable"]);
  forged.clear();
  expect(unnamed).toMatchObject({ exitCode: 1, errors: expect.stringContaining(`SHA256SUMS does not name ${EXECUTABLE}.`) });
});

test("it asks for what it needs to know", async () => {
  expect(await install([], {})).toMatchObject({ exitCode: 1, errors: expect.stringContaining("Set BASE_URL") });
  expect(await install(["--instal"])).toMatchObject({ exitCode: 1, errors: expect.stringContaining("Unknown: --instal") });
});

const noPackage = missing || ![...new Bun.Glob("*.deb").scanSync(existsSync(DIST) ? DIST : ROOT)].length;
const fault = noPackage ? "bun run build:deb has not been run" : machineCopyFault();
const testPackage = test.skipIf(fault !== null || Bun.which("apt-get") === null); // packages, root and overlays

testPackage(`on Debian the package is installed and removed${fault === null ? "" : ` (${fault})`}`, async () => {
  await using machine = await copyMachine([SCRIPT]);
  const installed = await machine.run("env", `BASE_URL=${BASE_URL}`, "sh", "/srv/install.sh");
  expect(installed).toEqual({ exitCode: 0, output: expect.stringContaining("Setting up rockchip-llama") });
  expect((await machine.run("rockchip-llama", "version", "--port", "0")).exitCode).toBe(0);
  expect((await machine.run("sh", "/srv/install.sh", "--uninstall")).exitCode).toBe(0);
  expect((await machine.run("test", "-e", "/usr/bin/rockchip-llama")).exitCode).toBe(1);
  await rm(prefix, { recursive: true, force: true });
});
