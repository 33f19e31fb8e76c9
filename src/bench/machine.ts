/** What a report says about the machine it was made on: enough to compare by, nothing that names it. */
import { arch, availableParallelism, cpus, release, totalmem } from "node:os";

/** Facts that explain a number. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly arch: string;
  readonly bun: string;
}

/** The machine this process runs on. */
export function machineFacts(): MachineFacts {
  return {
    // Device-tree machines do not name their processor here; the kernel and the architecture have to do.
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    arch: arch(),
    bun: Bun.version,
  };
}
