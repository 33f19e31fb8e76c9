/** What Ollama's own variables mean here. source: https://docs.ollama.com/faq and ollama's envconfig. */
import { parseDurationS } from "./duration.ts";

/** Limits in seconds end here: a day. */
export const TIMEOUT_S_MAX = 86_400;

/** Host and port of OLLAMA_HOST: `host`, `host:port`, `:port`, `[::1]:port`, with or without a scheme and a path. */
function splitHost(text: string): { readonly host?: string; readonly port?: string } {
  const authority = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/\/.*$/, "");
  const bracketed = /^\[([^\]]+)\](?::(.+))?$/.exec(authority);
  const single = /^([^:]*)(?::([^:]+))?$/.exec(authority);
  const [, host, port] = bracketed ?? single ?? ["", authority];
  return { ...(host ? { host } : {}), ...(port ? { port } : {}) };
}

/** The address in OLLAMA_HOST; undefined where it names none. */
export function ollamaHost(text: string): string | undefined {
  return splitHost(text).host;
}

/** The port in OLLAMA_HOST; undefined where it names none. */
export function ollamaPort(text: string): string | undefined {
  return splitHost(text).port;
}

/** An https:// URL in OLLAMA_HOST, which only clients can mean; undefined where it has none. */
export function ollamaUrl(text: string): string | undefined {
  const given = text.trim();
  return /^https:\/\//i.test(given) ? given : undefined;
}

/** Ollama's 0 means automatic: as if the variable were not set. */
export function zeroIsUnset(text: string): string | undefined {
  return text.trim() === "0" ? undefined : text;
}

/** A duration in seconds; 0 and less mean no limit, which is the longest one here. */
export function durationAsSeconds(text: string): string {
  const seconds = parseDurationS(text);
  if (seconds === null) return text;
  return String(seconds <= 0 ? TIMEOUT_S_MAX : seconds);
}

/** What OLLAMA_DEBUG says of the log: a number or a truth value, of which Ollama takes each that it cannot read for a yes. */
export function debugLevel(text: string): string | undefined {
  return ["0", "f", "false"].includes(text.toLowerCase()) ? undefined : "debug";
}

/** Variables of Ollama's that people set and that change nothing here, with the reason, as a clause. */
export const IDLE_VARIABLES: Readonly<Record<string, string>> = {
  OLLAMA_NUM_PARALLEL:
    "how many requests a model answers at a time is up to `n_batch` and `slots`, one unless they say otherwise; the others wait their turn",
  OLLAMA_FLASH_ATTENTION: "the runtime decides that itself",
  OLLAMA_KV_CACHE_TYPE: "the runtime's cache has one type",
  OLLAMA_SCHED_SPREAD: "there are no GPUs",
  OLLAMA_GPU_OVERHEAD: "there are no GPUs",
  OLLAMA_NO_CLOUD: "there are no models elsewhere",
  OLLAMA_NOPRUNE: "models are the files in `models_dir`, and nothing prunes them",
};
