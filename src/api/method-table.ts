/** Which methods each path knows: for 405 with `Allow`, and to tell a path without its `/v1` from an unknown one. */

/** A route as Elysia lists it. */
export interface RouteEntry {
  readonly method: string;
  readonly path: string;
}

/** The paths of the application and what each takes. */
export interface MethodTable {
  /** Methods of a path, HEAD and OPTIONS included; null where no route matches. */
  methods(path: string): readonly string[] | null;
  /** The path a route is registered under: no doubled or trailing slashes, and `/v1` in front where a client left it out. */
  canonical(path: string): string;
  /** The pattern of the route that a canonical path leads to, for metrics; null where there is none. */
  routeOf(path: string): string | null;
}

const MODEL_PARAMETER = /:[^/]+/g;

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(MODEL_PARAMETER, "[^/]+").replace("*", ".+")}$`);
}

/** Builds the table from the routes of the finished application. */
export function createMethodTable(routes: readonly RouteEntry[]): MethodTable {
  const fixed = new Map<string, Set<string>>();
  const patterns = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  const withImplied = (method: string): string[] => (method === "GET" ? ["GET", "HEAD", "OPTIONS"] : [method, "OPTIONS"]);
  for (const { method, path } of routes) {
    let methods: Set<string>;
    if (path.includes(":") || path.includes("*")) {
      const entry = patterns.get(path) ?? { pattern: patternOf(path), methods: new Set() };
      patterns.set(path, entry);
      methods = entry.methods;
    } else {
      methods = fixed.get(path) ?? new Set();
      fixed.set(path, methods);
    }
    for (const known of withImplied(method)) methods.add(known);
  }

  const methods = (path: string): readonly string[] | null => {
    const exact = fixed.get(path);
    if (exact !== undefined) return [...exact];
    const found = new Set<string>();
    for (const { pattern, methods: known } of patterns.values()) {
      if (pattern.test(path)) for (const method of known) found.add(method);
    }
    return found.size === 0 ? null : [...found];
  };
  return {
    methods,
    routeOf: (path) => {
      if (fixed.has(path)) return path;
      return [...patterns].find(([, { pattern }]) => pattern.test(path))?.[0] ?? null;
    },
    canonical: (path) => {
      if (fixed.has(path)) return path;
      const collapsed = path.replace(/\/{2,}/g, "/");
      const tidy = collapsed.length > 1 && collapsed.endsWith("/") ? collapsed.slice(0, -1) : collapsed;
      if (methods(tidy) !== null) return tidy;
      return methods(`/v1${tidy}`) === null ? tidy : `/v1${tidy}`;
    },
  };
}
