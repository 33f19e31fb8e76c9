/** Downloads one file into a partial file, which grows across broken connections, retries and restarts of the program. */
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import { connect, streamOf } from "./connection.ts";
import { requireSpace } from "./disk-space.ts";
import { type Downloaded, PartialFile } from "./partial-file.ts";
import { RangedFile, type Stretch } from "./ranged-file.ts";
import { downloadStretches, failedFor, RangesRefused, splitStretch } from "./ranged-download.ts";
import { type RemoteAnswer, type RemoteFile, TransientError, wholeNumber } from "./remote-file.ts";
import { withRetries } from "./retries.ts";

/** From this size on a file comes over several connections, where the server can do that: most hubs limit each connection. */
const PARALLEL_BYTES_MIN = 64 * 1024 * 1024;

/** How often the room on the disk is looked at while something comes: a server need not say how much that will be. */
const SPACE_CHECK_BYTES = 16 * 1024 * 1024;

/** What happens meanwhile. */
export type DownloadProgress =
  | {
      readonly kind: "start";
      readonly file: string;
      readonly totalBytes: number | null;
      readonly resumedBytes: number;
      /** The file's own, where it is known beforehand. */
      readonly sha256?: string;
    }
  | { readonly kind: "bytes"; readonly file: string; readonly receivedBytes: number; readonly totalBytes: number | null }
  | { readonly kind: "retry"; readonly file: string; readonly reason: string; readonly waitMs: number };

/** How one file is downloaded. */
export interface DownloadOptions {
  /** Name for messages and progress. */
  readonly file: string;
  /** SHA-256 that the file has to have, 64 hex digits; absent: the hub's, where it tells one. */
  readonly sha256?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** Waits between tries; a test need not wait. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A longer file is not wanted; absent: any length is. */
  readonly bytesMax?: number;
  /** In place of PARALLEL_BYTES_MIN. */
  readonly parallelBytesMin?: number;
}

/**
 * Downloads until the file is whole, of the right size, and of the right SHA-256 where one is known.
 * Throws AppError not_found, download_failed (the partial stays for the next time, except where it is proven wrong), body_too_large where it is
 * longer than is wanted, or cancelled.
 */
export async function download(remote: RemoteFile, partialPath: string, options: DownloadOptions): Promise<Downloaded> {
  const { signal, onProgress, file } = options;
  const part = new PartialFile(partialPath, remote.url);
  let parallelBytesMin = options.parallelBytesMin ?? PARALLEL_BYTES_MIN;
  const attempt = async (): Promise<Downloaded> => {
    const ranged =
      (await RangedFile.resume(partialPath, remote.url)) ?? (await attemptWhole(remote, part, { ...options, parallelBytesMin }));
    return ranged instanceof RangedFile ? await downloadStretches(remote, ranged, options) : ranged;
  };
  // A server that promised ranges and gives none is asked for the whole file.
  const settle = (cause: unknown): never => {
    if (!(cause instanceof RangesRefused)) throw cause;
    parallelBytesMin = Number.POSITIVE_INFINITY;
    throw new TransientError(cause.message, 0, cause);
  };
  try {
    return await withRetries(() => attempt().catch(settle), {
      signal,
      wait: options.wait,
      onRetry: (reason, waitMs) => onProgress({ kind: "retry", file, reason, waitMs }),
      failure: (reason) => failedFor(file, reason),
      achieved: () => part.bytes,
    });
  } catch (cause) {
    if (signal.aborted) throw new AppError("cancelled", `The download of ${file} was stopped.`, { cause });
    throw cause;
  }
}

/** One connection: the whole file, or, where several connections can share what is left, the file to be filled by them. */
async function attemptWhole(
  remote: RemoteFile,
  part: PartialFile,
  options: DownloadOptions & { readonly parallelBytesMin: number },
): Promise<Downloaded | RangedFile> {
  const { file, onProgress } = options;
  const etag = await part.open();
  // A silent connection is noticed by a clock alone, so reading back what an earlier run left comes before it starts.
  if (etag !== null) await part.hashAll();
  const headers = etag === null ? {} : { range: `bytes=${part.bytes}-`, "if-range": etag };
  try {
    return await connect(remote, headers, options.signal, async (answer, alive) => {
      const totalBytes = await align(part, answer, etag);
      const sha256 = options.sha256?.toLowerCase() ?? answer.linkedSha256;
      const bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY;
      if ((totalBytes ?? 0) > bytesMax) await tooLarge(part, file, bytesMax);
      await requireSpace(part.path, (totalBytes ?? 0) - part.bytes);
      const stretches = sharedStretches(answer.response, part.bytes, totalBytes, options.parallelBytesMin);
      const strong = strongEtag(answer.response);
      if (stretches !== null && strong !== null && totalBytes !== null) {
        await answer.response.body?.cancel();
        await part.close();
        return RangedFile.begin(part.path, remote.url, { etag: strong, totalBytes, sha256: answer.linkedSha256 }, stretches);
      }
      onProgress({ kind: "start", file, totalBytes, resumedBytes: part.bytes, ...(sha256 === null ? {} : { sha256 }) });
      if (answer.response.status !== 416) {
        let unchecked = 0;
        for await (const chunk of streamOf(answer.response)) {
          alive();
          unchecked += chunk.length;
          if (unchecked >= SPACE_CHECK_BYTES) {
            await requireRoomFor(part, chunk.length, totalBytes);
            unchecked = 0;
          }
          await part.append(chunk);
          if (totalBytes !== null && part.bytes > totalBytes) await tooLong(part, file);
          if (part.bytes > bytesMax) await tooLarge(part, file, bytesMax);
          onProgress({ kind: "bytes", file, receivedBytes: part.bytes, totalBytes });
        }
      }
      if (totalBytes !== null && part.bytes < totalBytes) throw new TransientError("the connection ended early");
      return part.finish(sha256, file);
    });
  } finally {
    await part.close();
  }
}

/** What is left of the file, shared out; null where that is too little, or the server does not say that it can send a part. */
function sharedStretches(response: Response, from: number, totalBytes: number | null, bytesMin: number): readonly Stretch[] | null {
  const ranges = response.status === 206 || (response.status === 200 && response.headers.get("accept-ranges") === "bytes");
  if (!ranges || totalBytes === null || totalBytes - from < bytesMin) return null;
  return splitStretch({ next: from, end: totalBytes });
}

/** Brings the partial file to where the answer's body begins, and returns the whole file's size where it is known. */
async function align(part: PartialFile, { response, linkedBytes }: RemoteAnswer, noted: string | null): Promise<number | null> {
  const encoded = isEncoded(response);
  const etag = encoded ? null : response.headers.get("etag");
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const total = range === null ? null : Number(range[2]);
  if (response.status === 200) {
    await part.restart(etag);
    return linkedBytes ?? (encoded ? null : wholeNumber(response.headers.get("content-length")));
  }
  const whole = response.status === 416 && total === part.bytes;
  const continues = response.status === 206 && Number(range?.[1]) === part.bytes && (etag === null || etag === noted);
  if (whole || continues) return linkedBytes ?? total;
  // The file there is no longer the one this is a part of, or the server counts differently: begin anew.
  await response.body?.cancel();
  await part.discard();
  throw new TransientError("the file on the server has changed", 0);
}

/** A file whose length nobody tells may have no end, and could not be continued: nothing of it is kept. */
async function requireRoomFor(part: PartialFile, bytes: number, totalBytes: number | null): Promise<void> {
  try {
    await requireSpace(part.path, bytes);
  } catch (cause) {
    if (totalBytes === null) await part.discard();
    throw cause;
  }
}

function isEncoded(response: Response): boolean {
  return !["", "identity"].includes(response.headers.get("content-encoding") ?? "");
}

function strongEtag(response: Response): string | null {
  const etag = response.headers.get("etag");
  return etag !== null && /^"[^"]*"$/.test(etag) && !isEncoded(response) ? etag : null;
}

async function tooLong(part: PartialFile, file: string): Promise<never> {
  await part.discard();
  throw new AppError("download_failed", `${file} is longer than the server said it would be. Nothing was kept.`);
}

async function tooLarge(part: PartialFile, file: string, bytesMax: number): Promise<never> {
  await part.discard();
  throw new AppError("body_too_large", `${file} is larger than ${formatBytes(bytesMax)}, which such a file cannot be.`);
}
