/** How fast the NPU and the CPU may run just now. */
import { type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

const DEVFREQ = "/sys/class/devfreq";
const CPUFREQ = "/sys/devices/system/cpu/cpufreq";
const THERMAL = "/sys/class/thermal";

/** With these the processor chooses its clock itself, and powersave is what they call that. */
const SELF_GOVERNED = ["intel_pstate", "amd-pstate-epp"];

/** Where a zone has no trip point of its own, degrees Celsius in thousandths; boards of Rockchip's slow down from 75 to 95. */
const HOT = 85_000;

/** The speed's section. */
export function clockFindings(root: Root): Finding[] {
  return [...npuFindings(root), ...cpuFindings(root), ...thermalFindings(root)];
}

function npuFindings(root: Root): Finding[] {
  const names = root.names(DEVFREQ).filter((name) => name.endsWith(".npu"));
  return names.map((name) => {
    const path = `${DEVFREQ}/${name}`;
    const governor = root.text(`${path}/governor`) ?? "unknown";
    const steps = (root.text(`${path}/available_frequencies`) ?? "").split(/\s+/).filter(Boolean).map(Number);
    const limit = root.number(`${path}/max_freq`);
    const top = Math.max(...steps, limit ?? 0);
    const said = `The NPU's clock is governed by ${governor}`;
    if (limit !== null && limit < top) {
      return warning(
        "npu-clock",
        `${said} and held below ${mhz(limit, 1)} of ${mhz(top, 1)} MHz.`,
        `echo ${top} | sudo tee ${path}/max_freq`,
      );
    }
    if (governor === "powersave")
      return warning("npu-clock", `${said}: it runs at its slowest.`, `echo performance | sudo tee ${path}/governor`);
    return ok("npu-clock", `${said}, up to ${mhz(top, 1)} MHz.`);
  });
}

function cpuFindings(root: Root): Finding[] {
  const policies = root.names(CPUFREQ).filter((name) => name.startsWith("policy"));
  const findings = policies.flatMap((name) => {
    const path = `${CPUFREQ}/${name}`;
    const limit = root.number(`${path}/scaling_max_freq`);
    const top = root.number(`${path}/cpuinfo_max_freq`);
    const cores = `The CPU cores ${root.text(`${path}/related_cpus`) ?? name}`;
    if (root.text(`${path}/scaling_governor`) === "powersave" && !SELF_GOVERNED.includes(root.text(`${path}/scaling_driver`) ?? "")) {
      return [warning("cpu-clock", `${cores} run at their slowest (powersave).`, `echo schedutil | sudo tee ${path}/scaling_governor`)];
    }
    if (limit === null || top === null || limit >= top) return [];
    const text = `${cores} are held below ${mhz(limit, 1000)} of ${mhz(top, 1000)} MHz.`;
    return [warning("cpu-clock", text, `echo ${top} | sudo tee ${path}/scaling_max_freq`)];
  });
  if (policies.length === 0 || findings.length > 0) return findings;
  const governors = new Set(policies.map((name) => root.text(`${CPUFREQ}/${name}/scaling_governor`) ?? "unknown"));
  return [ok("cpu-clock", `The CPU's clock is governed by ${[...governors].join(" and ")}.`)];
}

function thermalFindings(root: Root): Finding[] {
  const zones = root.names(THERMAL).filter((name) => name.startsWith("thermal_zone"));
  const read = zones.flatMap((name) => {
    const temperature = root.number(`${THERMAL}/${name}/temp`);
    return temperature === null
      ? []
      : [{ name, temperature, limit: limitOf(root, name), type: root.text(`${THERMAL}/${name}/type`) ?? name }];
  });
  const [hottest] = read.toSorted((a, b) => b.temperature - a.temperature);
  if (hottest === undefined) return [];
  const hot = read.filter(({ temperature, limit }) => temperature >= limit);
  if (hot.length === 0) return [ok("temperature", `The hottest sensor, ${hottest.type}, shows ${celsius(hottest.temperature)}.`)];
  return hot.map(({ name, type, temperature, limit }) =>
    warning(
      "temperature",
      `The sensor ${type} shows ${celsius(temperature)}, and from ${celsius(limit)} on the clocks are lowered: it needs cooling.`,
      `watch cat ${THERMAL}/${name}/temp`,
    ),
  );
}

/** The lowest temperature at which the kernel slows something down. */
function limitOf(root: Root, zone: string): number {
  const path = `${THERMAL}/${zone}`;
  const trips = root.names(path).flatMap((name) => /^trip_point_(\d+)_type$/.exec(name)?.[1] ?? []);
  const passive = trips.filter((trip) => root.text(`${path}/trip_point_${trip}_type`) === "passive");
  const limits = passive.flatMap((trip) => root.number(`${path}/trip_point_${trip}_temp`) ?? []).filter((limit) => limit > 0);
  return limits.length === 0 ? HOT : Math.min(...limits);
}

function celsius(thousandths: number): string {
  return `${Math.round(thousandths / 1000)} °C`;
}

/** @param hertz What the frequency counts: 1 for Hz, 1000 for kHz. */
function mhz(frequency: number, hertz: number): number {
  return Math.round((frequency * hertz) / 1e6);
}
