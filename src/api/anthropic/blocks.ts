/** Content blocks as text, and what cannot be read as text. */
import { AppError } from "../../core/errors.ts";
import type { BlockParam } from "./schema.ts";

/** Any block, wherever it stands: those inside others have fewer fields. */
export type AnyBlock = Pick<BlockParam, "type" | "text" | "title" | "context" | "source"> & { readonly content?: unknown };

/** What each kind of block is that a model of text cannot read. */
const MEDIA: Readonly<Record<string, string>> = { image: "images", container_upload: "uploaded files" };

/** Blocks of a history that say nothing to another model: encrypted thoughts and the work of tools that run at Anthropic. */
const DROPPED = new Set(["redacted_thinking", "server_tool_use", "mcp_tool_use", "mcp_tool_listing", "tool_reference", "fallback"]);
const SERVER_RESULT = /_tool_result$/;

/** Refuses a field that would change the meaning of the answer and cannot be honoured. */
export function refuse(field: string, why: string): never {
  throw new AppError("unsupported_parameter", `The field "${field}" is not supported: ${why}`, { details: { field } });
}

/** Refuses a field that is not there. */
export function refuseMissing(field: string, expected: string): never {
  throw new AppError("invalid_request", `The field "${field}" is missing: it must be ${expected}.`, {
    details: { field, fault: "missing" },
  });
}

/** Refuses a field that has a value it cannot have. */
export function refuseValue(field: string, expected: string): never {
  throw new AppError("invalid_request", `The field "${field}" must be ${expected}.`, { details: { field, fault: "value" } });
}

/** Whether a block is left out: nothing in it is for this model to read. */
export function isDropped(type: string): boolean {
  return DROPPED.has(type) || SERVER_RESULT.test(type);
}

/** Texts under each other, without those that are absent or empty. */
function lines(texts: readonly (string | null | undefined)[]): string {
  return texts.filter((text) => (text ?? "") !== "").join("\n");
}

function documentText({ source, title, context }: AnyBlock, field: string): string {
  if (typeof source !== "object" || source === null) return refuseMissing(`${field}.source`, "an object");
  const { type, data, content } = source;
  if (type === "text") return lines([title, context, data]);
  if (type !== "content") return refuse(`${field}.source`, "only documents of plain text can be read. Send the text itself.");
  return lines([title, context, textOf(content, `${field}.source.content`)]);
}

function searchResultText({ title, source, content }: AnyBlock, field: string): string {
  return lines([title, typeof source === "string" ? source : "", textOf(content, `${field}.content`)]);
}

/** The text of one block; "" for what is left out. Throws AppError for what cannot be read, naming the field. */
export function blockText(block: AnyBlock, field: string): string {
  if (block.type === "text") return block.text ?? refuseMissing(`${field}.text`, "a string");
  if (block.type === "document") return documentText(block, field);
  if (block.type === "search_result") return searchResultText(block, field);
  // The summary that stands for the turns before it.
  if (block.type === "compaction") return typeof block.content === "string" ? block.content : "";
  if (isDropped(block.type)) return "";
  const media = MEDIA[block.type];
  if (media !== undefined) return refuse(field, `${media} cannot be read. Send text blocks only.`);
  return refuseValue(`${field}.type`, `a kind of block that may stand there, not "${block.type}"`);
}

function isBlock(value: unknown): value is AnyBlock {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** Content as one text: a string, blocks under each other, or nothing. Throws AppError, naming the field. */
export function textOf(content: unknown, field: string): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return refuseValue(field, "a string or an array of blocks");
  const texts = content.map((block, index) =>
    isBlock(block) ? blockText(block, `${field}[${index}]`) : refuseValue(`${field}[${index}]`, "a block"),
  );
  return lines(texts);
}
