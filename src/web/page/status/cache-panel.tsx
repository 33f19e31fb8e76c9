/** Prompts that are kept on the server's disk. */
import { useSignal } from "@preact/signals";
import { bytes, count, seconds } from "../parts/format.ts";
import { messageOf } from "../server/api-error.ts";
import { request } from "../server/request.ts";
import { Gauge } from "./gauge.tsx";
import { Panel } from "./panel.tsx";
import { refreshStatus, type ServerStatus } from "./server-status.ts";

/** What the cache holds and what it has been good for. */
export function CachePanel({ status: { prompt_cache: cache } }: { readonly status: ServerStatus }) {
  const fault = useSignal<string | null>(null);
  const clear = async (): Promise<void> => {
    try {
      await request("/v1/cache", { method: "DELETE" });
      fault.value = null;
    } catch (error) {
      fault.value = messageOf(error);
    }
    await refreshStatus();
  };
  return (
    <Panel title="Prompt cache">
      <dl class="gauges">
        <Gauge
          label="Kept"
          value={cache.bytes_max === 0 ? null : cache.bytes / cache.bytes_max}
          text={
            cache.bytes_max === 0
              ? "off"
              : `${count(cache.entries)} ${cache.entries === 1 ? "prompt" : "prompts"}, ${bytes(cache.bytes)} of ${bytes(cache.bytes_max)}`
          }
        />
        <Gauge label="Found" value={null} text={`${count(cache.hits)} times, ${count(cache.misses)} times not`} />
        <Gauge label="Saved" value={null} text={`${count(cache.tokens_saved)} tokens, ${seconds(cache.ms_saved)}`} />
      </dl>
      {fault.value !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <div class="actions">
        <button type="button" disabled={cache.entries === 0} onClick={() => void clear()}>
          Empty the cache
        </button>
      </div>
    </Panel>
  );
}
