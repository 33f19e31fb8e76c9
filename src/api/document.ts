/** The generated parts of docs/api/: tables of request fields, each between two comments in a page that is written by hand. */
import type { TObject } from "@sinclair/typebox";
import { assert } from "../core/errors.ts";
import { MessagesBody } from "./anthropic/schema.ts";
import { fieldTable } from "./field-table.ts";
import { OllamaEmbedBody, OllamaEmbeddingsBody } from "./ollama/embed-schema.ts";
import { OllamaCreateBody, OllamaPullBody } from "./ollama/library/schema.ts";
import { OllamaChatBody, OllamaGenerateBody, OllamaOptions } from "./ollama/schema.ts";
import { ShowBody } from "./ollama/show-schema.ts";
import { ChatBody } from "./openai/chat-schema.ts";
import { CompletionBody } from "./openai/completion-schema.ts";
import { EmbeddingBody, RerankBody } from "./openai/embeddings/schema.ts";
import { ResponseBody } from "./openai/responses/schema.ts";

/** Pages with tables, by path from the repository's root. */
export const API_PAGES = [
  "docs/api/openai.md",
  "docs/api/anthropic.md",
  "docs/api/embeddings.md",
  "docs/api/responses.md",
  "docs/api/ollama.md",
] as const;

const OLLAMA_BODIES = [
  OllamaChatBody,
  OllamaGenerateBody,
  OllamaOptions,
  OllamaEmbedBody,
  OllamaEmbeddingsBody,
  ShowBody,
  OllamaCreateBody,
  OllamaPullBody,
];
const BODIES: readonly TObject[] = [ChatBody, CompletionBody, EmbeddingBody, RerankBody, ResponseBody, MessagesBody, ...OLLAMA_BODIES];

const TABLE = /(<!-- fields of (\w+) -->\n)[^]*?(<!-- end of fields -->)/g;

/** A page with its tables as the schemas are now: `<!-- fields of ChatCompletionRequest -->` names a schema by its title. */
export function withTables(page: string): string {
  return page.replaceAll(TABLE, (_all, before: string, title: string, after: string) => {
    const body = BODIES.find((schema) => schema.title === title);
    assert(body !== undefined, `a page asks for the fields of ${title}, which is no request`);
    return `${before}\n${fieldTable(body)}\n\n${after}`;
  });
}
