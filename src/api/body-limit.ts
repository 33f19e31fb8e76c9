/** How long a body may be. Bun's own limit is for all routes alike, so it is off, and this one stands in its place. */
import { AppError } from "../core/errors.ts";

/** Uploads go to the disk piece by piece; what receives them knows how much room there is. */
const UPLOADS = /^\/api\/blobs\/[^/]+$/;

/** Throws AppError body_too_large for a body that says that it is too long; one that does not say is cut off, with the same error, where it becomes so. */
export function limitBody(request: Request, path: string, bytesMax: number): Request {
  if (UPLOADS.test(path) || request.body === null) return request;
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) <= bytesMax) return request;
    throw new AppError("body_too_large", `The request body has ${length} bytes; at most ${bytesMax} are taken.`);
  }
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) controller.enqueue(chunk);
      else controller.error(new AppError("body_too_large", `The request body is too large: at most ${bytesMax} bytes are taken.`));
    },
  });
  return new Request(request.url, { method: request.method, headers: request.headers, body: request.body.pipeThrough(counted) });
}
