/** Processor, memory and limits. */
import { formatBytes } from "../core/byte-size.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** What the CPU runtime has faster code for, by the names of /proc/cpuinfo. */
const CPU_FEATURES: Readonly<Record<string, string>> = {
  asimddp: "dot products",
  i8mm: "8-bit matrices",
  sve: "SVE",
  avx2: "AVX2",
  avx512f: "AVX-512",
};

/** Below this hardly any language model loads. */
const AVAILABLE_BYTES_MIN = 1e9;
/** Swap that is used so far is slow memory, not spare memory. */
const SWAP_SHARE_MAX = 0.5;
/** The closed library opens many files for each model; its own demo sets 102,400. */
const FILES_MIN = 4096;

/** Memory of the machine, or of the container where that has less; bytes. */
export interface Memory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** null where the machine does not say. */
export function readMemory(root: Root): Memory | null {
  const facts = root.text("/proc/meminfo") ?? "";
  const totalBytes = meminfo(facts, "MemTotal");
  const availableBytes = meminfo(facts, "MemAvailable");
  if (totalBytes === null || availableBytes === null) return null;
  // "max" where there is no limit.
  const limit = root.number("/sys/fs/cgroup/memory.max");
  if (limit === null || limit >= totalBytes) return { totalBytes, availableBytes };
  const used = root.number("/sys/fs/cgroup/memory.current") ?? 0;
  return { totalBytes: limit, availableBytes: Math.min(availableBytes, limit - used) };
}

/** The machine's section. */
export function machineFindings(root: Root): Finding[] {
  return [cpuFinding(root), ...memoryFinding(root), ...swapFinding(root), ...filesFinding(root)];
}

function cpuFinding(root: Root): Finding {
  const facts = root.text("/proc/cpuinfo") ?? "";
  const count = facts.match(/^processor\s*:/gm)?.length ?? 0;
  const flags = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(facts)?.[1] ?? "").split(" "));
  const known = Object.entries(CPU_FEATURES).flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
  const cores = `${count} CPU ${count === 1 ? "core" : "cores"}`;
  if (known.length > 0) return ok("cpu", `${cores}, with ${known.join(" and ")} for the CPU runtime.`);
  return warning(
    "cpu",
    `${cores}, without what makes the CPU runtime fast: .gguf models will be slow.`,
    "grep -m1 -E 'flags|Features' /proc/cpuinfo",
  );
}

function memoryFinding(root: Root): Finding[] {
  const memory = readMemory(root);
  if (memory === null) return [];
  const text = `${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} of memory are available`;
  if (memory.availableBytes >= AVAILABLE_BYTES_MIN) return [ok("memory", `${text}.`)];
  return [warning("memory", `${text}: that is little for a language model.`, "ps -eo rss,comm --sort=-rss | head")];
}

function swapFinding(root: Root): Finding[] {
  const facts = root.text("/proc/meminfo") ?? "";
  const total = meminfo(facts, "SwapTotal");
  const free = meminfo(facts, "SwapFree");
  if (total === null || free === null) return [];
  if (total === 0) return [ok("swap", "There is no swap; what the NPU uses could not be swapped out anyway.")];
  const used = total - free;
  const text = `${formatBytes(used)} of ${formatBytes(total)} of swap are used`;
  if (used <= total * SWAP_SHARE_MAX) return [ok("swap", `${text}.`)];
  return [warning("swap", `${text}: memory is short, and whatever is swapped out is slow.`, "rockchip-llama serve --models-loaded-max 1")];
}

/** The server raises the soft limit to the hard one by itself. */
function filesFinding(root: Root): Finding[] {
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(root.text("/proc/self/limits") ?? "")?.[1];
  if (hard === undefined) return [];
  if (hard === "unlimited" || Number(hard) >= FILES_MIN)
    return [ok("open-files", `A process may open ${hard === "unlimited" ? "any number of" : hard} files.`)];
  const text = `A process may open only ${hard} files, and the runtime library opens many ("Too many open files").`;
  return [warning("open-files", text, "sudo prlimit --pid $$ --nofile=65536   # for good: LimitNOFILE=65536 in the unit file")];
}

function meminfo(facts: string, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(facts)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}
