/**
 * The canonical request and the canonical answer. Every dialect decodes into the first and encodes from the second;
 * nothing between the two knows which dialect is being spoken.
 */

/** Who speaks in a chat. `developer` and the like are folded into these by the dialects. */
export type ChatRole = "system" | "user" | "assistant" | "tool";

/** A call the model made, as it stands in the history or in an answer. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it or the client sent it; it may be malformed. */
  readonly arguments: string;
}

/** One turn. Text parts are already joined; a turn without text has content "". */
export interface ChatMessage {
  readonly role: ChatRole;
  readonly content: string;
  readonly name?: string;
  /** What the model thought before it answered (assistant turns). */
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** On tool turns: the call it answers, and the function's name where the client gave it. */
  readonly toolCallId?: string;
}

/** A function the model may call. `parameters` is a JSON Schema, passed to the template unread. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Whether a call must come: never decided by the dialects' "none", which is a request without tools. Absent means auto. */
export type ToolChoice = { readonly mode: "auto" | "required" } | { readonly mode: "function"; readonly name: string };

/** The form an answer must have beside free text. */
export type ResponseFormat =
  | { readonly kind: "json_object" }
  /**
   * `schema` is a JSON Schema: an object, or true for any JSON value. `field` is its place in the request, in the client's own spelling, for
   * errors; `response_format` where it is absent.
   */
  | { readonly kind: "json_schema"; readonly schema: Readonly<Record<string, unknown>> | boolean; readonly field?: string };

/** A conversation, rendered through the model's chat template. */
export interface ChatInput {
  readonly kind: "chat";
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice?: ToolChoice;
  /** false: the answer ends with its first complete call. Absent means true. */
  readonly parallelToolCalls?: boolean;
  /** The last message is the assistant's and unfinished: the model goes on where it ends. The answer holds only what is new. */
  readonly continueLast?: boolean;
}

/** What the model is asked to continue. */
export type GenerationInput =
  | ChatInput
  /**
   * Client text that goes to the model without a template; it is still never control text, but for that of a client which writes the whole
   * prompt, template and all (`markup`).
   */
  | { readonly kind: "completion"; readonly prompt: string; readonly markup?: true }
  /** The text that belongs between two others, for models that were trained to find it. */
  | { readonly kind: "infill"; readonly prefix: string; readonly suffix: string }
  /** Token ids chosen by the client (POST /v1/completions takes them). */
  | { readonly kind: "tokens"; readonly ids: readonly number[] };

/** Whether a model that can think should. `auto` leaves it to the model's template. */
export interface ReasoningChoice {
  readonly mode: "auto" | "on" | "off";
  readonly level?: string;
}

/** The nine sampling values of the runtime; an absent one is filled in by `engine/resolve-options.ts`, nowhere else. */
export interface SamplingOptions {
  readonly temperature?: number;
  /** 0 and less: off. */
  readonly topK?: number;
  readonly topP?: number;
  readonly repeatPenalty?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly mirostat?: number;
  readonly mirostatTau?: number;
  readonly mirostatEta?: number;
}

/** The sampling options as people write them: in every dialect, in the configuration and in messages. */
export const SAMPLING_NAMES = {
  temperature: "temperature",
  topK: "top_k",
  topP: "top_p",
  repeatPenalty: "repeat_penalty",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  mirostat: "mirostat",
  mirostatTau: "mirostat_tau",
  mirostatEta: "mirostat_eta",
} as const satisfies Record<keyof SamplingOptions, string>;

/** All nine sampling values, none absent: the runtime replaces all or none. */
export type Sampling = { readonly [K in keyof SamplingOptions]-?: number };

/** One request for one answer. */
export interface GenerationRequest {
  /** Ours, unique per request; it appears in logs and in x-request-id. */
  readonly id: string;
  /** The name the client used; "" asks for the default model. */
  readonly model: string;
  readonly input: GenerationInput;
  readonly reasoning: ReasoningChoice;
  readonly sampling: SamplingOptions;
  /** Upper bound of generated tokens; absent: as many as fit. Clamped, never refused. 0 means prefill only. */
  readonly tokensMax?: number;
  /** Texts that end the answer and are not part of it. Empty strings are dropped by the dialects. */
  readonly stop: readonly string[];
  /** Absent: free text. For chat, and for completions of a text. */
  readonly responseFormat?: ResponseFormat;
  /**
   * How long the model stays loaded after its last use: 0 unloads it when the answer is done, Infinity keeps it until its place is needed.
   * Absent: what was last said for the loaded model, else what the configuration says.
   */
  readonly keepAliveMs?: number;
  /** Who asks, a key or an address: turns are shared out evenly between clients. */
  readonly client?: string;
  /** When it came, performance.now(): the model is looked up among those that were there then. Absent: now. */
  readonly arrivedMs?: number;
}

/** Why an answer ended: the model was done or met a stop sequence, the token limit, or it called tools. */
export type FinishReason = "stop" | "length" | "tool_calls";

/** Token counts of one answer. */
export interface Usage {
  /** The whole prompt, cached part included. */
  readonly promptTokens: number;
  /** The part of it that the KV cache already held. */
  readonly cachedTokens: number;
  /** All generated tokens, reasoning included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

/** Where the time went, as the runtime itself measured it, and the waiting around it. Milliseconds. */
export interface Timings {
  /** Waiting for the model to load and for a free slot. */
  readonly loadMs: number;
  readonly queueMs: number;
  /** The runtime's own figures; tokens counts what it really computed. */
  readonly prefillTokens: number;
  readonly prefillMs: number;
  readonly decodeTokens: number;
  readonly decodeMs: number;
  /** Peak memory of the engine host as the runtime reports it, MB. */
  readonly memoryMb: number;
  /** From the request's arrival to its end. */
  readonly totalMs: number;
  /** The answer had come to do nothing but repeat itself, and was ended for it. */
  readonly repeated?: true;
}

/** What an answer consists of, in order; `finish` is last and comes exactly once unless the answer fails with an AppError. */
export type GenerationEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "tool_call_start"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: "tool_call_arguments"; readonly index: number; readonly text: string }
  | {
      readonly kind: "finish";
      readonly reason: FinishReason;
      /** The stop sequence that ended the answer; absent where none did. */
      readonly stopSequence?: string;
      readonly usage: Usage;
      readonly timings: Timings;
    };
