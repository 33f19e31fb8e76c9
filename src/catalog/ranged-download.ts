/** Fills a file over several connections at once, each taking up its own stretch where it broke. */
import { AppError } from "../core/errors.ts";
import { connect, streamOf } from "./connection.ts";
import { requireSpace } from "./disk-space.ts";
import type { DownloadOptions } from "./download.ts";
import type { Downloaded } from "./partial-file.ts";
import type { RangedFile, Stretch } from "./ranged-file.ts";
import { type RemoteAnswer, type RemoteFile, TransientError } from "./remote-file.ts";
import { withRetries } from "./retries.ts";

/** Connections to one server at a time. */
const CONNECTIONS = 4;

/** The server sends the whole file where a part was asked for, or another version of it. */
export class RangesRefused extends Error {
  override readonly name = "RangesRefused";
}

/** A stretch shared out among the connections. */
export function splitStretch({ next, end }: Stretch): readonly Stretch[] {
  const cut = (index: number): number => next + Math.floor(((end - next) * index) / CONNECTIONS);
  return Array.from({ length: CONNECTIONS }, (_, index) => ({ next: cut(index), end: cut(index + 1) }));
}

/** A download that is given up for now. */
export function failedFor(file: string, reason: string): AppError {
  const hint = "What has been downloaded is kept; run the same command again to go on.";
  return new AppError("download_failed", `Cannot download ${file}: ${reason}. ${hint}`);
}

/** Downloads what is missing. Throws what `download` throws, and RangesRefused when the file was thrown away. */
export async function downloadStretches(remote: RemoteFile, file: RangedFile, options: DownloadOptions): Promise<Downloaded> {
  const expected = options.sha256?.toLowerCase() ?? file.facts.sha256;
  const { totalBytes } = file.facts;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  try {
    await requireSpace(file.path, totalBytes - file.bytes);
    options.onProgress({
      kind: "start",
      file: options.file,
      totalBytes,
      resumedBytes: file.bytes,
      ...(expected === null ? {} : { sha256: expected }),
    });
    // All of them have to have ended before the file is closed.
    await Promise.allSettled(
      file.stretches.map((stretch) =>
        fillStretch(remote, file, stretch, { ...options, signal }).catch((cause: unknown) => failed.abort(cause)),
      ),
    );
    if (failed.signal.aborted) throw failed.signal.reason;
    return await file.finish(expected, options.file);
  } catch (cause) {
    if (cause instanceof RangesRefused) await file.discard();
    else await file.save().catch(() => undefined);
    throw cause;
  } finally {
    await file.close();
  }
}

async function fillStretch(remote: RemoteFile, file: RangedFile, stretch: Stretch, options: DownloadOptions): Promise<void> {
  const { totalBytes, etag } = file.facts;
  const attempt = async (): Promise<void> => {
    if (stretch.next === stretch.end) return;
    const headers = { range: `bytes=${stretch.next}-${stretch.end - 1}`, "if-range": etag };
    await connect(remote, headers, options.signal, async (answer, alive) => {
      await requirePart(answer, stretch, file);
      for await (const chunk of streamOf(answer.response)) {
        alive();
        await file.write(stretch, chunk.subarray(0, stretch.end - stretch.next));
        options.onProgress({ kind: "bytes", file: options.file, receivedBytes: file.bytes, totalBytes });
        if (stretch.next === stretch.end) return;
      }
      throw new TransientError("the connection ended early");
    });
  };
  await withRetries(attempt, {
    signal: options.signal,
    wait: options.wait,
    onRetry: (reason, waitMs) => options.onProgress({ kind: "retry", file: options.file, reason, waitMs }),
    failure: (reason) => failedFor(options.file, reason),
    achieved: () => stretch.next,
  });
}

/** Throws RangesRefused unless the answer is the very part that was asked for, of the very file. */
async function requirePart({ response }: RemoteAnswer, stretch: Stretch, file: RangedFile): Promise<void> {
  const { totalBytes, etag } = file.facts;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const same = [null, etag].includes(response.headers.get("etag"));
  if (response.status === 206 && same && Number(range?.[1]) === stretch.next && Number(range?.[2]) === totalBytes) return;
  await response.body?.cancel();
  throw new RangesRefused(same ? "the server sends no parts of the file" : "the file on the server has changed");
}
