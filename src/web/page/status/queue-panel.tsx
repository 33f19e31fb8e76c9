/** Who waits, and for what. */
import { Panel } from "./panel.tsx";
import type { ServerStatus } from "./server-status.ts";

/** Counts, and the models they belong to. */
export function QueuePanel({ status: { queue } }: { readonly status: ServerStatus }) {
  return (
    <Panel title="Queue">
      <p>
        {queue.running} running, {queue.waiting} waiting
      </p>
      {queue.models.length > 0 && (
        <ul class="rows">
          {queue.models.map(({ id, running, waiting }) => (
            <li key={id}>
              {id}: {running} running, {waiting} waiting
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
