/** What processes take of the machine, by /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Processor time of all threads of the processes so far, microseconds. Threads that have ended are not in it. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + threadsOf(pid).reduce((own, ns) => own + ns, 0), 0) / 1000;
}

function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      return 0; // It has ended meanwhile.
    }
  });
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  return statusMb(pid, "VmRSS");
}

function statusMb(pid: number, key: string): number {
  const kib = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** Share of the machine's processor time that was in use over a second: what else it does before anything is measured. */
export async function busyShare(): Promise<number> {
  const before = processorTicks();
  await Bun.sleep(1000);
  const after = processorTicks();
  return (after.busy - before.busy) / Math.max(after.total - before.total, 1);
}

/** Of all cores since the start of the machine: user, nice, system, idle, waiting for disks, and interrupts. */
function processorTicks(): { readonly busy: number; readonly total: number } {
  const ticks = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").trim().split(/\s+/).slice(1).map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  const total = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { busy: total - idle - waiting, total };
}
