/** config/deploy/systemd/rockchip-llama-clocks on a folder laid out like a board's /sys. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SCRIPT = join(import.meta.dir, "../../config/deploy/systemd/rockchip-llama-clocks");
/** An RK3588's: memory, GPU, NPU, and the CPU's three groups of cores. */
const GOVERNORS: Readonly<Record<string, string>> = {
  "class/devfreq/dmc/governor": "dmc_ondemand",
  "class/devfreq/fb000000.gpu/governor": "simple_ondemand",
  "class/devfreq/fdab0000.npu/governor": "rknpu_ondemand",
  "devices/system/cpu/cpufreq/policy0/scaling_governor": "schedutil",
  "devices/system/cpu/cpufreq/policy4/scaling_governor": "ondemand",
  "devices/system/cpu/cpufreq/policy6/scaling_governor": "ondemand",
};

async function board() {
  const folder = temporaryFolder();
  for (const [path, governor] of Object.entries(GOVERNORS)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await Bun.write(join(folder, path), `${governor}\n`);
  }
  const state = join(temporaryFolder(), "clocks");
  const run = (...args: readonly string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(["sh", SCRIPT, ...args], {
      env: { PATH: process.env["PATH"], SYSFS: folder, STATE: state },
    });
    return { exitCode, errors: stderr.toString() };
  };
  const governors = () => Object.fromEntries(Object.keys(GOVERNORS).map((path) => [path, readFileSync(join(folder, path), "utf8").trim()]));
  return { folder, state, run, governors };
}

test("every clock goes to its top, and back to what it was", async () => {
  const { run, governors, state } = await board();
  expect(run("fix")).toEqual({ exitCode: 0, errors: "" });
  expect(new Set(Object.values(governors()))).toEqual(new Set(["performance"]));
  expect(run("restore")).toEqual({ exitCode: 0, errors: "" });
  expect(governors()).toEqual(GOVERNORS);
  expect(existsSync(state)).toBe(false);
});

test("fixing twice does not forget what the clocks were before", async () => {
  const { run, governors } = await board();
  run("fix");
  expect(run("fix")).toEqual({ exitCode: 0, errors: "" });
  run("restore");
  expect(governors()).toEqual(GOVERNORS);
});

test("restoring what was never fixed changes nothing", async () => {
  const { run, governors } = await board();
  expect(run("restore")).toEqual({ exitCode: 0, errors: "" });
  expect(governors()).toEqual(GOVERNORS);
});

test("a machine without such clocks is told", () => {
  const { exitCode, stderr } = Bun.spawnSync(["sh", SCRIPT, "fix"], {
    env: { PATH: process.env["PATH"], SYSFS: temporaryFolder(), STATE: join(temporaryFolder(), "clocks") },
  });
  expect({ exitCode, errors: stderr.toString() }).toEqual({ exitCode: 1, errors: expect.stringContaining("no clock to fix") });
});
