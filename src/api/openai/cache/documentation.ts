/** What the API description says of the cache's routes. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../../route-detail.ts";
import { object } from "../../schema.ts";

const TAG = "Management";

const Entry = object({
  model: Type.String(),
  tokens: Type.Integer(),
  bytes: Type.Integer(),
  pinned: Type.Boolean({ description: "It was made by POST /v1/cache/warm, and goes last where there is no room." }),
  hits: Type.Integer(),
  created_at: Type.String(),
  used_at: Type.String(),
});

const Cache = object({
  object: Type.Literal("cache"),
  bytes: Type.Integer(),
  bytes_max: Type.Integer(),
  bytes_written_today: Type.Integer({ description: "Since midnight, UTC." }),
  hits: Type.Integer({ description: "Prompts that went on from a file, since the server started." }),
  misses: Type.Integer({ description: "Prompts long enough for a file, for which there was none." }),
  passed: Type.Integer({
    description:
      "Prompts for which there was one that was not read: that would have taken too long, or is not known to be safe after an abort.",
  }),
  tokens_saved: Type.Integer({ description: "Read in place of being computed." }),
  ms_saved: Type.Integer({ description: "What that spared, by the speed that was measured." }),
  entries: Type.Array(Entry),
});

/** GET /v1/cache. */
export const CACHE_DETAIL = routeDetail(TAG, "getCache", "What is kept of prompts on disk, and what it was good for", {
  200: jsonReply("The entries last used come first.", Cache),
});

/** DELETE /v1/cache. */
export const CLEAR_DETAIL = routeDetail(TAG, "clearCache", "Deletes what is kept of prompts, or with ?model= that of one model", {
  200: jsonReply("How many files were deleted.", object({ object: Type.Literal("cache"), deleted: Type.Integer() })),
});

/** POST /v1/cache/warm. */
export const WARM_DETAIL = routeDetail(TAG, "warmCache", "Computes the beginning of conversations and keeps it on disk", {
  200: jsonReply(
    "It is kept, or was already (bytes 0). A prompt of fewer than 64 tokens is refused, and so is what has no room.",
    object({
      object: Type.Literal("cache.entry"),
      model: Type.String(),
      tokens: Type.Integer(),
      bytes: Type.Integer({ description: "Written for it." }),
      ms: Type.Integer(),
    }),
  ),
});
