/** The output items of a response as they grow, with the events that tell of it. One item is open at a time. */
import { assert } from "../../../core/errors.ts";
import type { GenerationEvent } from "../../../core/generation.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import { hasWholeArguments } from "../../collected-answer.ts";
import type { JsonObject } from "../../dialect.ts";
import { packThought } from "./thought.ts";

/** What is said while a model answers. */
export type ContentEvent = Exclude<GenerationEvent, { readonly kind: "finish" }>;

interface TextItem {
  readonly kind: "message" | "reasoning";
  readonly id: string;
  text: string;
}

interface CallItem {
  readonly kind: "function_call";
  readonly id: string;
  readonly call: { readonly id: string; readonly name: string; arguments: string };
}

type Status = "in_progress" | "completed" | "incomplete";

/** How ids and thoughts are to be written. */
export interface OutputItemOptions {
  /** Part of every id, so that none comes twice. */
  readonly requestId: string;
  /** Thoughts also come in the form in which they can be sent back. */
  readonly packThoughts: boolean;
}

const textPart = (text: string): JsonObject => ({ type: "output_text", text, annotations: [], logprobs: [] });
const summaryPart = (text: string): JsonObject => ({ type: "summary_text", text });

/** Gathers a response's output. The events it gives lack their sequence number. */
export class OutputItems {
  /** The items that are done. */
  readonly items: StoredItem[] = [];
  readonly #options: OutputItemOptions;
  #open: TextItem | CallItem | null = null;

  constructor(options: OutputItemOptions) {
    this.#options = options;
  }

  add(event: ContentEvent): JsonObject[] {
    switch (event.kind) {
      case "text":
      case "reasoning":
        return event.text === "" ? [] : this.#addText(event.kind === "text" ? "message" : "reasoning", event.text);
      case "tool_call_start":
        return [...this.close(), ...this.#openCall(event.id, event.name)];
      case "tool_call_arguments":
        return event.text === "" ? [] : this.#addArguments(event.text);
    }
  }

  /** Ends the item that is open. `cut`: the token limit did; a call that cannot be run is then left out, for clients run what they are told of. */
  close(cut = false): JsonObject[] {
    const open = this.#open;
    if (open === null) return [];
    if (open.kind === "function_call") return this.#closeCall(open, cut);
    this.#open = null;
    return [...this.#textDone(open), this.#itemDone(this.#textItem(open, cut ? "incomplete" : "completed"))];
  }

  get #index(): number {
    return this.items.length;
  }

  #id(prefix: string): string {
    return `${prefix}_${this.#options.requestId}_${this.#index}`;
  }

  #itemDone(item: StoredItem): JsonObject {
    const done = { type: "response.output_item.done", output_index: this.#index, item };
    this.items.push(item);
    return done;
  }

  #addText(kind: TextItem["kind"], text: string): JsonObject[] {
    const before = this.#open?.kind === kind ? [] : [...this.close(), ...this.#openText(kind)];
    const open = this.#open;
    assert(open?.kind === kind, "text is added to an item of its kind");
    open.text += text;
    const delta =
      kind === "message"
        ? { type: "response.output_text.delta", item_id: open.id, output_index: this.#index, content_index: 0, delta: text, logprobs: [] }
        : { type: "response.reasoning_summary_text.delta", item_id: open.id, output_index: this.#index, summary_index: 0, delta: text };
    return [...before, delta];
  }

  #openText(kind: TextItem["kind"]): JsonObject[] {
    const open: TextItem = { kind, id: this.#id(kind === "message" ? "msg" : "rs"), text: "" };
    this.#open = open;
    const place = { item_id: open.id, output_index: this.#index };
    const part =
      kind === "message"
        ? { type: "response.content_part.added", ...place, content_index: 0, part: textPart("") }
        : { type: "response.reasoning_summary_part.added", ...place, summary_index: 0, part: summaryPart("") };
    return [{ type: "response.output_item.added", output_index: this.#index, item: this.#textItem(open, "in_progress") }, part];
  }

  #textItem({ kind, id, text }: TextItem, status: Status): StoredItem {
    const begun = status !== "in_progress";
    if (kind === "message") return { type: "message", id, status, role: "assistant", content: begun ? [textPart(text)] : [] };
    return {
      type: "reasoning",
      id,
      status,
      summary: begun ? [summaryPart(text)] : [],
      ...(begun ? { content: [{ type: "reasoning_text", text }] } : {}),
      encrypted_content: begun && this.#options.packThoughts ? packThought(text) : null,
    };
  }

  #textDone({ kind, id, text }: TextItem): JsonObject[] {
    const place = { item_id: id, output_index: this.#index };
    if (kind === "reasoning") {
      return [
        { type: "response.reasoning_summary_text.done", ...place, summary_index: 0, text },
        { type: "response.reasoning_summary_part.done", ...place, summary_index: 0, part: summaryPart(text) },
      ];
    }
    return [
      { type: "response.output_text.done", ...place, content_index: 0, text, logprobs: [] },
      { type: "response.content_part.done", ...place, content_index: 0, part: textPart(text) },
    ];
  }

  #openCall(callId: string, name: string): JsonObject[] {
    const open: CallItem = { kind: "function_call", id: this.#id("fc"), call: { id: callId, name, arguments: "" } };
    this.#open = open;
    return [{ type: "response.output_item.added", output_index: this.#index, item: this.#callItem(open, "in_progress") }];
  }

  #callItem({ id, call }: CallItem, status: Status): StoredItem {
    return { type: "function_call", id, call_id: call.id, name: call.name, arguments: call.arguments, status };
  }

  #addArguments(text: string): JsonObject[] {
    const open = this.#open;
    assert(open?.kind === "function_call", "arguments of a tool call came before its start");
    open.call.arguments += text;
    return [{ type: "response.function_call_arguments.delta", item_id: open.id, output_index: this.#index, delta: text }];
  }

  #closeCall(open: CallItem, cut: boolean): JsonObject[] {
    if (cut && !hasWholeArguments(open.call)) {
      this.#open = null;
      return [];
    }
    // A call without arguments says so with an empty object, which clients can parse.
    const bare = open.call.arguments.trim() === "" ? this.#addArguments("{}") : [];
    this.#open = null;
    const { name, arguments: text } = open.call;
    const done = { type: "response.function_call_arguments.done", item_id: open.id, output_index: this.#index, name, arguments: text };
    return [...bare, done, this.#itemDone(this.#callItem(open, "completed"))];
  }
}
