/** Durations as Ollama's variables and requests spell them. */

const UNIT_S: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/**
 * Seconds in `5m`, `1h30m`, `300ms`, `-1s`, or in a bare number, which counts as seconds; null for any other text.
 * source: Go's time.ParseDuration, which Ollama uses, and Ollama's own reading of bare numbers.
 */
export function parseDurationS(text: string): number | null {
  const match = /^([+-]?)(.+)$/.exec(text.trim());
  if (match === null) return null;
  const sign = match[1] === "-" ? -1 : 1;
  const body = match[2] ?? "";
  if (/^(\d+\.?\d*|\.\d+)$/.test(body)) return sign * Number(body);
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(body)) return null;
  let seconds = 0;
  for (const [, amount, unit] of body.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) seconds += Number(amount) * (UNIT_S[unit ?? ""] ?? 0);
  return sign * seconds;
}
