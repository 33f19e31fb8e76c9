/** What GET /v1/status says, asked for while somebody looks. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { refreshModels } from "../models/models.ts";
import { messageOf } from "../server/api-error.ts";
import { requestJson } from "../server/request.ts";

/** How a model that is loaded or loading does. */
export interface ModelState {
  readonly id: string;
  readonly base_id: string;
  readonly state: "loading" | "idle" | "running";
  readonly memory_bytes: number | null;
  readonly context_length: number | null;
  /** Part of the context that running requests fill, 0 to 1. */
  readonly context_used: number | null;
  readonly runtime_version: string | null;
  readonly pinned: boolean | null;
  readonly waiting: number;
  readonly running: number;
  readonly expires_at: string | null;
}

/** What was done in a few seconds. */
export interface Sample {
  readonly time: string;
  readonly requests: number;
  readonly tokens_per_s: number;
  readonly prompt_tokens_per_s: number;
  /** Mean time to the first token; null where no answer began. */
  readonly ttft_s: number | null;
}

/** How bad a finding is. */
export type Level = "ok" | "warning" | "failure";

/** What doctor found. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  readonly fix: string | null;
}

interface Clock {
  readonly frequency_hz: number | null;
  readonly frequency_max_hz: number | null;
}

/** The whole answer; null stands for what the machine does not say. */
export interface ServerStatus {
  readonly version: string;
  readonly uptime_s: number;
  readonly draining: boolean;
  readonly queue: {
    readonly waiting: number;
    readonly running: number;
    readonly models: readonly { id: string; waiting: number; running: number }[];
  };
  readonly models: readonly ModelState[];
  readonly throughput: { readonly sample_s: number; readonly samples: readonly Sample[] };
  readonly totals: {
    readonly requests: number;
    readonly failed: number;
    readonly prompt_tokens: number;
    readonly cached_tokens: number;
    readonly generated_tokens: number;
  };
  readonly prompt_cache: {
    readonly entries: number;
    readonly bytes: number;
    readonly bytes_max: number;
    readonly hits: number;
    readonly misses: number;
    readonly tokens_saved: number;
    readonly ms_saved: number;
  };
  readonly npu: (Clock & { readonly load: number | null; readonly cores: readonly number[] }) | null;
  readonly temperatures: readonly { readonly sensor: string; readonly celsius: number }[];
  readonly cpu: readonly (Clock & { readonly cores: string })[];
  readonly memory: {
    readonly total_bytes: number | null;
    readonly available_bytes: number | null;
    readonly gateway_bytes: number | null;
    readonly hosts_bytes: number | null;
  };
  readonly errors: readonly {
    readonly time: string;
    readonly request_id: string;
    readonly status: number;
    readonly code: string;
    readonly model: string | null;
    readonly message: string;
  }[];
  readonly doctor: {
    readonly level: Level;
    readonly checked_at: string;
    readonly sections: readonly { readonly title: string; readonly findings: readonly Finding[] }[];
  };
}

/** The last answer; null before the first. */
export const serverStatus = signal<ServerStatus | null>(null);
/** Why the last question got none; null where it did. */
export const statusFault = signal<string | null>(null);

const EVERY_MS = 3000;

/** Asks again and again while the view is open and the page in sight. */
export function useServerStatus(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOpen = true;
    const ask = async (askKey: boolean): Promise<void> => {
      if (document.visibilityState === "visible") await refreshStatus(askKey);
      if (isOpen) timer = setTimeout(() => void ask(false), EVERY_MS);
    };
    void ask(true);
    return () => {
      isOpen = false;
      clearTimeout(timer);
    };
  }, []);
}

/** Asks once; `askKey` as for refreshModels. */
export async function refreshStatus(askKey = true): Promise<void> {
  try {
    const [status] = await Promise.all([requestJson<ServerStatus>("/v1/status", { askKey }), refreshModels(askKey)]);
    serverStatus.value = status;
    statusFault.value = null;
  } catch (error) {
    statusFault.value = messageOf(error);
  }
}
