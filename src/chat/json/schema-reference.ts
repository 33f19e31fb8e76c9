/** Finds what a `$ref` means inside its own document. Nothing is ever fetched. */
import { isObject } from "./json-object.ts";

/**
 * The part of the document that a reference leads to: `#`, `#/a/pointer`, `#anchor`, or an `$id` with any of these behind it. Undefined
 * where there is none.
 */
export type References = (reference: string) => unknown;

/** @param root The whole document. Anchors are looked for in all of it, whichever `$id` they belong to. */
export function createReferences(root: unknown): References {
  let names: ReadonlyMap<string, unknown> | undefined;
  const findNamed = (name: string): unknown => (names ??= collectNames(root)).get(name);
  return (reference) => {
    const hash = reference.indexOf("#");
    const id = hash === -1 ? reference : reference.slice(0, hash);
    const base = id === "" ? root : findNamed(id);
    const fragment = decode(hash === -1 ? "" : reference.slice(hash + 1));
    if (base === undefined || fragment === undefined) return undefined;
    return fragment === "" || fragment.startsWith("/") ? followPointer(base, fragment) : findNamed(`#${fragment}`);
  };
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}

function followPointer(base: unknown, pointer: string): unknown {
  let value = base;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Every object that has an `$id` or an anchor, under that name; the first of several. Draft 4 wrote `id`. */
function collectNames(root: unknown): ReadonlyMap<string, unknown> {
  const names = new Map<string, unknown>();
  const open: unknown[] = [root];
  for (let at = 0; at < open.length; at++) {
    const value = open[at];
    if (typeof value !== "object" || value === null) continue;
    if (isObject(value)) {
      const { $id, id, $anchor, $dynamicAnchor } = value;
      for (const name of [$id, id]) if (typeof name === "string") setFirst(names, name.replace(/#$/, ""), value);
      for (const name of [$anchor, $dynamicAnchor]) if (typeof name === "string") setFirst(names, `#${name}`, value);
    }
    for (const part of Object.values(value)) open.push(part);
  }
  return names;
}

function setFirst(names: Map<string, unknown>, name: string, value: unknown): void {
  if (!names.has(name)) names.set(name, value);
}
