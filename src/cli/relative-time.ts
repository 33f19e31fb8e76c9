/** Times as `ollama` tells them: `3 days ago`, `4 minutes from now`. source: ollama's format/time.go */

const SECONDS = 1;
const MINUTES = 60 * SECONDS;
const HOURS = 60 * MINUTES;
const DAYS = 24 * HOURS;

/** From so many seconds on, in which unit; one rule after another. */
const UNITS: readonly (readonly [fromS: number, unitS: number, name: string])[] = [
  [2 * 365 * DAYS, 365 * DAYS, "years"],
  [2 * 30 * DAYS, 30 * DAYS, "months"],
  [14 * DAYS, 7 * DAYS, "weeks"],
  [48 * HOURS, DAYS, "days"],
  [2 * HOURS, HOURS, "hours"],
  [HOURS, HOURS, "About an hour"],
  [2 * MINUTES, MINUTES, "minutes"],
  [MINUTES, MINUTES, "About a minute"],
  [2 * SECONDS, SECONDS, "seconds"],
  [SECONDS, SECONDS, "1 second"],
];

/** What is further away never comes. */
const FOREVER_MS = 20 * 365 * DAYS * 1000;

/** How far a time (ISO 8601) is from now, ms since the epoch. */
export function relativeTime(time: string, nowMs: number): string {
  const awayMs = Date.parse(time) - nowMs;
  if (Number.isNaN(awayMs)) return "-";
  if (awayMs > FOREVER_MS) return "Forever";
  return awayMs > 0 ? `${span(awayMs)} from now` : `${span(-awayMs)} ago`;
}

function span(ms: number): string {
  const rule = UNITS.find(([fromS]) => ms / 1000 >= fromS);
  if (rule === undefined) return "Less than a second";
  const [, unitS, name] = rule;
  return /^[a-z]/.test(name) ? `${Math.floor(ms / 1000 / unitS)} ${name}` : name;
}
