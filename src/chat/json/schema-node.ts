/**
 * A client's JSON Schema, read once into a form that is safe to check with: only keywords we know, each of the right type, within
 * bounds. References become edges of a graph, so nothing is looked up later, and a schema that refers to itself costs no more than one
 * that does not.
 */

/** The types of JSON as bits, so that a set of them is a number. */
export const TYPE_BITS = { object: 1, array: 2, string: 4, number: 8, boolean: 16, null: 32 } as const;
/** Every type. */
export const ANY_TYPE = 63;

/** A type of JSON. */
export type JsonType = keyof typeof TYPE_BITS;

/** A readable schema. `false` is what no value fits; what any value fits is a node without keywords. */
export type SchemaNode = SchemaKeywords | false;

/**
 * The keywords that are followed while a value is still being written, in the spelling of draft 2020-12; the others
 * are there too, for the library.
 */
export interface SchemaKeywords {
  readonly type?: readonly (JsonType | "integer")[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  /** `$ref` stands here too. */
  readonly allOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** The type of a JSON value. */
export function jsonTypeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}

/**
 * The types that a value fitting the node can have at most, as a set of TYPE_BITS. Safe because no node applies itself to the same value.
 */
export function allowedTypes(node: SchemaNode, known = new Map<SchemaNode, number>()): number {
  if (node === false) return 0;
  const before = known.get(node);
  if (before !== undefined) return before;
  let types = ANY_TYPE;
  if (node.type !== undefined) types &= union(node.type.map((name) => TYPE_BITS[name === "integer" ? "number" : name]));
  if ("const" in node) types &= TYPE_BITS[jsonTypeOf(node.const)];
  if (node.enum !== undefined) types &= union(node.enum.map((value) => TYPE_BITS[jsonTypeOf(value)]));
  for (const part of node.allOf ?? []) types &= allowedTypes(part, known);
  for (const parts of [node.anyOf, node.oneOf]) {
    if (parts !== undefined) types &= union(parts.map((part) => allowedTypes(part, known)));
  }
  known.set(node, types);
  return types;
}

function union(sets: readonly number[]): number {
  return sets.reduce((all, types) => all | types, 0);
}
