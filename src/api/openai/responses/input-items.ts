/** The items of a request as they are kept: each with an id and a type, references replaced by what they stand for. */
import { AppError } from "../../../core/errors.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import type { InputItem } from "./schema.ts";

/** Finds an item of an earlier response. */
export type FindItem = (id: string) => StoredItem | null;

/** The beginnings of ids, by type. */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
};

/** The type of an item; messages and references may leave theirs out. */
function typeOf(item: InputItem): string {
  if (typeof item.type === "string") return item.type;
  return typeof item.role !== "string" && typeof item.id === "string" && item.content === undefined ? "item_reference" : "message";
}

function partsOf(content: InputItem["content"], role: string): unknown {
  if (typeof content !== "string") return content ?? [];
  return [role === "assistant" ? { type: "output_text", text: content, annotations: [] } : { type: "input_text", text: content }];
}

function kept(item: InputItem, type: string, freshId: string): StoredItem {
  const id = (item.id ?? "") === "" ? `${ID_PREFIXES[type] ?? "item"}_${freshId}` : (item.id ?? "");
  if (type !== "message") return { ...item, id, type };
  const { id: _id, type: _type, content, ...rest } = item;
  return { id, type, status: "completed", ...rest, content: partsOf(content, item.role ?? "") };
}

/**
 * The items in their kept form. `requestId` is part of every id that is made up, so that none comes twice. Throws AppError not_found for
 * a reference to nothing: an answer without the turn it stands for would be an answer to another conversation.
 */
export function inputItems(requestId: string, input: string | readonly InputItem[], findItem: FindItem): StoredItem[] {
  const items: readonly InputItem[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  return items.map((item, index) => {
    const type = typeOf(item);
    if (type !== "item_reference") return kept(item, type, `${requestId}_in${index}`);
    const found = findItem(item.id ?? "");
    if (found !== null) return found;
    throw new AppError("not_found", `Item with id '${item.id ?? ""}' not found. Only items of stored responses can be referred to.`, {
      details: { field: `input[${index}].id` },
    });
  });
}
