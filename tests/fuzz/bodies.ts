/** Any body, to every route that takes a conversation or a prompt: the reply is always one that a client can read. */
import type { TObject } from "@sinclair/typebox";
import * as fc from "fast-check";
import { MessagesBody } from "../../src/api/anthropic/schema.ts";
import { ChatBody } from "../../src/api/openai/chat-schema.ts";
import { CompletionBody } from "../../src/api/openai/completion-schema.ts";
import { LoadBody, UnloadBody } from "../../src/api/management/schema.ts";
import { createServer } from "../../src/api/server.ts";
import type { GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { finishEvent, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";
import { anthropicFault } from "./anthropic-fault.ts";
import { changeFault, loadFault, SettingsBody, unloadFault } from "./management-fault.ts";
import { OLLAMA_TARGETS } from "./ollama-fault.ts";
import { AnswerableBody, inputTokensFault, responseFault } from "./response-fault.ts";
import { schemaValues } from "./schema-values.ts";

/** A route, what it takes, and what is wrong with a reply; null where nothing is. */
export interface Target {
  readonly path: string;
  /** Absent: POST. */
  readonly method?: string;
  readonly body: TObject;
  fault(reply: Reply): string | null;
}

/** A reply that has been read to its end. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A reply that takes longer has no end: nothing here waits for anything. */
const REPLY_MS_MAX = 20_000;

/** Routes under attack. */
export const TARGETS: readonly Target[] = [
  { path: "/v1/chat/completions", body: ChatBody, fault: openAiFault },
  { path: "/v1/completions", body: CompletionBody, fault: openAiFault },
  { path: "/v1/responses", body: AnswerableBody, fault: responseFault },
  { path: "/v1/responses/input_tokens", body: AnswerableBody, fault: inputTokensFault },
  { path: "/v1/messages", body: MessagesBody, fault: anthropicFault },
  { path: "/v1/messages/count_tokens", body: MessagesBody, fault: anthropicFault },
  ...OLLAMA_TARGETS,
  { path: "/v1/models/load", body: LoadBody, fault: openAiErrorOr(loadFault) },
  { path: "/v1/models/unload", body: UnloadBody, fault: openAiErrorOr(unloadFault) },
  { path: "/v1/config", method: "PATCH", body: SettingsBody, fault: openAiErrorOr(changeFault) },
];

/** A little of everything that an engine can say to a request. */
async function* everything({ input, stop }: GenerationRequest): AsyncGenerator<GenerationEvent> {
  if (stop.length > 1) yield { kind: "reasoning", text: "Hm." };
  yield { kind: "text", text: "Well, 漢字 😀" };
  const tools = input.kind === "chat" ? input.tools : [];
  for (const [index, { name }] of tools.entries()) {
    yield { kind: "tool_call_start", index, id: `call_${index}`, name };
    if (index % 2 === 0) yield { kind: "tool_call_arguments", index, text: '{"a":1}' };
  }
  const usage = { promptTokens: 11, cachedTokens: 4, completionTokens: 2, reasoningTokens: 1 };
  yield finishEvent({ usage, reason: stop.length % 2 === 1 ? "length" : tools.length > 0 ? "tool_calls" : "stop" });
}

/** JSON, and sometimes what is none. */
function bodies(schema: TObject): fc.Arbitrary<string> {
  const json = schemaValues(schema).map((value) => JSON.stringify(value));
  const cut = fc.tuple(json, fc.nat(200)).map(([text, length]) => text.slice(0, length));
  return fc.oneof({ weight: 97, arbitrary: json }, { weight: 2, arbitrary: cut }, { weight: 1, arbitrary: fc.string() });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** OpenAI's error object has exactly one form. */
function isOpenAiError(value: unknown): boolean {
  const error = isObject(value) ? value["error"] : undefined;
  if (!isObject(error)) return false;
  const orNull = (field: unknown): boolean => field === null || typeof field === "string";
  return (
    typeof error["message"] === "string" &&
    error["message"] !== "" &&
    typeof error["type"] === "string" &&
    orNull(error["param"]) &&
    orNull(error["code"])
  );
}

/** Whether a choice of an answer or of a chunk is one. */
function isChoice(value: unknown): boolean {
  return isObject(value) && Number.isInteger(value["index"]) && "finish_reason" in value;
}

/** OpenAI's form of an error, or what a reply has to be. */
function openAiErrorOr(faultOf: (text: string) => string | null): Target["fault"] {
  return ({ status, text }) => (status < 400 ? faultOf(text) : isOpenAiError(parsed(text)) ? null : "the error has another form");
}

function openAiFault({ status, type, text }: Reply): string | null {
  if (status >= 400) return isOpenAiError(parsed(text)) ? null : "the error has another form";
  if (!type.startsWith("text/event-stream")) {
    const answer = parsed(text);
    const choices = isObject(answer) ? answer["choices"] : undefined;
    return Array.isArray(choices) && choices.length > 0 && choices.every(isChoice) ? null : "the answer has another form";
  }
  const frames = text.split("\n\n").filter((frame) => frame !== "");
  if (frames.pop() !== "data: [DONE]") return "the stream has no end";
  const whole = frames.every((frame) => {
    const chunk = frame.startsWith("data: ") ? parsed(frame.slice(6)) : undefined;
    return isObject(chunk) && Array.isArray(chunk["choices"]) && chunk["choices"].every(isChoice);
  });
  return whole ? null : "a chunk has another form";
}

/** Sends `runs` bodies and throws at the first reply that is not as it has to be; the smallest such body is in the message. */
export async function fuzz({ path, method = "POST", body, fault }: Target, runs: number, seed?: number): Promise<void> {
  const app = createServer(serverOptions(scriptedEngine({ play: everything })));
  const property = fc.asyncProperty(bodies(body), async (text) => {
    const response = await app.handle(new Request(`http://localhost${path}`, { method, body: text }));
    const reply = { status: response.status, type: response.headers.get("content-type") ?? "", text: await response.text() };
    const found = reply.status >= 500 ? `it is a status ${reply.status}` : fault(reply);
    if (found !== null) throw new Error(`A reply cannot be read: ${found}. ${reply.text.slice(0, 500)}`);
  });
  await fc.assert(property, { numRuns: runs, timeout: REPLY_MS_MAX, includeErrorInReport: true, ...(seed === undefined ? {} : { seed }) });
}
