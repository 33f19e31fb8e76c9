/** The units of config/deploy/systemd: what systemd says of them, and whether the server lives with the system calls that are left to it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A traced program is a slow one. */
setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, "config/deploy/systemd");
const EXECUTABLE = join(ROOT, `dist/rockchip-llama-linux-${process.arch}`);
/** Tenths of what `systemd-analyze security` calls exposure: 0 is closed, 100 open. docs/install.md says 1.6. */
const EXPOSURE_MAX = 20;
/** What a systemd before 254 says of the keys that make restarts slower. */
const NEWER_KEY = /^.*Unknown key .*'Restart(?:Steps|MaxDelaySec)' in section .*\n/gm;

const testWithSystemd = test.skipIf(Bun.which("systemd-analyze") === null); // Debian's package systemd

testWithSystemd.each(["rockchip-llama.service", "rockchip-llama-clocks.service"])("%s has no fault, and is closed", async (name) => {
  // Its program is where the package puts it; any program that is there will do.
  const unit = readFileSync(join(FOLDER, name), "utf8").replaceAll(
    /\/usr\/(?:bin\/rockchip-llama|lib\/rockchip-llama\/clocks)/g,
    "/bin/true",
  );
  const path = join(temporaryFolder(), name);
  await Bun.write(path, unit);
  const verified = Bun.spawnSync(["systemd-analyze", "verify", path]);
  expect([verified.exitCode, verified.stderr.toString().replaceAll(NEWER_KEY, "")]).toEqual([0, ""]);
  const judged = Bun.spawnSync(["systemd-analyze", "security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, path]);
  expect([judged.exitCode, judged.stdout.toString()]).toEqual([0, expect.stringContaining("Overall exposure level")]);
});

/** Every call of the sets that a unit's lines allow, those that begin with ~ taken out again. */
function allowedCalls(unit: string): Set<string> {
  const sets = new Map<string, string[]>();
  let name = "";
  for (const line of Bun.spawnSync(["systemd-analyze", "syscall-filter", "--no-pager"]).stdout.toString().split("\n")) {
    if (line.startsWith("@")) sets.set((name = line.trim()), []);
    else if (/^\s+[@\w]/.test(line)) sets.get(name)?.push(line.trim());
  }
  const callsOf = (word: string): string[] => (word.startsWith("@") ? (sets.get(word) ?? []).flatMap(callsOf) : [word]);
  const allowed = new Set<string>();
  for (const [, minus, words = ""] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of words.split(" ").flatMap(callsOf)) {
      if (minus === "~") allowed.delete(call);
      else allowed.add(call);
    }
  }
  return allowed;
}

const traceable = existsSync(EXECUTABLE) && Bun.which("strace") !== null && Bun.which("systemd-analyze") !== null;
const testTraced = test.skipIf(!traceable); // `bun run build` makes the executable; Debian's packages strace and systemd

testTraced("a start, a chat and a stop take no system call that the unit forbids", async () => {
  const folder = temporaryFolder();
  const trace = join(folder, "trace");
  // -D: the server stays our child, and hears the signal.
  const command = ["strace", "-D", "-f", "-qq", "-o", trace, EXECUTABLE, "serve", "--port", "0", "--cache-dir", join(folder, "cache")];
  await using server = await startServer(command, { cwd: folder });
  const body = JSON.stringify({ model: "tiny-chat", messages: [{ role: "user", content: "Hello" }] });
  expect((await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body })).status).toBe(200);
  expect(await server.stop()).toBe(0);
  // The tracer holds the standard error, too: it is closed when all is written.
  await server.log;

  const called = new Set([...readFileSync(trace, "utf8").matchAll(/^\d+ +([a-z]\w*)\(/gm)].map(([, call = ""]) => call));
  expect(called).toContain("execve");
  expect(called).toContain("exit_group");
  const allowed = allowedCalls(readFileSync(join(FOLDER, "rockchip-llama.service"), "utf8"));
  // SQLite gives its files to the owner of their database where root runs it, which is not the service's user.
  const asRoot = process.getuid?.() === 0 ? ["fchown"] : [];
  expect([...called].filter((call) => !allowed.has(call) && !asRoot.includes(call))).toEqual([]);
});
