/** What the API description says of the status route. */
import { type TSchema, Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import { object, oneOf } from "../schema.ts";

const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: "date-time" });
const Bytes = Type.Integer();

const Model = object({
  id: Type.String({ description: "The name it was last asked for by." }),
  base_id: Type.String({ description: "What is loaded, without adapters." }),
  state: oneOf(["loading", "idle", "running"]),
  slots: orNull(Type.Integer({ description: "Copies that are open side by side." })),
  lanes: orNull(Type.Integer({ description: "Prompts that each of them runs together." })),
  memory_bytes: orNull(Type.Integer({ description: "Of its processes; while it loads an estimate." })),
  file_bytes: orNull(Bytes),
  context_length: orNull(Type.Integer()),
  context_used: orNull(Type.Number({ description: "Part of its contexts that running requests fill, 0 to 1." })),
  runtime_version: orNull(Type.String()),
  pinned: orNull(Type.Boolean()),
  waiting: Type.Integer(),
  running: Type.Integer(),
  loaded_at: orNull(Time),
  expires_at: orNull(Time),
});

const Sample = object({
  time: Time,
  requests: Type.Integer({ description: "That ended in it." }),
  tokens_per_s: Type.Number({ description: "Generated." }),
  prompt_tokens_per_s: Type.Number({ description: "Computed for prompts whose answer ended in it." }),
  ttft_s: orNull(Type.Number({ description: "Mean time to the first tokens that came in it." })),
});

const Cache = object({
  entries: Type.Integer(),
  bytes: Bytes,
  bytes_max: Bytes,
  bytes_written_today: Bytes,
  hits: Type.Integer(),
  misses: Type.Integer(),
  passed: Type.Integer(),
  tokens_saved: Type.Integer(),
  ms_saved: Type.Integer(),
});

const Npu = object({
  frequency_hz: orNull(Type.Integer()),
  frequency_max_hz: orNull(Type.Integer()),
  load: orNull(Type.Number({ description: "0 to 1, the mean of its cores; null where only the superuser may read it." })),
  cores: Type.Array(Type.Number()),
});

const Failure = object({
  time: Time,
  request_id: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  model: orNull(Type.String()),
  message: Type.String({ description: "Never text of a prompt or an answer." }),
});

const LEVELS = ["ok", "warning", "failure"] as const;
const Finding = object({ check: Type.String(), level: oneOf(LEVELS), text: Type.String(), fix: orNull(Type.String()) });

const Status = object({
  object: Type.Literal("status"),
  version: Type.String(),
  uptime_s: Type.Integer(),
  time: Time,
  draining: Type.Boolean(),
  queue: object({
    waiting: Type.Integer({ description: "For their model or their turn." }),
    running: Type.Integer(),
    models: Type.Array(object({ id: Type.String(), waiting: Type.Integer(), running: Type.Integer() })),
  }),
  models: Type.Array(Model, { description: "Loaded ones, then those that are being loaded." }),
  throughput: object({
    sample_s: Type.Integer(),
    samples: Type.Array(Sample, { description: "The oldest first, without gaps; the last one is still going on." }),
  }),
  totals: object({
    requests: Type.Integer(),
    failed: Type.Integer(),
    prompt_tokens: Type.Integer(),
    cached_tokens: Type.Integer(),
    generated_tokens: Type.Integer(),
  }),
  prompt_cache: Cache,
  npu: orNull(Npu),
  temperatures: Type.Array(object({ sensor: Type.String(), celsius: Type.Number() })),
  cpu: Type.Array(object({ cores: Type.String(), frequency_hz: orNull(Type.Integer()), frequency_max_hz: orNull(Type.Integer()) })),
  memory: object({
    total_bytes: orNull(Bytes),
    available_bytes: orNull(Bytes),
    gateway_bytes: Bytes,
    hosts_bytes: orNull(Bytes),
  }),
  errors: Type.Array(Failure, { description: "Failures of the server and of its capacity, the newest first." }),
  doctor: object({
    level: oneOf(LEVELS),
    checked_at: Time,
    sections: Type.Array(object({ title: Type.String(), findings: Type.Array(Finding) })),
  }),
});

/** GET /v1/status. */
export const STATUS_DETAIL = routeDetail("Operations", "getStatus", "What the server does, and what it runs on", {
  200: jsonReply("What this machine cannot say is null.", Status),
});
