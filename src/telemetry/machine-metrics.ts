/** Gauges of the machine, set when somebody asks. What the machine does not show has no series. */
import { Gauge, type Registry } from "./prometheus.ts";
import type { MachineReading } from "./machine.ts";

/** Registers them. */
export class MachineMetrics {
  private readonly registers: Registry[];
  private readonly npuLoad;
  private readonly npuCoreLoad;
  private readonly npuFrequency;
  private readonly npuFrequencyMax;
  private readonly cpuFrequency;
  private readonly temperature;
  private readonly memoryTotal;
  private readonly memoryAvailable;

  constructor(registers: Registry[]) {
    this.registers = registers;
    this.npuLoad = this.gauge("npu_load_ratio", "Load of the NPU, 0 to 1: the mean of its cores.", []);
    this.npuCoreLoad = this.gauge("npu_core_load_ratio", "Load of each core of the NPU, 0 to 1.", ["core"]);
    this.npuFrequency = this.gauge("npu_frequency_hertz", "Clock of the NPU now.", []);
    this.npuFrequencyMax = this.gauge("npu_frequency_max_hertz", "Clock that the NPU may have now.", []);
    this.cpuFrequency = this.gauge("cpu_frequency_hertz", "Clock of CPU cores that share one.", ["cores"]);
    this.temperature = this.gauge("temperature_celsius", "What the machine's sensors show.", ["sensor"]);
    this.memoryTotal = this.gauge("machine_memory_bytes", "Memory of the machine, or of the container.", []);
    this.memoryAvailable = this.gauge("machine_memory_available_bytes", "Memory that is to be had.", []);
  }

  set({ npu, temperatures, cpu, memory }: MachineReading): void {
    setOrLeave(this.npuLoad, npu?.load);
    setOrLeave(this.npuFrequency, npu?.frequencyHz);
    setOrLeave(this.npuFrequencyMax, npu?.frequencyMaxHz);
    setOrLeave(this.memoryTotal, memory?.totalBytes);
    setOrLeave(this.memoryAvailable, memory?.availableBytes);
    for (const each of [this.npuCoreLoad, this.cpuFrequency, this.temperature]) each.reset();
    for (const [core, load] of (npu?.cores ?? []).entries()) this.npuCoreLoad.set({ core: String(core) }, load);
    for (const { cores, frequencyHz } of cpu) if (frequencyHz !== null) this.cpuFrequency.set({ cores }, frequencyHz);
    for (const { sensor, celsius } of temperatures) this.temperature.set({ sensor }, celsius);
  }

  private gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `rockchip_llama_${name}`, help, labelNames, registers: this.registers });
  }
}

/** A gauge without labels is 0 until it is told; one that nothing is known of must not be. */
function setOrLeave(gauge: Gauge<never>, value: number | null | undefined): void {
  if (value === null || value === undefined) gauge.remove();
  else gauge.set(value);
}
