/** What an answer in JSON can be made to begin with, so that a small model does not begin with words. */
import type { ResponseFormat } from "../../core/generation.ts";
import { compileFormat } from "./json-schema.ts";
import { TYPE_BITS, type SchemaNode, allowedTypes } from "./schema-node.ts";

/** The beginning of every object that has a key. Vocabularies have it as one token, or as two that end here. */
const OBJECT_OPENING = '{"';

/**
 * The text that an answer of this form may be made to begin with; "" where that could rule out an answer that fits: one that is no object,
 * or an empty object. A JSON object without a schema is taken to have a key.
 *
 * @throws AppError invalid_request when the schema is none.
 */
export function jsonOpening(format: ResponseFormat): string {
  if (format.kind === "json_object") return OBJECT_OPENING;
  const { root } = compileFormat(format);
  return allowedTypes(root) === TYPE_BITS.object && needsKey(root) ? OBJECT_OPENING : "";
}

/** Nodes are shared, so each is looked at once: a schema whose parts each refer to the same part twice would otherwise take for ever. */
function needsKey(node: SchemaNode, known = new Map<SchemaNode, boolean>()): boolean {
  if (node === false) return false;
  const before = known.get(node);
  if (before !== undefined) return before;
  const needs = (part: SchemaNode): boolean => needsKey(part, known);
  const needed =
    (node.required?.length ?? 0) > 0 ||
    (node.minProperties ?? 0) > 0 ||
    node.allOf?.some(needs) === true ||
    [node.anyOf, node.oneOf].some((parts) => parts?.every(needs) === true);
  known.set(node, needed);
  return needed;
}
