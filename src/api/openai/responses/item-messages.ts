/** Items of a conversation as messages. What a model did in one turn comes as several items: a thought, a text and calls. */
import type { ChatMessage, ChatRole, ToolCall } from "../../../core/generation.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import { present } from "../../schema.ts";
import { jsonText } from "../../json-text.ts";
import { argumentsText, textOf } from "../chat-messages.ts";
import { refuseMissing, refuseValue } from "../sampling-schema.ts";
import type { InputItem } from "./schema.ts";
import { unpackThought } from "./thought.ts";

const ROLES: Readonly<Record<string, ChatRole>> = { user: "user", assistant: "assistant", system: "system", developer: "system" };

/** An assistant's turn to which items are still added. */
interface OpenTurn {
  reasoning: string;
  content: string | null;
  readonly toolCalls: ToolCall[];
}

/** The texts of parts, whatever they are called. */
function partTexts(parts: unknown): string {
  if (!Array.isArray(parts)) return "";
  return parts.flatMap((part: { readonly text?: unknown } | null) => (typeof part?.text === "string" ? [part.text] : [])).join("\n");
}

function thoughtOf(item: InputItem): string {
  const content = typeof item.content === "string" ? item.content : partTexts(item.content);
  if (content !== "") return content;
  return unpackThought(item.encrypted_content ?? "") ?? partTexts(item.summary);
}

function callOf(item: InputItem, custom: boolean, field: string): ToolCall {
  const id = item.call_id ?? item.id ?? "";
  if (typeof item.name !== "string") refuseMissing(`${field}.name`, "a string");
  const given = custom ? jsonText({ input: item.input ?? "" }, `${field}.input`) : argumentsText(item.arguments, `${field}.arguments`);
  return { id, name: item.name, arguments: given };
}

function resultText(output: unknown, field: string): string {
  if (output === null || output === undefined || typeof output === "string") return output ?? "";
  const isPart = (part: unknown): boolean => typeof (part as { readonly type?: unknown } | null)?.type === "string";
  if (!Array.isArray(output) || !output.every(isPart)) return refuseValue(field, "must be a string or an array of parts.");
  return textOf(
    output.map((part: { type: string; text?: unknown }) => ({ type: part.type, text: typeof part.text === "string" ? part.text : "" })),
    field,
  );
}

/** Turns items into messages; holds the assistant's turn open while items belong to it. */
class MessageWriter {
  readonly messages: ChatMessage[] = [];
  #turn: OpenTurn | null = null;

  add(item: InputItem, field: string): void {
    switch (item.type ?? "message") {
      case "message":
        return this.#message(item, field);
      case "reasoning":
        return this.#thought(thoughtOf(item));
      case "function_call":
      case "custom_tool_call":
        this.#open().toolCalls.push(callOf(item, item.type === "custom_tool_call", field));
        return;
      case "function_call_output":
      case "custom_tool_call_output":
        this.close();
        this.messages.push(
          present<ChatMessage>({ role: "tool", content: resultText(item.output, `${field}.output`), toolCallId: item.call_id }),
        );
        return;
      default:
      // Calls of tools that another server runs, and whatever is yet to come: the model here knows nothing of them.
    }
  }

  close(): void {
    if (this.#turn === null) return;
    const { reasoning, content, toolCalls } = this.#turn;
    this.#turn = null;
    this.messages.push(
      present<ChatMessage>({
        role: "assistant",
        content: content ?? "",
        reasoning: reasoning === "" ? undefined : reasoning,
        toolCalls: toolCalls.length === 0 ? undefined : toolCalls,
      }),
    );
  }

  #open(): OpenTurn {
    return (this.#turn ??= { reasoning: "", content: null, toolCalls: [] });
  }

  /** A turn that has nothing yet but a thought. */
  #begin(): OpenTurn {
    if (this.#turn !== null && (this.#turn.content !== null || this.#turn.toolCalls.length > 0)) this.close();
    return this.#open();
  }

  #message(item: InputItem, field: string): void {
    const role = ROLES[item.role ?? ""];
    if (role === undefined) {
      const expected = '"user", "assistant", "system" or "developer"';
      if ((item.role ?? null) === null) refuseMissing(`${field}.role`, expected);
      refuseValue(`${field}.role`, `must be ${expected}.`);
    }
    const content = textOf(item.content, `${field}.content`);
    if (role === "assistant") {
      this.#begin().content = content;
      return;
    }
    this.close();
    this.messages.push({ role, content });
  }

  #thought(text: string): void {
    const turn = this.#begin();
    turn.reasoning = turn.reasoning === "" ? text : `${turn.reasoning}\n${text}`;
  }
}

/** An item's place in the request, for errors. */
export type FieldOf = (index: number) => string;

/** The conversation as messages. Throws AppError, naming the field, for parts that are not text and for items without their parts. */
export function itemMessages(items: readonly StoredItem[], fieldOf: FieldOf): ChatMessage[] {
  const writer = new MessageWriter();
  for (const [index, item] of items.entries()) writer.add(item, fieldOf(index));
  writer.close();
  return writer.messages;
}
