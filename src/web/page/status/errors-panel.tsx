/** What went wrong last. */
import { Panel } from "./panel.tsx";
import type { ServerStatus } from "./server-status.ts";

/** The newest first. */
export function ErrorsPanel({ status: { errors } }: { readonly status: ServerStatus }) {
  return (
    <Panel title="Last errors">
      {errors.length === 0 && <p class="hint">None since the server started.</p>}
      <ul class="rows errors">
        {errors.map((error) => (
          <li key={`${error.time}-${error.request_id}`}>
            <p>{error.message}</p>
            <p class="hint">
              {new Date(error.time).toLocaleString()} · {error.code} · status {error.status}
              {error.model !== null && ` · ${error.model}`} · request {error.request_id}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
