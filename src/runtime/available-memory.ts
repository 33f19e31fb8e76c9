/** How much memory the system, or the container the program runs in, has to give. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where Linux shows the limits of a container (cgroup v2). */
const CONTAINER_FOLDER = "/sys/fs/cgroup";

/** Bytes that programs may still take. */
export function availableMemory(): number {
  return Math.min(process.availableMemory(), containerRoom(CONTAINER_FOLDER));
}

/** What is left of a container's limit; Infinity where there is none. Pages of files that nobody uses now count as free: they are given back. */
export function containerRoom(folder: string): number {
  try {
    const read = (name: string): string => readFileSync(join(folder, name), "utf8").trim();
    const limit = Number(read("memory.max"));
    const inactive = Number(/^inactive_file (\d+)$/m.exec(read("memory.stat"))?.[1] ?? 0);
    const room = limit - Number(read("memory.current")) + inactive;
    return Number.isFinite(room) ? Math.max(0, room) : Infinity;
  } catch {
    return Infinity;
  }
}
