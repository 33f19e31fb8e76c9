/**
 * Prompts as the library reads them. They are packed on the host's main thread, a client's when it is prepared: its run finds the input ready, and no
 * token id has to travel to the Worker.
 */
import { assert } from "../core/errors.ts";
import type { Abi } from "./native/abi.ts";
import type { NativeArgument, PackedStruct } from "./native/struct-writer.ts";
import { packInputs, packNoInput, packTextInput, packTokenInput } from "./native/structs.ts";
import type { OpenOptions } from "./protocol.ts";

/** What goes into the model: ids, or text where no tokenizer is to be had. */
export type PromptPayload = { readonly kind: "tokens"; readonly ids: Int32Array } | { readonly kind: "text"; readonly text: string };

/** A prompt with its RKLLMInput. */
export interface PackedPrompt {
  readonly payload: PromptPayload;
  readonly input: PackedStruct;
}

/** Packs prompts for one handle. */
export class PromptPacker {
  private readonly abi: Abi;
  private readonly idleLane: OpenOptions["idleLane"];

  constructor(abi: Abi, idleLane: OpenOptions["idleLane"]) {
    this.abi = abi;
    this.idleLane = idleLane;
  }

  /** Throws AppError invalid_request for a text with a NUL. */
  pack(payload: PromptPayload): PackedPrompt {
    const { abi } = this;
    return {
      payload,
      input: payload.kind === "tokens" ? packTokenInput(abi, payload.ids) : packTextInput(abi, payload.text, "user", false),
    };
  }

  /** The inputs of a run, which has to keep them: one for each lane; null for one that has nothing to do. */
  lanes(prompts: readonly (PackedPrompt | null)[]): NativeArgument {
    const present = prompts.find((prompt) => prompt !== null);
    assert(present !== undefined, "a run has a prompt");
    return packInputs(prompts.map((prompt) => prompt?.input ?? this.idle(present.payload)));
  }

  private idle(present: PromptPayload): PackedStruct {
    if (this.idleLane === "nothing") return packNoInput(this.abi);
    return this.pack(present.kind === "tokens" ? { kind: "tokens", ids: present.ids.subarray(0, 1) } : { kind: "text", text: " " }).input;
  }
}
