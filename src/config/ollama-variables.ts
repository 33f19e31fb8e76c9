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
