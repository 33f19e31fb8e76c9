/** How long the server takes to listen, and how much memory it then holds, before any model is loaded. */
import { readFile } from "node:fs/promises";
import { startServer } from "../tests/support/server-process.ts";
import { type Measurement, median } from "./measurement.ts";

const RUNS = 7;
const LISTENING_MS_MAX = 150;
const IDLE_MB_MAX = 90;

/** `label` says which program `command` starts: the executable or the sources. */
export async function measureStartup(label: string, command: readonly string[], folder: string): Promise<Measurement[]> {
  const startMs: number[] = [];
  const idleMb: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const before = performance.now();
    await using server = await startServer([...command, "serve", "--port", "0", "--models-dir", folder, "--cache-dir", folder], {
      cwd: folder,
    });
    startMs.push(performance.now() - before);
    idleMb.push(await residentMb(server.pid));
  }
  return [
    { name: `${label}: start to listening`, value: median(startMs), unit: "ms", aimMax: LISTENING_MS_MAX },
    { name: `${label}: resident memory, idle`, value: median(idleMb), unit: "MB", aimMax: IDLE_MB_MAX },
  ];
}

async function residentMb(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}
