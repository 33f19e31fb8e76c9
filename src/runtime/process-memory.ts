/** What Linux says of a process's memory. */
import { readFileSync } from "node:fs";
import type { SlotMemory } from "../core/runtime.ts";

/** null for a process that is gone. */
export function processMemory(pid: number): SlotMemory | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const residentBytes = bytesOf(status, "VmRSS");
    return residentBytes === null ? null : { residentBytes, fileBytes: bytesOf(status, "RssFile") ?? 0 };
  } catch {
    return null;
  }
}

function bytesOf(status: string, name: string): number | null {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
  return match === null ? null : Number(match[1]) * 1024;
}
