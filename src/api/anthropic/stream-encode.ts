/** Streamed answers in the form of Anthropic's Messages API: content blocks one after another, each opened, filled and closed. */
import { assert } from "../../core/errors.ts";
import type { GenerationEvent } from "../../core/generation.ts";
import type { JsonObject, PlainEncoder } from "../dialect.ts";
import { messageObject, stopObject, usageObject } from "./encode.ts";
import type { MessageHeading } from "./encode.ts";

/** The block that is open. */
interface OpenBlock {
  readonly kind: "text" | "thinking" | "tool_use";
  readonly index: number;
  /** Of a call: its number among the calls, and whether any of its arguments have come. */
  readonly call?: number;
  filled: boolean;
}

/** Blocks with their indices: they have no gap, and one is open at a time. */
class BlockWriter {
  #open: OpenBlock | null = null;
  #count = 0;

  /** Objects that make a block of this kind the open one, after which a delta may follow. */
  begin(kind: OpenBlock["kind"], block: JsonObject, call?: number): JsonObject[] {
    const before = this.close(true);
    this.#open = { kind, index: this.#count, filled: false, ...(call === undefined ? {} : { call }) };
    this.#count += 1;
    return [...before, { type: "content_block_start", index: this.#open.index, content_block: { type: kind, ...block } }];
  }

  /** The same, unless such a block is open already. */
  continue(kind: "text" | "thinking", block: JsonObject): JsonObject[] {
    return this.#open?.kind === kind ? [] : this.begin(kind, block);
  }

  /** Part of the open block. */
  delta(delta: JsonObject): JsonObject {
    assert(this.#open !== null, "a delta came without a block");
    this.#open.filled = true;
    return { type: "content_block_delta", index: this.#open.index, delta };
  }

  /** Whether this call's block is the open one. */
  isCall(call: number): boolean {
    return this.#open?.call === call;
  }

  /** Objects that close the open block, if there is one. `complete`: a call without arguments gets the empty object that clients can parse. */
  close(complete: boolean): JsonObject[] {
    const block = this.#open;
    if (block === null) return [];
    const last: JsonObject[] = [];
    if (block.kind === "thinking") last.push(this.delta({ type: "signature_delta", signature: "" }));
    if (block.kind === "tool_use" && !block.filled && complete) last.push(this.delta({ type: "input_json_delta", partial_json: "{}" }));
    this.#open = null;
    return [...last, { type: "content_block_stop", index: block.index }];
  }
}

/** Encodes one answer as events. `promptTokens` is what is known before the answer begins; the last event has all counts. */
export function createMessageStreamEncoder(heading: MessageHeading, promptTokens: number): PlainEncoder {
  const blocks = new BlockWriter();

  const finish = (event: GenerationEvent & { kind: "finish" }): JsonObject[] => [
    ...blocks.close(event.reason !== "length"),
    { type: "message_delta", delta: stopObject(event.reason, event.stopSequence), usage: usageObject(event.usage) },
    { type: "message_stop" },
  ];

  return {
    open: () => {
      const usage = usageObject({ promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 });
      const message = messageObject(heading, [], { stop_reason: null, stop_sequence: null, usage });
      return [{ type: "message_start", message }, { type: "ping" }];
    },
    event: (event) => {
      switch (event.kind) {
        case "text":
          if (event.text === "") return [];
          return [...blocks.continue("text", { text: "" }), blocks.delta({ type: "text_delta", text: event.text })];
        case "reasoning":
          if (event.text === "") return [];
          return [
            ...blocks.continue("thinking", { thinking: "", signature: "" }),
            blocks.delta({ type: "thinking_delta", thinking: event.text }),
          ];
        case "tool_call_start":
          return blocks.begin("tool_use", { id: event.id, name: event.name, input: {} }, event.index);
        case "tool_call_arguments":
          if (event.text === "") return [];
          assert(blocks.isCall(event.index), "arguments of a call came outside its block");
          return [blocks.delta({ type: "input_json_delta", partial_json: event.text })];
        case "finish":
          return finish(event);
      }
    },
  };
}
