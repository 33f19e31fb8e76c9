/** Memory, limits, clocks, temperatures and folders. */
import { describe, expect, test } from "bun:test";
import { clockFindings } from "../../../src/doctor/clocks.ts";
import { type Folders, folderFindings } from "../../../src/doctor/folders.ts";
import { machineFindings, readMemory } from "../../../src/doctor/machine.ts";
import type { Root } from "../../../src/doctor/root.ts";
import { type Files, LAPTOP, machineOf, RK3588 } from "../../support/fake-machine.ts";

const machine = (files: Files) => machineFindings(machineOf({ ...RK3588, ...files }));
const clocks = (files: Files) => clockFindings(machineOf({ ...RK3588, ...files }));

describe("memory", () => {
  test("that is short, and swap that is used, are warnings", () => {
    const meminfo = "MemTotal: 4000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 1000000 kB\nSwapFree: 100000 kB\n";
    const findings = machine({ "/proc/meminfo": meminfo }).filter(({ level }) => level === "warning");
    expect(findings).toEqual([
      {
        check: "memory",
        level: "warning",
        text: "512 MB of 4.1 GB of memory are available: that is little for a language model.",
        fix: "ps -eo rss,comm --sort=-rss | head",
      },
      {
        check: "swap",
        level: "warning",
        text: "922 MB of 1.0 GB of swap are used: memory is short, and whatever is swapped out is slow.",
        fix: "rockchip-llama serve --models-loaded-max 1",
      },
    ]);
  });

  test("of a container is what its limit leaves", () => {
    const limit = { "/sys/fs/cgroup/memory.max": "2000000000\n", "/sys/fs/cgroup/memory.current": "500000000\n" };
    expect(readMemory(machineOf({ ...LAPTOP, ...limit }))).toEqual({ totalBytes: 2_000_000_000, availableBytes: 1_500_000_000 });
    expect(readMemory(machineOf({ ...LAPTOP, "/sys/fs/cgroup/memory.max": "max\n" }))?.totalBytes).toBe(16 * 1024 ** 3);
  });
});

test("few open files are a warning", () => {
  const limits = "Max open files            1024                 1024                 files\n";
  expect(machine({ "/proc/self/limits": limits }).find(({ check }) => check === "open-files")).toMatchObject({ level: "warning" });
});

test("a processor without what the CPU runtime is fast with is a warning", () => {
  const [cpu] = machine({ "/proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd\n" });
  expect(cpu).toMatchObject({ check: "cpu", level: "warning" });
});

describe("clocks", () => {
  const DEVFREQ = "/sys/class/devfreq/fdab0000.npu";
  const POLICY = "/sys/devices/system/cpu/cpufreq/policy4";

  test("of an NPU that is held back are a warning with the command that lets go", () => {
    expect(clocks({ [`${DEVFREQ}/max_freq`]: "600000000\n" })[0]).toEqual({
      check: "npu-clock",
      level: "warning",
      text: "The NPU's clock is governed by rknpu_ondemand and held below 600 of 1000 MHz.",
      fix: `echo 1000000000 | sudo tee ${DEVFREQ}/max_freq`,
    });
    expect(clocks({ [`${DEVFREQ}/governor`]: "powersave\n" })[0]).toMatchObject({
      level: "warning",
      fix: `echo performance | sudo tee ${DEVFREQ}/governor`,
    });
  });

  test("of a CPU that is held back are a warning with the command that lets go", () => {
    expect(clocks({ [`${POLICY}/scaling_max_freq`]: "1200000\n" })[1]).toEqual({
      check: "cpu-clock",
      level: "warning",
      text: "The CPU cores 4 5 are held below 1200 of 2256 MHz.",
      fix: `echo 2256000 | sudo tee ${POLICY}/scaling_max_freq`,
    });
    expect(clocks({ [`${POLICY}/scaling_governor`]: "powersave\n" })[1]).toMatchObject({ check: "cpu-clock", level: "warning" });
  });

  test("are lowered from the first passive trip point on, which is a warning", () => {
    expect(clocks({ "/sys/class/thermal/thermal_zone0/temp": "81500\n" }).at(-1)).toEqual({
      check: "temperature",
      level: "warning",
      text: "The sensor soc-thermal shows 82 °C, and from 75 °C on the clocks are lowered: it needs cooling.",
      fix: "watch cat /sys/class/thermal/thermal_zone0/temp",
    });
  });
});

describe("folders", () => {
  const folders = { modelsDirs: ["/models"], cacheDir: "/cache/rockchip-llama", unpacks: false };
  const examined = (root: Root, given: Folders, user = "pi", container: string | null = null) =>
    folderFindings(root, given, { user, board: { container } });
  const closed = (path: string, files: Files = {}) => machineOf({ ...LAPTOP, [`${path}/x`]: "", ...files }, [path]);
  /** Whom this machine's files belong to. */
  const users = (name: string): Files => ({ "/etc/passwd": `nobody:x:65534:65534\n${name}:x:${process.getuid?.() ?? 0}:0\n` });

  test("of models that are not there are made by the command", () => {
    expect(examined(machineOf(LAPTOP), { ...folders, modelsDirs: ["/none"] })[0]).toEqual({
      check: "models-dir",
      level: "warning",
      text: "There is no folder /none for models.",
      fix: "mkdir -p /none",
    });
  });

  test("of models that are files are a failure", () => {
    expect(examined(machineOf(LAPTOP), { ...folders, modelsDirs: ["/models/readme"] })[0]).toMatchObject({
      level: "failure",
      fix: "ls -ld /models/readme",
    });
  });

  test("for the cache that cannot be made are a failure", () => {
    expect(examined(machineOf(LAPTOP, ["/cache"]), folders)[1]).toEqual({
      check: "cache-dir",
      level: "failure",
      text: "The cache folder /cache/rockchip-llama cannot be made: /cache cannot be written to.",
      fix: 'sudo install -d -o "$(id -un)" /cache/rockchip-llama',
    });
  });

  test.each([
    ["another user's are left to that user", users("rockchip-llama"), null, "sudo -u rockchip-llama rockchip-llama doctor"],
    ["one's own are opened", users("pi"), null, "chmod u+rwx /cache/rockchip-llama"],
    ["the superuser's are given to whom they serve", users("root"), null, 'sudo chown -R "$(id -un)" /cache/rockchip-llama'],
    ["a user's without a name are left to that user, too", {}, null, `sudo -u "#${process.getuid?.() ?? 0}" rockchip-llama doctor`],
    [
      "a container's are opened on the host",
      {},
      "Docker",
      "sudo chown pi <the folder of the host that is mounted on /cache/rockchip-llama>",
    ],
    [
      "read-only are shown",
      { "/proc/self/mounts": "/dev/root / ext4 rw 0 0\ntmpfs /cache tmpfs ro,nosuid 0 0\n" },
      null,
      "findmnt --target /cache/rockchip-llama   # it is mounted read-only",
    ],
  ])("for the cache that are %s", (_, files, container, fix) => {
    expect(examined(closed("/cache/rockchip-llama", files), folders, "pi", container)[1]).toEqual({
      check: "cache-dir",
      level: "failure",
      text: "This user cannot write to the cache folder /cache/rockchip-llama.",
      fix,
    });
  });

  test("of models that cannot be written to are a warning, as nothing can be pulled", () => {
    expect(examined(closed("/models", users("rockchip-llama")), folders)[0]).toEqual({
      check: "models-dir",
      level: "warning",
      text: "Models are looked for in /models, which this user cannot write to: none can be pulled.",
      fix: "sudo -u rockchip-llama rockchip-llama doctor",
    });
  });

  test("for the cache on a mount with noexec stop a program that unpacks its libraries, and warn one that does not", () => {
    const root = machineOf({ ...LAPTOP, "/proc/self/mounts": "/dev/root / ext4 rw 0 0\ntmpfs /cache tmpfs rw,noexec,nosuid 0 0\n" });
    expect([true, false].map((unpacks) => examined(root, { ...folders, unpacks })[2])).toMatchObject([
      { check: "cache-noexec", level: "failure" },
      { check: "cache-noexec", level: "warning" },
    ]);
    expect(examined(machineOf(LAPTOP), folders)).toHaveLength(2);
  });
});
