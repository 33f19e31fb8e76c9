/** What the machine shows of its NPU, its clocks, its temperatures and its memory; a machine that shows nothing has nulls. */
import { type Memory, readMemory } from "../doctor/machine.ts";
import type { Root } from "../doctor/root.ts";

/** The NPU. It has no memory of its own: what models take there is in that of their hosts. */
export interface NpuReading {
  readonly frequencyHz: number | null;
  readonly frequencyMaxHz: number | null;
  /** 0 to 1; the mean of the cores where these are known. */
  readonly load: number | null;
  /** Of each core, 0 to 1; empty where only the whole is known, or nothing. */
  readonly cores: readonly number[];
}

/** One sensor. */
export interface TemperatureReading {
  /** What the kernel calls it: `npu-thermal`. Unique. */
  readonly sensor: string;
  readonly celsius: number;
}

/** CPU cores that share a clock. */
export interface CpuClockReading {
  /** Their numbers: `4 5`. */
  readonly cores: string;
  readonly frequencyHz: number | null;
  readonly frequencyMaxHz: number | null;
}

/** All of it. */
export interface MachineReading {
  /** null where there is no NPU of Rockchip's. */
  readonly npu: NpuReading | null;
  readonly temperatures: readonly TemperatureReading[];
  readonly cpu: readonly CpuClockReading[];
  readonly memory: Memory | null;
}

const DEVFREQ = "/sys/class/devfreq";
const CPUFREQ = "/sys/devices/system/cpu/cpufreq";
const THERMAL = "/sys/class/thermal";
/** Of the vendor's driver: `NPU load:  Core0: 74%, Core1:  0%, Core2:  0%,`, or with one core `NPU load:  74%`. The first is the superuser's alone. */
const LOAD_PATHS = ["/sys/kernel/debug/rknpu/load", "/proc/rknpu/load"];

/** Reads it. Some files, so some hundred microseconds. */
export function readMachine(root: Root): MachineReading {
  return { npu: readNpu(root), temperatures: readTemperatures(root), cpu: readCpuClocks(root), memory: readMemory(root) };
}

function readNpu(root: Root): NpuReading | null {
  const cores = loadPercents(root);
  const device = root.names(DEVFREQ).find((name) => name.endsWith(".npu"));
  if (device === undefined && cores.length === 0) return null;
  const path = `${DEVFREQ}/${device ?? "none"}`;
  // `37@1000000000Hz`: what its governor goes by.
  const whole = /^(\d+)@/.exec(root.text(`${path}/load`) ?? "")?.[1];
  const known = cores.length > 0 ? cores : whole === undefined ? [] : [Number(whole)];
  const load = known.length === 0 ? null : known.reduce((sum, percent) => sum + percent, 0) / known.length / 100;
  return {
    frequencyHz: root.number(`${path}/cur_freq`),
    frequencyMaxHz: root.number(`${path}/max_freq`),
    load,
    cores: cores.length > 1 ? cores.map((percent) => percent / 100) : [],
  };
}

function loadPercents(root: Root): number[] {
  for (const path of LOAD_PATHS) {
    const percents = [...(root.text(path) ?? "").matchAll(/(\d+)%/g)].map((match) => Number(match[1]));
    if (percents.length > 0) return percents;
  }
  return [];
}

function readTemperatures(root: Root): TemperatureReading[] {
  const seen = new Set<string>();
  const zones = root.names(THERMAL).filter((name) => name.startsWith("thermal_zone"));
  return zones.flatMap((zone) => {
    const thousandths = root.number(`${THERMAL}/${zone}/temp`);
    if (thousandths === null) return [];
    const type = root.text(`${THERMAL}/${zone}/type`) ?? zone;
    const sensor = seen.has(type) ? `${type} ${zone.slice("thermal_zone".length)}` : type;
    seen.add(sensor);
    return [{ sensor, celsius: thousandths / 1000 }];
  });
}

function readCpuClocks(root: Root): CpuClockReading[] {
  const policies = root.names(CPUFREQ).filter((name) => name.startsWith("policy"));
  return policies.map((name) => ({
    cores: root.text(`${CPUFREQ}/${name}/related_cpus`) ?? name,
    frequencyHz: hertz(root.number(`${CPUFREQ}/${name}/scaling_cur_freq`)),
    frequencyMaxHz: hertz(root.number(`${CPUFREQ}/${name}/cpuinfo_max_freq`)),
  }));
}

function hertz(kilohertz: number | null): number | null {
  return kilohertz === null ? null : kilohertz * 1000;
}
