/** Reads the text form of Prometheus, and refuses what Prometheus would refuse. */
import { expect } from "bun:test";

/** One series, and its value now. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All that a server shows. */
export interface Exposition {
  /** Types by the families' names. */
  readonly types: ReadonlyMap<string, string>;
  readonly series: readonly Series[];
  /** The value of the only series with these labels among its own; null where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | null;
}

const SERIES = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)",?/y;

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    expect(name, `labels: ${text}`).toBeDefined();
    labels[name!] = value!;
  }
  return labels;
}

/** Fails the test where a line is none, a series comes twice, or a family has no help or type. */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const series: Series[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n").filter(Boolean)) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") helped.add(name);
    else if (kind === "TYPE") types.set(name, rest);
    else {
      const [, full = "", labels = "", value = ""] = SERIES.exec(line) ?? [];
      expect(full, `no series: ${line}`).not.toBe("");
      expect(seen.has(`${full}{${labels}`), `twice: ${line}`).toBe(false);
      seen.add(`${full}{${labels}`);
      series.push({ name: full, labels: labelsOf(labels), value: Number(value) });
    }
  }
  const family = (name: string): string => (types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ""));
  for (const { name, value } of series) {
    expect([types.has(family(name)), helped.has(family(name)), Number.isFinite(value)], name).toEqual([true, true, true]);
  }
  return {
    types,
    series,
    value: (name, labels = {}) => {
      const found = series.filter(
        (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      );
      expect(found.length, `series of ${name}`).toBeLessThanOrEqual(1);
      return found[0]?.value ?? null;
    },
  };
}

/** Asks a server. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(`${url}/metrics`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  return parseExposition(await response.text());
}
