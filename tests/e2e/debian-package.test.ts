/** The packages of config/deploy/deb/build.sh: what they say and hold, and a whole life of one on a copy of this machine. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { basename, join } from "node:path";
import { copyMachine, type MachineCopy, machineCopyFault } from "../support/machine-copy.ts";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Installing and whole programs take their time on a slow or busy machine. */
setDefaultTimeout(180_000);

const DIST = join(import.meta.dir, "../../dist");
const { version } = (await Bun.file(join(DIST, "../package.json")).json()) as { version: string };
const EMULATOR = Bun.which("qemu-aarch64-static");
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";

function packageOf(architecture: string): string {
  return join(DIST, `rockchip-llama_${version}_${architecture}.deb`);
}

async function output(...command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe" });
  const [text, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ exitCode: await child.exited, errors }).toEqual({ exitCode: 0, errors: "" });
  return text;
}

describe.each([
  ["amd64", "x64"],
  ["arm64", "arm64"],
])("the package for %s", (architecture, arch) => {
  const path = packageOf(architecture);
  const testBuilt = test.skipIf(!existsSync(path) || Bun.which("dpkg-deb") === null); // config/deploy/deb/build.sh makes the packages, with Debian's dpkg-deb

  testBuilt("says what it is and what it needs", async () => {
    const fields = (await output("dpkg-deb", "--field", path)).split("\n");
    expect(fields).toContain("Package: rockchip-llama");
    expect(fields).toContain(`Version: ${version.replace("-", "~")}`);
    expect(fields).toContain(`Architecture: ${architecture}`);
    expect(fields.find((field) => field.startsWith("Depends: "))).toMatch(/libc6 .*libstdc\+\+6, libgomp1, systemd/);
  });

  testBuilt("holds the executable, the unit, settings, completions and licences, all of them root's", async () => {
    const rows = (await output("dpkg-deb", "--contents", path)).trim().split("\n");
    const files = new Map(
      rows.map((row) => row.split(/\s+/)).map(([mode = "", owner, , , , name = ""]) => [name.slice(1), { mode, owner }]),
    );
    expect([...files.values()].filter(({ owner }) => owner !== "root/root")).toEqual([]);
    const modes = Object.fromEntries([...files].map(([name, { mode }]) => [name, mode]));
    expect(modes).toMatchObject({
      "/usr/bin/rockchip-llama": "-rwxr-xr-x",
      "/lib/systemd/system/rockchip-llama.service": "-rw-r--r--",
      "/lib/systemd/system/rockchip-llama-clocks.service": "-rw-r--r--",
      "/usr/lib/sysusers.d/rockchip-llama.conf": "-rw-r--r--",
      "/etc/rockchip-llama/server.json": "-rw-r--r--",
      // API keys may stand in it.
      "/etc/rockchip-llama/environment": "-rw-r-----",
      "/usr/share/bash-completion/completions/rockchip-llama": "-rw-r--r--",
      "/usr/share/zsh/vendor-completions/_rockchip-llama": "-rw-r--r--",
      "/usr/share/fish/vendor_completions.d/rockchip-llama.fish": "-rw-r--r--",
      // What `doctor` ends with, and what pages lead to.
      "/usr/share/doc/rockchip-llama/docs/doctor.md": "-rw-r--r--",
      "/usr/share/doc/rockchip-llama/docs/api/ollama.md": "-rw-r--r--",
      "/usr/share/doc/rockchip-llama/docs/grafana/rockchip-llama.json": "-rw-r--r--",
      "/usr/share/doc/rockchip-llama/copyright": "-rw-r--r--",
      "/usr/share/doc/rockchip-llama/THIRD_PARTY_LICENSES.txt": "-rw-r--r--",
    });
    const conffiles = (await output("dpkg-deb", "--info", path, "conffiles")).trim().split("\n");
    expect(conffiles).toEqual([...files.keys()].filter((name) => name.startsWith("/etc/") && !name.endsWith("/")).toSorted());
  });

  testBuilt("has a changelog in Debian's form, which names at least one change", async () => {
    const place = "./usr/share/doc/rockchip-llama/changelog.gz";
    const text = await output("sh", "-c", 'dpkg-deb --fsys-tarfile "$0" | tar -xO "$1" | gzip -d', path, place);
    expect(text).toMatch(/^rockchip-llama \(.+\) stable; urgency=medium\n\n  \* .+\n\n -- .+ <.+>  .+\n$/);
  });

  const emulated = arch !== process.arch;
  const canRun = !emulated || (arch === "arm64" && EMULATOR !== null && existsSync(ARM64_LIBRARIES));
  const testRunning = test.skipIf(!canRun || !existsSync(path)); // the other processor's runs under Debian's qemu-user-static
  testRunning("holds an executable that says the package's version", async () => {
    const executable = join(temporaryFolder(), "rockchip-llama");
    await output("sh", "-c", 'dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/bin/rockchip-llama >"$1"', path, executable);
    await chmod(executable, 0o755);
    const prefix = emulated ? [EMULATOR ?? "", "-L", ARM64_LIBRARIES] : [];
    expect(await output(...prefix, executable, "version", "--port", "0")).toBe(`${version}\n`);
  });
});

/** What systemd would read in the unit: the values of a key, in their order. */
function valuesIn(unit: string, key: string): string[] {
  return unit.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/** Starts what the installed unit starts, as the user, in the groups and with the variables it names, on a free port. */
async function startUnit(machine: MachineCopy) {
  const { output: unit } = await machine.run("cat", "/lib/systemd/system/rockchip-llama.service");
  const [user = "", folder = "", start = ""] = ["User", "WorkingDirectory", "ExecStart"].map((key) => valuesIn(unit, key).join(" "));
  const groups = valuesIn(unit, "SupplementaryGroups").join(" ").split(" ").join(",");
  const identity = ["--reuid", user, "--regid", user, "--groups", groups, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
  const variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", ...valuesIn(unit, "Environment").flatMap((line) => line.split(" "))];
  const shell = `cd ${folder} && exec ${start} --port 0`;
  return startServer(machine.command("setpriv", ...identity, "env", "-i", ...variables, "sh", "-c", shell));
}

const installable = packageOf(process.arch === "x64" ? "amd64" : process.arch);
const POSTINST = "/var/lib/dpkg/info/rockchip-llama.postinst";
const missing = existsSync(installable) ? machineCopyFault() : "config/deploy/deb/build.sh has not been run";
const testInstalled = test.skipIf(missing !== null || Bun.which("systemd-analyze") === null); // the package, root, overlays and systemd's tools

testInstalled(`a package is installed, serves as its own user, and is purged${missing === null ? "" : ` (${missing})`}`, async () => {
  await using machine = await copyMachine([installable]);
  const installed = await machine.run("dpkg", "--install", `/srv/${basename(installable)}`);
  expect(installed).toEqual({ exitCode: 0, output: expect.stringContaining("Setting up rockchip-llama") });
  const units = ["rockchip-llama.service", "rockchip-llama-clocks.service"];
  // What it says of the units is for systemd-units.test.ts; here it finds their programs.
  const verified = await machine.run("systemd-analyze", "verify", ...units);
  expect(verified).toEqual({ exitCode: 0, output: expect.not.stringContaining("not executable") });
  expect((await machine.run("systemctl", "is-enabled", ...units)).output).toBe("enabled\ndisabled\n");
  expect((await machine.run("id", "-nG", "rockchip-llama")).output.trim().split(" ").toSorted()).toEqual([
    "render",
    "rockchip-llama",
    "video",
  ]);
  // A second configuration, as after an interrupted upgrade, finds everything done.
  expect(await machine.run("env", "DPKG_MAINTSCRIPT_PACKAGE=rockchip-llama", POSTINST, "configure", version)).toEqual({
    exitCode: 0,
    output: "",
  });

  {
    await using server = await startUnit(machine);
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "tiny-chat", temperature: 0, messages: [{ role: "user", content: "Hello" }] }),
    });
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]?.message.content).toMatch(/hello|hi/i);
    // The superuser's command reads the same settings, so its key counts at once.
    const key = (await machine.run("sh", "-c", "cd / && rockchip-llama keys add me 2>/dev/null")).output.trim();
    const asked = async (headers: Record<string, string>) => (await fetch(`${server.url}/v1/models`, { headers })).status;
    expect([await asked({}), await asked({ authorization: `Bearer ${key}` })]).toEqual([401, 200]);
    expect(await server.stop()).toBe(0);
  }

  await machine.run("touch", "/var/lib/rockchip-llama/models/somebody's.gguf");
  expect((await machine.run("dpkg", "--purge", "rockchip-llama")).exitCode).toBe(0);
  const places = "/usr/bin /usr/lib /lib/systemd /etc /usr/share /var/lib /var/cache";
  const left = await machine.run("sh", "-c", `find ${places} -name '*rockchip-llama*' -o -name 'somebody*'`);
  expect(left.output.trim().split("\n")).toEqual(["/var/lib/rockchip-llama", "/var/lib/rockchip-llama/models/somebody's.gguf"]);
});
