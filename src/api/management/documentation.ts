/** What the API description says of the management routes beside their request schemas. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import { object, oneOf } from "../schema.ts";

const TAG = "Management";

const orNull = Type.Union([Type.String(), Type.Null()]);
const time = { description: "ISO 8601." };

const LoadedModel = object({
  id: Type.String({ description: "The name it was last asked for by." }),
  object: Type.Literal("loaded_model"),
  base_id: Type.String({ description: "The model that is loaded, without adapters." }),
  bytes: Type.Integer({ description: "Size of the weights' file." }),
  memory_bytes: Type.Union([Type.Integer(), Type.Null()], { description: "What its process takes; null where it has none of its own." }),
  context_length: Type.Integer({ description: "What prompt and answer may have together." }),
  slots: Type.Integer({ description: "Copies of it that are open side by side." }),
  n_batch: Type.Integer({
    description: "Prompts that each runs together; fewer than configured where the library is not known to do that many.",
  }),
  cpu_count: Type.Integer({ description: "CPU threads of each; of a .gguf one fewer than the machine has cores at most." }),
  runtime_version: Type.String(),
  running: Type.Boolean(),
  queued: Type.Integer(),
  pinned: Type.Boolean(),
  expires_at: Type.Union([Type.String(time), Type.Null()], {
    description: "When it is unloaded if nobody asks for it before; null: not before its place is needed.",
  }),
  loaded_at: Type.String(time),
});

const RUNNABLE = { runnable: Type.Boolean(), unrunnable_reason: orNull };

const AvailableModel = object({
  id: Type.String(),
  object: Type.Literal("model"),
  aliases: Type.Array(Type.String()),
  format: oneOf(["rkllm", "gguf"]),
  runtime: oneOf(["npu", "cpu"]),
  bytes: Type.Integer(),
  context_length: Type.Integer({ description: "The longest that the file allows." }),
  family: Type.String(),
  parameter_size: Type.String(),
  quantization: Type.String(),
  made_from: orNull,
  loaded: Type.Boolean(),
  ...RUNNABLE,
  adapters: Type.Array(object({ id: Type.String(), name: Type.String(), scale: Type.Number(), ...RUNNABLE })),
});

const Setting = object({
  name: Type.String(),
  value: Type.Unknown({ description: "null for a secret." }),
  secret: Type.Optional(Type.Literal(true)),
  is_set: Type.Optional(Type.Boolean({ description: "Of a secret: whether there is one." })),
  source: Type.String({ description: "`default`, a flag, a variable, a file, or `changed while running`." }),
  changeable: Type.Boolean({ description: "PATCH takes it." }),
});

const listOf = (item: typeof LoadedModel | typeof AvailableModel) => object({ object: Type.Literal("list"), data: Type.Array(item) });

/** POST /v1/models/load. */
export const LOAD_DETAIL = routeDetail(TAG, "loadModel", "Loads a model, or changes how a loaded one stays", {
  200: jsonReply("It is loaded.", LoadedModel),
});

/** POST /v1/models/unload. */
export const UNLOAD_DETAIL = routeDetail(TAG, "unloadModel", "Unloads a model when the answers that are being made are done", {
  200: jsonReply(
    "Its memory is free.",
    object({
      id: Type.String(),
      object: Type.Literal("loaded_model"),
      unloaded: Type.Boolean({ description: "false: it was not loaded." }),
    }),
  ),
});

/** GET /v1/models/loaded. */
export const LOADED_DETAIL = routeDetail(TAG, "listLoadedModels", "The models that are loaded", {
  200: jsonReply("In the order in which they were loaded.", listOf(LoadedModel)),
});

/** GET /v1/models/available. */
export const AVAILABLE_DETAIL = routeDetail(TAG, "listAvailableModels", "The models that there are, and whether they can run here", {
  200: jsonReply("The default one first.", listOf(AvailableModel)),
});

/** GET /v1/config. */
export const CONFIG_DETAIL = routeDetail(TAG, "getConfig", "Every setting with its value and where that comes from", {
  200: jsonReply(
    "Secrets are not shown.",
    object({
      object: Type.Literal("config"),
      data: Type.Array(Setting),
      models: object({}, { description: "What single models change, by model." }),
    }),
  ),
});

/** PATCH /v1/config. */
export const CHANGE_CONFIG_DETAIL = routeDetail(TAG, "changeConfig", "Changes settings until the server ends", {
  200: jsonReply(
    "All of them are changed.",
    object({ object: Type.Literal("config"), changed: Type.Array(Setting), persisted: Type.Literal(false), note: Type.String() }),
  ),
});
