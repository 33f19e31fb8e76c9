/** What a conversation is made of, as it is kept and exported. */

/** A function the model calls. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it. */
  readonly arguments: string;
}

/** What an answer took. */
export interface Figures {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** Generated tokens per second. */
  readonly tokensPerS: number;
  /** From sending to the first token, as this page saw it, ms. */
  readonly firstTokenMs: number;
}

/** How an answer ended; `stopped` is by the person. */
export type Ending = "stop" | "length" | "tool_calls" | "stopped" | "failed";

/** One message. Absent fields do not apply to its role. */
export interface Message {
  readonly id: string;
  readonly role: "user" | "assistant" | "tool";
  readonly content: string;
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** On tool messages: the call it answers. */
  readonly toolCallId?: string;
  /** Who answered. */
  readonly model?: string;
  readonly figures?: Figures;
  /** Absent while the answer is being made. */
  readonly ending?: Ending;
  /** What went wrong, in the server's words. */
  readonly error?: string;
  /** What the server says of how it took the request. */
  readonly note?: string;
}

/** What shapes the answers. "" leaves a parameter to the model. */
export interface ChatSettings {
  readonly system: string;
  readonly temperature: string;
  readonly topP: string;
  readonly topK: string;
  readonly repeatPenalty: string;
  readonly tokensMax: string;
  readonly thinking: "auto" | "on" | "off";
  readonly json: boolean;
  /** Functions the model may call: a JSON array in OpenAI's form, or "". */
  readonly tools: string;
}

/** Everything left to the model. */
export const PLAIN_SETTINGS: ChatSettings = {
  system: "",
  temperature: "",
  topP: "",
  topK: "",
  repeatPenalty: "",
  tokensMax: "",
  thinking: "auto",
  json: false,
  tools: "",
};

/** Whether everything is left to the model. */
export function isPlain(settings: ChatSettings): boolean {
  return (Object.keys(PLAIN_SETTINGS) as (keyof ChatSettings)[]).every((key) => settings[key] === PLAIN_SETTINGS[key]);
}

/** A conversation. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly settings: ChatSettings;
  readonly messages: readonly Message[];
}

/** A new id. Not crypto.randomUUID, which a page has only over https. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const TITLE_LENGTH_MAX = 60;

/** What a conversation is called: how it began. */
export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > TITLE_LENGTH_MAX ? `${line.slice(0, TITLE_LENGTH_MAX - 1)}…` : line;
}
