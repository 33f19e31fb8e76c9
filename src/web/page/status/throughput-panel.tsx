/** How fast answers have been made lately. */
import { Panel } from "./panel.tsx";
import { Plot } from "./plot.tsx";
import type { ServerStatus } from "./server-status.ts";

/** Three plots of the last minutes. */
export function ThroughputPanel({ status }: { readonly status: ServerStatus }) {
  // The last one is still being filled.
  const samples = status.throughput.samples.slice(0, -1);
  const times = samples.map(({ time }) => time);
  return (
    <Panel title="Speed">
      <div class="plots">
        <Plot title="Written" unit="tokens per second" times={times} values={samples.map((sample) => sample.tokens_per_s)} />
        <Plot title="Read" unit="prompt tokens per second" times={times} values={samples.map((sample) => sample.prompt_tokens_per_s)} />
        <Plot title="Time to the first token" unit="seconds" times={times} values={samples.map((sample) => sample.ttft_s)} />
      </div>
    </Panel>
  );
}
