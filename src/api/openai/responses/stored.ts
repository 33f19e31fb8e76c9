/** What is told of stored responses: the object, its input, its end. */
import { AppError } from "../../../core/errors.ts";
import type { StoredItem, StoredResponse } from "../../../core/stored-response.ts";
import type { JsonObject } from "../../dialect.ts";
import { refuseValue } from "../sampling-schema.ts";

const ITEMS_DEFAULT = 20;
const ITEMS_MAX = 100;

/** The refusal for a response that is not stored. */
export function responseNotFound(id: string): AppError {
  return new AppError("not_found", `Response with id '${id}' not found. It was never stored, or is not any more.`, {
    details: { field: "response_id" },
  });
}

/** The object as it was sent. */
export function storedObject({ object, output }: StoredResponse): JsonObject {
  return { ...object, output };
}

function limitOf(text: string | null): number {
  if (text === null) return ITEMS_DEFAULT;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= ITEMS_MAX ? limit : refuseValue("limit", `must be a whole number from 1 to ${ITEMS_MAX}.`);
}

/** A page of a response's input: `limit`, `order` (`asc` or `desc`) and `after` (an item's id). Throws AppError invalid_request. */
export function inputItemsPage(input: readonly StoredItem[], query: URLSearchParams): JsonObject {
  const limit = limitOf(query.get("limit"));
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") refuseValue("order", 'must be "asc" or "desc".');
  const items = order === "asc" ? input : input.toReversed();
  const after = query.get("after");
  const before = after === null ? -1 : items.findIndex(({ id }) => id === after);
  if (after !== null && before < 0) refuseValue("after", "must be the id of one of the items.");
  const data = items.slice(before + 1, before + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: before + 1 + data.length < items.length,
  };
}
