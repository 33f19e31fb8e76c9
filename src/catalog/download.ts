/** Downloads one file into a partial file, which grows across broken connections, retries and restarts of the program. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../core/errors.ts";
import { type Downloaded, PartialFile } from "./partial-file.ts";
import { codeOf, type RemoteAnswer, type RemoteFile, requestRemote, TransientError, wholeNumber } from "./remote-file.ts";

/** Tries in a row without a single new byte. */
const TRIES_MAX = 6;
const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 30_000;
/** A connection that is silent this long is given up and opened anew. */
const STALL_MS = 60_000;
/** Room to leave on the disk for everything else. */
const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

/** What happens meanwhile. */
export type DownloadProgress =
  | { readonly kind: "start"; readonly file: string; readonly totalBytes: number | null; readonly resumedBytes: number }
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
}

/**
 * Downloads until the file is whole, of the right size, and of the right SHA-256 where one is known.
 * Throws AppError not_found, download_failed (the partial stays for the next time, except where it is proven wrong) or cancelled.
 */
export async function download(remote: RemoteFile, partialPath: string, options: DownloadOptions): Promise<Downloaded> {
  const { signal, onProgress, file } = options;
  const wait = options.wait ?? ((ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until }));
  const part = new PartialFile(partialPath, remote.url);
  let tries = 0;
  for (;;) {
    const before = part.bytes;
    try {
      return await attempt(remote, part, options);
    } catch (cause) {
      if (signal.aborted) throw new AppError("cancelled", `The download of ${file} was stopped.`, { cause });
      if (!(cause instanceof TransientError)) throw cause;
      tries = part.bytes > before ? 1 : tries + 1;
      if (tries >= TRIES_MAX) {
        const hint = "What has been downloaded is kept; run the same command again to go on.";
        throw new AppError("download_failed", `Cannot download ${file}: ${cause.message}, ${TRIES_MAX} times in a row. ${hint}`, { cause });
      }
      const waitMs = cause.retryAfterMs ?? Math.min(BACKOFF_MS_MIN * 2 ** (tries - 1), BACKOFF_MS_MAX);
      onProgress({ kind: "retry", file, reason: cause.message, waitMs });
      await wait(waitMs, signal).catch(() => undefined);
      if (signal.aborted) throw new AppError("cancelled", `The download of ${file} was stopped.`);
    }
  }
}

/** One connection. */
async function attempt(remote: RemoteFile, part: PartialFile, options: DownloadOptions): Promise<Downloaded> {
  const { file, onProgress } = options;
  const etag = await part.open();
  // A silent connection is noticed by this clock alone, so reading back what an earlier run left comes before it starts.
  if (etag !== null) await part.hashAll();
  const stall = new AbortController();
  const watchdog = setTimeout(() => stall.abort(new TransientError(`no data for ${STALL_MS / 1000} seconds`)), STALL_MS);
  try {
    const headers = etag === null ? {} : { range: `bytes=${part.bytes}-`, "if-range": etag };
    const answer = await requestRemote(remote, headers, AbortSignal.any([options.signal, stall.signal]));
    const totalBytes = await align(part, answer, etag);
    await requireSpace(part.path, (totalBytes ?? 0) - part.bytes);
    onProgress({ kind: "start", file, totalBytes, resumedBytes: part.bytes });
    if (answer.response.status !== 416) {
      for await (const chunk of bodyOf(answer.response)) {
        watchdog.refresh();
        await part.append(chunk);
        if (totalBytes !== null && part.bytes > totalBytes) await tooLong(part, file);
        onProgress({ kind: "bytes", file, receivedBytes: part.bytes, totalBytes });
      }
    }
    if (totalBytes !== null && part.bytes < totalBytes) throw new TransientError("the connection ended early");
    return await part.finish(options.sha256 ?? answer.linkedSha256, file);
  } catch (cause) {
    if (!stall.signal.aborted || options.signal.aborted) throw cause;
    throw stall.signal.reason as TransientError;
  } finally {
    clearTimeout(watchdog);
    await part.close();
  }
}

/** Brings the partial file to where the answer's body begins, and returns the whole file's size where it is known. */
async function align(part: PartialFile, { response, linkedBytes }: RemoteAnswer, noted: string | null): Promise<number | null> {
  const encoded = !["", "identity"].includes(response.headers.get("content-encoding") ?? "");
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

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (cause) {
    throw new TransientError(`the connection broke (${codeOf(cause)})`, null, cause);
  }
}

async function tooLong(part: PartialFile, file: string): Promise<never> {
  await part.discard();
  throw new AppError("download_failed", `${file} is longer than the server said it would be. Nothing was kept.`);
}

/** Throws AppError download_failed before a disk is filled. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize - DISK_RESERVE_BYTES;
  if (bytes <= free) return;
  const mb = (value: number): string => `${Math.max(Math.ceil(value / 1e6), 0).toLocaleString("en")} MB`;
  throw new AppError(
    "download_failed",
    `Not enough room in ${dirname(path)}: ${mb(bytes)} more are needed, ${mb(free)} are free. Free some space, or use another models folder.`,
  );
}
