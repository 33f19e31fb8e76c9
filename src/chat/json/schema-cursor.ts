/**
 * Follows a value through its schema while the value is still being written, and says as early as it can that no way of going on would
 * fit. At each place it knows the schemas that the value there must fit whatever comes; where that depends on what comes, it knows none and
 * lets everything pass.
 */
import type { JsonSchema } from "./json-schema.ts";
import { type Place, countFault, missing, notAllowed, typeFault } from "./schema-fault.ts";
import { ANY_TYPE, type JsonType, type SchemaKeywords, type SchemaNode, TYPE_BITS, allowedTypes } from "./schema-node.ts";

/** The schemas that a value must fit; more than one where `allOf` or a reference says so. */
export type Demand = readonly SchemaNode[];

/** A place's demand, or why there may be no value at the place. */
export type Member = { readonly demand: Demand } | { readonly fault: string };

/** The questions that a reader asks of a schema as it goes. A fault is a sentence fragment; null means that it may still fit. */
export interface SchemaCursor {
  readonly root: Demand;
  /** The types that a value may have at most, a set of TYPE_BITS. */
  types(demand: Demand): number;
  /** A value has begun, and its type shows. */
  beginFault(demand: Demand, type: JsonType, place: Place): string | null;
  /** What an object or array that has begun must fit. */
  open(demand: Demand, type: "object" | "array"): Demand;
  /** A key has ended. @param place Of its value. */
  member(demand: Demand, key: string, place: Place): Member;
  /** An item begins. @param place Of the item. */
  item(demand: Demand, index: number, place: Place): Member;
  /** Whether an object with these keys can have no other. */
  isFull(demand: Demand, keys: ReadonlySet<string>): boolean;
  /** An object or array has ended, with these keys or so many items. */
  endFault(demand: Demand, members: ReadonlySet<string> | number, place: Place): string | null;
  /** A string, number, true, false or null has ended. */
  scalarFault(demand: Demand, value: unknown, place: Place): string | null;
}

const NOTHING: Demand = [];

/** @param schema Null: any value will do. */
export function createSchemaCursor(schema: JsonSchema | null): SchemaCursor {
  const known = new Map<SchemaNode, number>();
  const types = (demand: Demand): number => demand.reduce((all, node) => all & allowedTypes(node, known), ANY_TYPE);
  const checkPart = schema?.partChecker() ?? (() => null);
  return {
    root: schema === null ? NOTHING : [schema.root],
    types,
    beginFault: (demand, type, place) => {
      const allowed = types(demand);
      if ((allowed & TYPE_BITS[type]) !== 0) return null;
      const isWhole = demand.some((node) => node !== false && node.type?.includes("integer") === true && !node.type.includes("number"));
      return typeFault(place, allowed, type, isWhole);
    },
    open: (demand, type) => spread(demand, TYPE_BITS[type], known),
    member: (demand, key, place) => {
      const parts: SchemaNode[] = [];
      for (const node of demand) {
        const own = node === false ? [false as const] : memberNodes(node, key);
        if (own.includes(false)) return { fault: notAllowed(place) };
        if (node !== false && node.propertyNames !== undefined) {
          const fault = checkPart(key, [node.propertyNames], place);
          if (fault !== null) return { fault: notAllowed(place) };
        }
        parts.push(...own);
      }
      return { demand: parts };
    },
    item: (demand, index, place) => {
      const parts: SchemaNode[] = [];
      for (const node of demand) {
        if (node === false) continue;
        if (node.maxItems !== undefined && index >= node.maxItems) return { fault: countFault(place.slice(0, -1), "most", node.maxItems) };
        const part = node.prefixItems?.[index] ?? node.items;
        if (part === false) return { fault: notAllowed(place) };
        if (part !== undefined) parts.push(part);
      }
      return { demand: parts };
    },
    isFull: (demand, keys) => demand.some((node) => node !== false && hasAllKeys(node, keys)),
    endFault: (demand, members, place) => {
      for (const node of demand) {
        if (node === false) continue;
        if (typeof members === "number") {
          if (members < (node.minItems ?? 0)) return countFault(place, "least", node.minItems ?? 0);
          continue;
        }
        const key = node.required?.find((name) => !members.has(name));
        if (key !== undefined) return missing(key, place);
      }
      return null;
    },
    scalarFault: (demand, value, place) => checkPart(value, demand, place),
  };
}

/** All nodes that a value of this type must fit: those of `allOf` too, and of alternatives the only one that allows the type. */
function spread(demand: Demand, type: number, known: Map<SchemaNode, number>): Demand {
  const all = new Set<SchemaNode>();
  const visit = (node: SchemaNode): void => {
    if (all.has(node)) return;
    all.add(node);
    if (node === false) return;
    for (const part of node.allOf ?? []) visit(part);
    for (const parts of [node.anyOf, node.oneOf]) {
      const possible = parts?.filter((part) => (allowedTypes(part, known) & type) !== 0) ?? [];
      if (possible.length === 1 && possible[0] !== undefined) visit(possible[0]);
    }
  };
  for (const node of demand) visit(node);
  return [...all];
}

function hasAllKeys({ properties, patternProperties, additionalProperties }: SchemaKeywords, keys: ReadonlySet<string>): boolean {
  if (additionalProperties !== false || Object.keys(patternProperties ?? {}).length > 0) return false;
  return Object.keys(properties ?? {}).every((key) => keys.has(key));
}

function memberNodes(node: SchemaKeywords, key: string): readonly SchemaNode[] {
  const own = node.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
  const nodes: SchemaNode[] = own === undefined ? [] : [own];
  for (const [pattern, part] of Object.entries(node.patternProperties ?? {})) {
    if (new RegExp(pattern, "u").test(key)) nodes.push(part);
  }
  if (nodes.length > 0) return nodes;
  return node.additionalProperties === undefined ? [] : [node.additionalProperties];
}
