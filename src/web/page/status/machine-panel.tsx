/** The NPU, clocks, temperatures and memory, as far as the machine tells. */
import { bytes, short } from "../parts/format.ts";
import { Gauge } from "./gauge.tsx";
import { Panel } from "./panel.tsx";
import type { ServerStatus } from "./server-status.ts";

/** Degrees Celsius that fill the bar; boards slow down before. */
const HOT_C = 100;

/** What the machine says of itself. */
export function MachinePanel({ status: { npu, cpu, temperatures, memory } }: { readonly status: ServerStatus }) {
  const { total_bytes: total, available_bytes: available } = memory;
  return (
    <Panel title="Machine">
      <dl class="gauges">
        <Gauge label="NPU load" value={npu?.load ?? null} text={npu === null ? "no NPU here" : percent(npu.load)} />
        {npu?.cores.map((load, index) => (
          <Gauge key={index} label={`NPU core ${index}`} value={load} text={percent(load)} />
        ))}
        {npu !== null && (
          <Gauge label="NPU clock" value={part(npu.frequency_hz, npu.frequency_max_hz)} text={megahertz(npu.frequency_hz)} />
        )}
        {cpu.map(({ cores, frequency_hz: now, frequency_max_hz: most }) => (
          <Gauge key={cores} label={`Clock of CPU ${cores}`} value={part(now, most)} text={megahertz(now)} />
        ))}
        {temperatures.map(({ sensor, celsius }) => (
          <Gauge key={sensor} label={sensor} value={celsius / HOT_C} text={`${short(celsius)} °C`} />
        ))}
        {total !== null && available !== null && (
          <Gauge label="Memory of the machine" value={1 - available / total} text={`${bytes(available)} of ${bytes(total)} free`} />
        )}
        {memory.hosts_bytes !== null && (
          <Gauge label="Memory of models" value={part(memory.hosts_bytes, total)} text={bytes(memory.hosts_bytes)} />
        )}
        {memory.gateway_bytes !== null && (
          <Gauge label="Memory of the server" value={part(memory.gateway_bytes, total)} text={bytes(memory.gateway_bytes)} />
        )}
      </dl>
    </Panel>
  );
}

function part(value: number | null, whole: number | null): number | null {
  return value === null || whole === null || whole === 0 ? null : value / whole;
}

function percent(load: number | null): string {
  return load === null ? "not told: it needs root" : `${Math.round(load * 100)}%`;
}

function megahertz(hertz: number | null): string {
  return hertz === null ? "not told" : `${Math.round(hertz / 1e6)} MHz`;
}
