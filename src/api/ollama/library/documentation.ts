/** What the API description says of the routes that change which models there are. */
import { Type } from "@sinclair/typebox";
import { jsonReply, type ReplyDescription, routeDetail } from "../../route-detail.ts";
import { object } from "../../schema.ts";

const TAG = "Ollama";

const ErrorObject = object({ error: Type.String() });
const StatusObject = object({
  status: Type.String({ description: "What is being done; `success` on the last line." }),
  digest: Type.Optional(Type.String({ description: "The file that is on its way." })),
  total: Type.Optional(Type.Integer({ description: "Bytes." })),
  completed: Type.Optional(Type.Integer()),
});
const STATUSES: ReplyDescription = {
  description: "What is being done, one object a line, ending in `success` or an `error`; the last object alone with `stream` false.",
  content: { "application/x-ndjson": { schema: StatusObject }, "application/json": { schema: StatusObject } },
};
const EMPTY = (description: string): ReplyDescription => ({ description, content: {} });
const ERRORS = {
  400: jsonReply("The request is wrong, or the model must stay as it is.", ErrorObject),
  404: jsonReply("The model does not exist.", ErrorObject),
};

/** POST /api/create. */
export const CREATE_DETAIL = routeDetail(TAG, "ollamaCreate", "Make a model of another, or of uploaded files", {
  200: STATUSES,
  ...ERRORS,
});

/** POST /api/pull. */
export const PULL_DETAIL = routeDetail(TAG, "ollamaPull", "Get a model from the hub", { 200: STATUSES, ...ERRORS });

/** POST /api/copy. */
export const COPY_DETAIL = routeDetail(TAG, "ollamaCopy", "Give a model a second name", { 200: EMPTY("Done."), ...ERRORS });

/** DELETE /api/delete. */
export const DELETE_DETAIL = routeDetail(TAG, "ollamaDelete", "Unload a model and delete its files", { 200: EMPTY("Done."), ...ERRORS });

/** POST /api/blobs/:digest. */
export const BLOB_DETAIL = routeDetail(TAG, "ollamaBlob", "Upload a file to make a model of", {
  200: EMPTY("It was there already."),
  201: EMPTY("It is kept until a model is made of it, for a day at most."),
  400: jsonReply("The file is not what its digest says.", ErrorObject),
  413: jsonReply("There is not enough room for it.", ErrorObject),
});
