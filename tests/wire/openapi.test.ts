/** The API description: valid, complete, and the same as what the routes check. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { ask } from "../support/scripted-engine.ts";

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly requestBody?: { readonly content: object } }>>>
  >;
}

async function document(): Promise<Document> {
  return (await (await ask({}, "/swagger/json")).json()) as Document;
}

test("the description is valid OpenAPI 3.1", async () => {
  const described = await document();
  const { valid, errors } = await new Validator().validate({ ...described });
  expect([described.openapi, valid, errors]).toEqual(["3.1.0", true, undefined]);
});

test("it names every documented operation once, and no page or file of ours", async () => {
  const { paths, info } = await document();
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, { operationId }]) => `${verb} ${path} ${operationId}`),
  );
  expect([info.version, operations.toSorted()]).toEqual([
    "9.9.9",
    [
      "delete /api/delete ollamaDelete",
      "delete /v1/cache clearCache",
      "delete /v1/responses/{id} deleteResponse",
      "get /api/ps ollamaPs",
      "get /api/tags ollamaTags",
      "get /api/version ollamaVersion",
      "get /health health",
      "get /health/ready ready",
      "get /metrics metrics",
      "get /v1/cache getCache",
      "get /v1/config getConfig",
      "get /v1/models listModels",
      "get /v1/models/available listAvailableModels",
      "get /v1/models/loaded listLoadedModels",
      "get /v1/models/{id} retrieveModel",
      "get /v1/responses/{id} retrieveResponse",
      "get /v1/responses/{id}/input_items listInputItems",
      "get /v1/status getStatus",
      "patch /v1/config changeConfig",
      "post /api/blobs/{digest} ollamaBlob",
      "post /api/chat ollamaChat",
      "post /api/copy ollamaCopy",
      "post /api/create ollamaCreate",
      "post /api/embed ollamaEmbed",
      "post /api/embeddings ollamaEmbeddings",
      "post /api/generate ollamaGenerate",
      "post /api/pull ollamaPull",
      "post /api/show ollamaShow",
      "post /v1/apply-template applyTemplate",
      "post /v1/cache/warm warmCache",
      "post /v1/chat/completions createChatCompletion",
      "post /v1/completions createCompletion",
      "post /v1/detokenize detokenize",
      "post /v1/embeddings createEmbedding",
      "post /v1/messages createMessage",
      "post /v1/messages/count_tokens countTokens",
      "post /v1/models/load loadModel",
      "post /v1/models/unload unloadModel",
      "post /v1/rerank rerank",
      "post /v1/responses createResponse",
      "post /v1/responses/input_tokens countInputTokens",
      "post /v1/tokenize tokenize",
    ],
  ]);
});

test("request bodies are described as JSON alone, by the schemas that check them", async () => {
  const { paths } = await document();
  expect(paths["/v1/chat/completions"]?.["post"]?.requestBody).toMatchObject({
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["messages"],
          additionalProperties: true,
          properties: {
            messages: {
              type: "array",
              minItems: 1,
              items: { properties: { role: { type: "string", enum: expect.arrayContaining(["user"]) } } },
            },
            temperature: { anyOf: [{ type: "number", minimum: 0, maximum: 2 }, { type: "null" }] },
            logit_bias: { anyOf: [{ type: "object", additionalProperties: { type: "number" } }, { type: "null" }] },
          },
        },
      },
    },
  });
  const bodies = Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ requestBody }) => requestBody?.content ?? []));
  expect([...new Set(bodies.flatMap((content) => Object.keys(content)))]).toEqual(["application/json"]);
});

test("docs/api.md names every route that the description has", async () => {
  const { paths } = await document();
  const page = await Bun.file(join(import.meta.dir, "../../docs/api.md")).text();
  expect(
    Object.keys(paths).filter((path) => !page.includes(`${path.replace("models/{id}", "models/<name>").replace("{id}", "<id>")}\``)),
  ).toEqual([]);
});

test("the page's files are part of the program", async () => {
  const page = await ask({}, "/swagger");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toStartWith("default-src 'self';");
  const files = [...(await page.text()).matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
  const responses = await Promise.all(files.map((path) => ask({}, path)));
  expect(responses.map(({ status, headers }) => [status, headers.get("content-type")])).toEqual([
    [200, "text/css; charset=utf-8"],
    [200, "text/javascript; charset=utf-8"],
    [200, "text/javascript; charset=utf-8"],
  ]);
});
