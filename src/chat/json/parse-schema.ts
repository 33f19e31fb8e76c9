/** Reads a client's JSON Schema of any draft into a `SchemaNode`, or says why it is none. */
import { AppError } from "../../core/errors.ts";
import { type JsonObject, isObject, named } from "./json-object.ts";
import { KEY_LENGTH_MAX } from "./json-limits.ts";
import { patternTextMax } from "./pattern-limit.ts";
import { readBounds } from "./schema-bounds.ts";
import { type References, createReferences } from "./schema-reference.ts";
import type { SchemaNode } from "./schema-node.ts";

/** Schemas within schemas, references followed. */
const DEPTH_MAX = 200;
/** Schemas, and entries of their lists. */
const PARTS_MAX = 20_000;
/**
 * Comparing all items of a list with each other takes the square of their number, so a list of different items is kept shorter than this.
 */
const UNIQUE_ITEMS_MAX = 256;
const FEW_ITEMS = 16;
/** What trying a pattern may take, in the steps of `patternTextMax`: for as many texts as there are, and for a few hundred in an answer. */
const STEPS_OFTEN_MAX = 20_000;
const STEPS_SELDOM_MAX = 300_000;
/** A pattern for keys is tried on every key. */
const PARTS_OF_KEY_PATTERN = 400;

/** How much of a place in the schema a message names. */
const PATH_LENGTH_MAX = 120;

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];
/** Keywords that hold one schema, a list of schemas, or schemas under names. */
const ONE = ["additionalProperties", "unevaluatedProperties", "propertyNames", "contains", "unevaluatedItems", "not", "if", "then", "else"];
const SEVERAL = ["anyOf", "oneOf", "prefixItems"];
const NAMED = ["properties", "dependentSchemas"];
/** Formats that the library checks in time that grows with the text alone, and that nobody writes in two ways. */
const FORMATS = ["date", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"];
/** Keywords whose schemas judge the very value that the schema itself judges. */
const SAME_VALUE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

type Node = Record<string, unknown>;

/**
 * @param schema As the client sent it.
 * @param field The request's field it came in, for the error.
 * @param spend Called with the steps it takes whenever the library applies one of the nodes to a value.
 * @throws AppError invalid_request where it is no schema. Keywords we do not know are left out, as the standard asks.
 */
export function parseSchema(schema: unknown, field: string, spend: (steps: number) => void): SchemaNode {
  const parser = new SchemaParser(schema, field, spend);
  const node = parser.parse(schema, field);
  parser.refuseCircles();
  return node;
}

/** Reads one schema and those it refers to. */
class SchemaParser {
  private readonly references: References;
  private readonly field: string;
  private readonly spend: (steps: number) => void;
  /** Every schema is read once, so references may go round in circles. */
  private readonly nodes = new Map<object, Node>();
  private parts = 0;

  constructor(root: unknown, field: string, spend: (steps: number) => void) {
    this.references = createReferences(root);
    this.field = field;
    this.spend = spend;
  }

  readonly parse = (raw: unknown, path: string, depth = 0): SchemaNode => {
    if (raw === false) return false;
    if (raw !== true && !isObject(raw)) throw this.fault(path, "is neither an object nor true or false");
    const known = raw === true ? undefined : this.nodes.get(raw);
    if (known !== undefined) return known;
    if (depth > DEPTH_MAX) throw this.fault(path, `goes deeper than ${DEPTH_MAX} levels`);
    const node: Node = {};
    this.count(1, path);
    if (raw === true) return this.metered(node, 1);
    this.nodes.set(raw, node);
    this.readStrings(raw, node, path);
    Object.assign(
      node,
      readBounds(raw, (keyword, fault) => this.fault(`${path}.${keyword}`, fault)),
    );
    this.readValues(raw, node, path);
    this.readParts(raw, node, path, depth + 1);
    if (node["uniqueItems"] === true) this.boundUnique(node);
    return this.metered(node, 1 + this.weight(node));
  };

  /** `type` is what the library asks of every schema that it applies: there its work is counted. */
  private metered(node: Node, steps: number): Node {
    const { type } = node;
    const { spend } = this;
    Object.defineProperty(node, "type", {
      enumerable: true,
      get: () => {
        spend(steps);
        return type;
      },
    });
    return node;
  }

  /** The library compares each item with each, also those of an array that is too long already. */
  private boundUnique(node: Node): void {
    delete node["uniqueItems"];
    node["maxItems"] = Math.min(UNIQUE_ITEMS_MAX, (node["maxItems"] as number | undefined) ?? Infinity);
    const bounded = this.bounded({ uniqueItems: true }, "Items", FEW_ITEMS, UNIQUE_ITEMS_MAX);
    node["allOf"] = [...((node["allOf"] as SchemaNode[] | undefined) ?? []), ...bounded];
  }

  /**
   * A demand that takes long to check, as two that are made only where that ends soon: up to `few` for little, up to `many` for more of
   * the steps.
   */
  private bounded(demand: Node, unit: "Items" | "Length", few: number, many: number): readonly Node[] {
    const atMost = this.metered({ [`max${unit}`]: few }, 1);
    const moreThanFew = this.metered({ [`min${unit}`]: few + 1 }, 1);
    const tooMany = this.metered({ [`min${unit}`]: many + 1 }, 1);
    return [
      this.metered({ if: moreThanFew, else: this.metered({ ...demand }, 40) }, 1),
      this.metered({ if: this.metered({ anyOf: [atMost, tooMany] }, 1), else: this.metered({ ...demand }, 600) }, 1),
    ];
  }

  private weight(node: Node): number {
    const patterns = Object.keys((node["patternProperties"] as object | undefined) ?? {});
    const trials = patterns.map((pattern) => (patternTextMax(pattern, STEPS_OFTEN_MAX) < KEY_LENGTH_MAX ? 2000 : 50));
    const lists = [node["enum"], node["required"], Object.keys((node["properties"] as object | undefined) ?? {})];
    const entries = lists.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
    return trials.reduce((sum, steps) => sum + steps, Math.floor(entries / 16));
  }

  private readStrings(raw: JsonObject, node: Node, path: string): void {
    const { type, format, pattern } = raw;
    if (type !== undefined) {
      const types: readonly unknown[] = Array.isArray(type) ? type : [type];
      const unknown = types.find((name) => typeof name !== "string" || !TYPES.includes(name));
      if (unknown !== undefined || types.length === 0) throw this.fault(`${path}.type`, `is not a type of JSON: ${preview(type)}`);
      node["type"] = types;
    }
    if (typeof format === "string" && FORMATS.includes(format)) node["format"] = format;
    if (pattern === undefined) return;
    if (typeof pattern !== "string") throw this.fault(`${path}.pattern`, "is not a string");
    const often = patternTextMax(pattern, STEPS_OFTEN_MAX);
    const seldom = patternTextMax(pattern, STEPS_SELDOM_MAX);
    if (seldom > 0) node["allOf"] = this.bounded({ pattern }, "Length", often, seldom);
  }

  private readValues(raw: JsonObject, node: Node, path: string): void {
    if ("const" in raw) node["const"] = raw["const"];
    if (raw["enum"] !== undefined) node["enum"] = this.list(raw["enum"], `${path}.enum`);
    // Drafts 3 and 4 wrote true or false beside a property; it says nothing here.
    if (raw["required"] !== undefined && typeof raw["required"] !== "boolean")
      node["required"] = this.names(raw["required"], `${path}.required`);
    if (raw["dependentRequired"] !== undefined) {
      const entries = Object.entries(this.object(raw["dependentRequired"], `${path}.dependentRequired`));
      node["dependentRequired"] = named(entries.map(([key, names]) => [key, this.names(names, `${path}.dependentRequired.${key}`)]));
    }
  }

  private readParts(raw: JsonObject, node: Node, path: string, depth: number): void {
    const parse = (part: unknown, name: string): SchemaNode => this.parse(part, `${path}.${name}`, depth);
    for (const keyword of ONE) if (raw[keyword] !== undefined) node[keyword] = parse(raw[keyword], keyword);
    // What adds nothing costs nothing, unless it says that all members have been judged.
    if (raw["additionalProperties"] === true && raw["unevaluatedProperties"] === undefined) delete node["additionalProperties"];
    for (const keyword of SEVERAL) {
      if (raw[keyword] !== undefined)
        node[keyword] = this.list(raw[keyword], `${path}.${keyword}`, keyword === "prefixItems" ? 0 : 1).map((part, i) =>
          parse(part, `${keyword}[${i}]`),
        );
    }
    for (const keyword of NAMED) {
      if (raw[keyword] !== undefined) node[keyword] = this.parseNamed(raw[keyword], `${path}.${keyword}`, depth);
    }
    const all = raw["allOf"] === undefined ? [] : this.list(raw["allOf"], `${path}.allOf`).map((part, i) => parse(part, `allOf[${i}]`));
    if (raw["$ref"] !== undefined) all.push(this.refer(raw["$ref"], `${path}.$ref`, depth));
    if (all.length > 0) node["allOf"] = [...((node["allOf"] as SchemaNode[] | undefined) ?? []), ...all];
    this.readItems(raw, node, path, depth);
    this.readPatterns(raw, node, path, depth);
    this.readDependencies(raw, node, path, depth);
  }

  /** A list as `items`, with `additionalItems` for the rest, is how drafts before 2020-12 wrote `prefixItems`. */
  private readItems(raw: JsonObject, node: Node, path: string, depth: number): void {
    const { items, additionalItems } = raw;
    if (Array.isArray(items)) {
      node["prefixItems"] = this.list(items, `${path}.items`, 0).map((part, i) => this.parse(part, `${path}.items[${i}]`, depth));
      if (additionalItems !== undefined) node["items"] = this.parse(additionalItems, `${path}.additionalItems`, depth);
    } else if (items !== undefined) node["items"] = this.parse(items, `${path}.items`, depth);
  }

  /** Keys of an unusable pattern are not told from others, so the schema for all others is left out with it. */
  private readPatterns(raw: JsonObject, node: Node, path: string, depth: number): void {
    if (raw["patternProperties"] === undefined) return;
    const parts = this.parseNamed(raw["patternProperties"], `${path}.patternProperties`, depth);
    this.count(Object.keys(parts).length * PARTS_OF_KEY_PATTERN, path);
    const usable = Object.entries(parts).filter(([pattern]) => patternTextMax(pattern, STEPS_SELDOM_MAX) >= KEY_LENGTH_MAX);
    node["patternProperties"] = named(usable);
    if (usable.length === Object.keys(parts).length) return;
    delete node["additionalProperties"];
    delete node["unevaluatedProperties"];
  }

  /** `dependencies` is what draft 7 had for both dependentSchemas and dependentRequired. */
  private readDependencies(raw: JsonObject, node: Node, path: string, depth: number): void {
    if (raw["dependencies"] === undefined) return;
    const entries = Object.entries(this.object(raw["dependencies"], `${path}.dependencies`));
    const parts = entries.map(([key, part]): [string, SchemaNode] => {
      const place = `${path}.dependencies.${key}`;
      return [key, Array.isArray(part) ? this.metered({ required: this.names(part, place) }, 1) : this.parse(part, place, depth)];
    });
    node["dependentSchemas"] = named([...Object.entries((node["dependentSchemas"] as object | undefined) ?? {}), ...parts]);
  }

  private refer(reference: unknown, path: string, depth: number): SchemaNode {
    const target = typeof reference === "string" ? this.references(reference) : undefined;
    if (target === undefined) throw this.fault(path, `leads nowhere in this schema: ${preview(reference)}`);
    return this.parse(target, path, depth);
  }

  private parseNamed(raw: unknown, path: string, depth: number): Readonly<Record<string, SchemaNode>> {
    const entries = Object.entries(this.object(raw, path));
    return named(entries.map(([key, part]) => [key, this.parse(part, `${path}.${key}`, depth)]));
  }

  private object(raw: unknown, path: string): JsonObject {
    if (!isObject(raw)) throw this.fault(path, "is not an object");
    if (Object.keys(raw).some((key) => !key.isWellFormed())) throw this.fault(path, "has a key that is not Unicode text");
    return raw;
  }

  private list(raw: unknown, path: string, least = 1): readonly unknown[] {
    if (!Array.isArray(raw) || raw.length < least) throw this.fault(path, "is not a list with something in it");
    this.count(raw.length, path);
    return raw;
  }

  private names(raw: unknown, path: string): readonly string[] {
    if (!Array.isArray(raw) || raw.some((name) => typeof name !== "string")) throw this.fault(path, "is not a list of names");
    this.count(raw.length, path);
    return raw as string[];
  }

  private count(parts: number, path: string): void {
    this.parts += parts;
    if (this.parts > PARTS_MAX) throw this.fault(path, `is too much: a schema may have ${PARTS_MAX} parts`);
  }

  /** A schema that applies itself to the value it is applied to says nothing, and checking it would never end. */
  refuseCircles(): void {
    const done = new Set<unknown>();
    const open = new Set<unknown>();
    const visit = (node: unknown): void => {
      if (!isObject(node) || done.has(node)) return;
      if (open.has(node)) throw this.fault(this.field, "refers to itself in a circle that no value can leave");
      open.add(node);
      for (const keyword of SAME_VALUE) {
        const part = node[keyword];
        for (const next of keyword === "dependentSchemas" && isObject(part) ? Object.values(part) : [part].flat()) visit(next);
      }
      open.delete(node);
      done.add(node);
    };
    for (const node of this.nodes.values()) visit(node);
  }

  /** @param path Where in the client's schema. @param fault Continues the path: "is not a list". */
  fault(path: string, fault: string): AppError {
    return new AppError(
      "invalid_request",
      `${path.length > PATH_LENGTH_MAX ? `…${path.slice(-PATH_LENGTH_MAX)}` : path} ${fault}. Send a valid JSON Schema.`,
      {
        details: { field: this.field, fault: "schema" },
      },
    );
  }
}

function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
