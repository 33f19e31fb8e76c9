/** JSON as a tree that forgets nothing: key order, doubled keys and numbers stand as they were written. */
import { isJson } from "../core/json.ts";

/** `plain` is a number, true, false or null as JSON text; an object's `source` is the text it was read from, "" for none. */
export type JsonNode =
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: string, value: JsonNode])[]; readonly source: string }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "plain"; readonly text: string };

/** The node as JSON text: an object that was valid as it stood keeps its own spacing. */
export function jsonText(node: JsonNode): string {
  return node.kind === "object" && isJson(node.source) ? node.source : writeNode(node);
}

function writeNode(node: JsonNode): string {
  switch (node.kind) {
    case "object":
      return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}: ${writeNode(value)}`).join(", ")}}`;
    case "array":
      return `[${node.items.map(writeNode).join(", ")}]`;
    case "string":
      return JSON.stringify(node.value);
    case "plain":
      return node.text;
  }
}
