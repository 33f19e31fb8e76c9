/**
 * `bun run bench`: measures the program and writes bench/reports/<day>-<processor>-<kernel>.json. It wants a quiet machine.
 * The executable is measured where `bun run build` has made it, real models where models/ has them.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../tests/support/server-process.ts";
import { writeTinyGguf } from "../tests/support/tiny-gguf.ts";
import { measureGeneration } from "./generation.ts";
import { machineFacts } from "./machine.ts";
import { meetsAim, type Measurement } from "./measurement.ts";
import { measureRequests } from "./requests.ts";
import { measureStartup } from "./startup.ts";

const ROOT = join(import.meta.dir, "..");
const REPORTS = join(import.meta.dir, "reports");
const EXECUTABLE = join(ROOT, `dist/rockchip-llama-linux-${process.arch}`);
/** Bun itself is most of it; the built-in model takes 3.7 MB. */
const EXECUTABLE_MB_MAX = 123;
const REAL_MODEL = join(ROOT, "models/smollm2-135m-instruct");

async function measureAll(folder: string): Promise<Measurement[]> {
  const sources = [process.execPath, join(ROOT, "src/main.ts")];
  const program = existsSync(EXECUTABLE) ? [EXECUTABLE] : sources;
  const empty = join(folder, "empty");
  const models = join(folder, "models");
  await mkdir(empty);
  await mkdir(models);
  writeTinyGguf(join(models, "tiny.gguf"));
  if (existsSync(REAL_MODEL)) await symlink(REAL_MODEL, join(models, "smollm2"));
  const measurements = [...(await measureStartup("sources", sources, empty)), ...(await executableSizes())];
  if (program !== sources) measurements.push(...(await measureStartup("executable", program, empty)));
  const flags = ["--port", "0", "--models-dir", models, "--cache-dir", join(folder, "cache"), "--log-level", "error"];
  await using server = await startServer([...program, "serve", ...flags], { cwd: folder });
  measurements.push(...(await measureRequests(server.url)));
  const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
  for (const { id } of data) measurements.push(...(await measureGeneration(server.url, id)));
  return measurements;
}

async function executableSizes(): Promise<Measurement[]> {
  const names = existsSync(join(ROOT, "dist"))
    ? (await readdir(join(ROOT, "dist"))).filter((name) => name.startsWith("rockchip-llama-"))
    : [];
  return names.map((name) => ({
    name: `size of ${name}`,
    value: Bun.file(join(ROOT, "dist", name)).size / 1e6,
    unit: "MB",
    aimMax: EXECUTABLE_MB_MAX,
  }));
}

function line(measurement: Measurement): string {
  const { name, value, unit, aimMax, aimMin } = measurement;
  const met = meetsAim(measurement);
  const aim = met === null ? "" : `  (aim ${aimMax ?? aimMin ?? ""}: ${met ? "met" : "MISSED"})`;
  return `${name.padEnd(64)}${value.toFixed(1).padStart(10)} ${unit}${aim}`;
}

const folder = await mkdtemp(join(tmpdir(), "bench-"));
try {
  const machine = machineFacts();
  const measurements = await measureAll(folder);
  const day = new Date().toISOString().slice(0, 10);
  await mkdir(REPORTS, { recursive: true });
  const report = join(REPORTS, `${day}-${`${machine.cpu}-${machine.kernel}`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-")}.json`);
  await Bun.write(report, `${JSON.stringify({ day, machine, measurements }, null, 2)}\n`);
  console.log(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}\n`);
  for (const measurement of measurements) console.log(line(measurement));
} finally {
  await rm(folder, { recursive: true, force: true });
}
