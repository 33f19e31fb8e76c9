/** How the server is doing. */
import { count, span } from "../parts/format.ts";
import { CachePanel } from "./cache-panel.tsx";
import { DoctorPanel } from "./doctor-panel.tsx";
import { ErrorsPanel } from "./errors-panel.tsx";
import { MachinePanel } from "./machine-panel.tsx";
import { ModelsPanel } from "./models-panel.tsx";
import { PullPanel } from "./pull-panel.tsx";
import { QueuePanel } from "./queue-panel.tsx";
import { refreshStatus, type ServerStatus, serverStatus, statusFault, useServerStatus } from "./server-status.ts";
import { ThroughputPanel } from "./throughput-panel.tsx";

/** The whole view. */
export function StatusView() {
  useServerStatus();
  const status = serverStatus.value;
  return (
    <main class="status" id="main" tabIndex={-1}>
      <h1>Status</h1>
      {statusFault.value !== null && (
        <div class="fault" role="alert">
          <p>{statusFault}</p>
          <button type="button" class="quiet" onClick={() => void refreshStatus()}>
            Try again
          </button>
        </div>
      )}
      {status !== null && <Summary status={status} />}
      <div class="panels">
        <ModelsPanel />
        <PullPanel />
        {status !== null && (
          <>
            <ThroughputPanel status={status} />
            <div class="column">
              <QueuePanel status={status} />
              <DoctorPanel status={status} />
              <ErrorsPanel status={status} />
            </div>
            <div class="column">
              <MachinePanel status={status} />
              <CachePanel status={status} />
            </div>
          </>
        )}
      </div>
    </main>
  );
}

function Summary({ status: { version, uptime_s: uptimeS, draining, totals } }: { readonly status: ServerStatus }) {
  return (
    <p class="summary">
      Version {version}, up for {span(uptimeS)}. {count(totals.requests)} answers, {count(totals.failed)} failed;{" "}
      {count(totals.prompt_tokens)} tokens read, {count(totals.cached_tokens)} of them from the cache, {count(totals.generated_tokens)}{" "}
      written.
      {draining && <strong> It has been told to stop and takes nothing on any more.</strong>}
    </p>
  );
}
