/** What an answer has to be, beside free text: calls that fit their functions, JSON that fits its schema. Made once for a request. */
import { compileFormat, compileSchema, type JsonSchema } from "../chat/json/json-schema.ts";
import { AppError } from "../core/errors.ts";
import type { GenerationRequest, ToolDefinition } from "../core/generation.ts";

/** The demands of one request. */
export interface Demand {
  readonly tools: readonly ToolDefinition[];
  /** No answer without a call. */
  readonly mustCall: boolean;
  /** The only function that may be called; null for any. */
  readonly onlyFunction: string | null;
  /** The answer ends with its first call. */
  readonly oneCall: boolean;
  /** The answer is JSON, unless it is a call; null for free text. */
  readonly json: { readonly schema: JsonSchema | null; readonly objectOnly: boolean } | null;
  /** What is wrong with a call, as the middle of a sentence; null for one that can be made. */
  callFault(name: string, argumentsText: string): string | null;
}

/** Throws AppError invalid_request for a schema that is none, and for demands that exclude each other. */
export function demandOf({ input, responseFormat }: GenerationRequest): Demand {
  if (input.kind !== "chat") return { ...FREE, json: jsonDemand(responseFormat) };
  if (input.continueLast === true && (responseFormat !== undefined || (input.toolChoice ?? AUTO).mode !== "auto")) {
    throw new AppError(
      "invalid_request",
      "An answer that goes on with the last message cannot be made to be a call or JSON. Leave one of them out.",
    );
  }
  const choice = input.toolChoice ?? AUTO;
  const schemas = new Map<string, JsonSchema | null>();
  const schemaOf = (tool: ToolDefinition): JsonSchema | null => {
    let schema = schemas.get(tool.name);
    if (schema === undefined) schemas.set(tool.name, (schema = lenientSchema(tool)));
    return schema;
  };
  return {
    tools: input.tools,
    mustCall: choice.mode !== "auto",
    onlyFunction: choice.mode === "function" ? choice.name : null,
    oneCall: choice.mode === "function" || input.parallelToolCalls === false,
    json: jsonDemand(responseFormat),
    callFault(name, argumentsText) {
      const tool = input.tools.find((offered) => offered.name === name);
      // One that was not offered is the client's to refuse: it can tell the model what there is.
      return tool === undefined ? null : (schemaOf(tool)?.fault(JSON.parse(argumentsText)) ?? null);
    },
  };
}

const AUTO = { mode: "auto" } as const;
const FREE: Demand = { tools: [], mustCall: false, onlyFunction: null, oneCall: false, json: null, callFault: () => null };

function jsonDemand(format: GenerationRequest["responseFormat"]): Demand["json"] {
  if (format === undefined) return null;
  if (format.kind === "json_object") return { schema: null, objectOnly: true };
  return { schema: compileFormat(format), objectOnly: false };
}

/** Parameters are for the model and the client to agree on: a schema that cannot be read checks nothing. */
function lenientSchema({ parameters }: ToolDefinition): JsonSchema | null {
  try {
    return parameters === undefined ? null : compileSchema(parameters, "tools");
  } catch (thrown) {
    if (thrown instanceof AppError) return null;
    throw thrown;
  }
}
