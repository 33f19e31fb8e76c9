/** What is wrong with a reply of Ollama's routes. */
import { Type } from "@sinclair/typebox";
import type { TObject, TProperties } from "@sinclair/typebox";
import { OllamaEmbedBody, OllamaEmbeddingsBody } from "../../src/api/ollama/embed-schema.ts";
import { OllamaCopyBody, OllamaCreateBody, OllamaDeleteBody, OllamaPullBody } from "../../src/api/ollama/library/schema.ts";
import { OllamaChatBody, OllamaGenerateBody } from "../../src/api/ollama/schema.ts";
import { ShowBody } from "../../src/api/ollama/show-schema.ts";
import type { Reply, Target } from "./bodies.ts";

type Json = Readonly<Record<string, unknown>>;

/** A body without a model is refused at once, and nothing more would be tried: here it mostly has the name of one, and something to do. */
function asking(schema: TObject, work: TProperties): TObject {
  const properties = { ...schema.properties, model: Type.Literal("qwen3-0.6b"), ...work };
  return { ...schema, required: ["model", ...Object.keys(work)], properties };
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}

function isError(value: Json): boolean {
  return typeof value["error"] === "string" && value["error"] !== "" && Object.keys(value).length === 1;
}

function isPiece(value: Json): boolean {
  const message = value["message"];
  const text = typeof message === "object" && message !== null ? (message as Json)["content"] : value["response"];
  return typeof text === "string" && typeof value["done"] === "boolean" && typeof value["model"] === "string" && !("error" in value);
}

/** Answers: lines of which the last alone is done, or one object. */
function answerFault({ status, type, text }: Reply): string | null {
  if (status >= 400) return isError(parsed(text)) ? null : "the error has another form";
  const lines = text.split("\n");
  if (type.startsWith("application/x-ndjson")) {
    if (lines.pop() !== "") return "the last line has no end";
  } else if (lines.length > 1) return "the answer is more than a line";
  const pieces = lines.map(parsed);
  if (!pieces.every(isPiece)) return "a line has another form";
  return pieces.every(({ done }, index) => done === (index === pieces.length - 1)) ? null : "the end is not where it should be";
}

/** Lines or one object, each with a status, or nothing at all. */
function statusFault({ status, text }: Reply): string | null {
  if (status >= 400) return isError(parsed(text)) ? null : "the error has another form";
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map(parsed).every((line) => typeof line["status"] === "string") ? null : "a line has another form";
}

/** One object that has these fields. */
function objectFault(fields: readonly string[]): (reply: Reply) => string | null {
  return ({ status, text }) => {
    const reply = parsed(text);
    if (status >= 400) return isError(reply) ? null : "the error has another form";
    return fields.every((field) => field in reply) ? null : "the reply has another form";
  };
}

const TEXTS = Type.Union([Type.String(), Type.Array(Type.String())]);

/** Ollama's routes. */
export const OLLAMA_TARGETS: readonly Target[] = [
  { path: "/api/chat", body: asking(OllamaChatBody, { messages: OllamaChatBody.properties.messages }), fault: answerFault },
  { path: "/api/generate", body: asking(OllamaGenerateBody, { prompt: OllamaGenerateBody.properties.prompt }), fault: answerFault },
  { path: "/api/embed", body: asking(OllamaEmbedBody, { input: TEXTS }), fault: objectFault(["model", "embeddings"]) },
  { path: "/api/embeddings", body: asking(OllamaEmbeddingsBody, {}), fault: objectFault(["embedding"]) },
  { path: "/api/show", body: asking(ShowBody, {}), fault: objectFault(["modelfile", "details", "model_info", "capabilities"]) },
  { path: "/api/create", body: asking(OllamaCreateBody, { from: Type.String({ minLength: 1 }) }), fault: statusFault },
  { path: "/api/pull", body: asking(OllamaPullBody, {}), fault: statusFault },
  { path: "/api/copy", body: OllamaCopyBody, fault: statusFault },
  { path: "/api/delete", method: "DELETE", body: asking(OllamaDeleteBody, {}), fault: statusFault },
];
