/** One connection to a server, given up when it falls silent. */
import { codeOf, type RemoteAnswer, type RemoteFile, requestRemote, TransientError } from "./remote-file.ts";

/** A connection that is silent this long is given up and opened anew. */
const STALL_MS = 60_000;

/**
 * Asks for a file and reads the answer. `read` calls `alive` whenever data has come.
 * Throws what `requestRemote` and `read` throw, and TransientError for silence.
 */
export async function connect<T>(
  remote: RemoteFile,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  read: (answer: RemoteAnswer, alive: () => void) => Promise<T>,
): Promise<T> {
  const stall = new AbortController();
  const watchdog = setTimeout(() => stall.abort(new TransientError(`no data for ${STALL_MS / 1000} seconds`)), STALL_MS);
  try {
    const answer = await requestRemote(remote, headers, AbortSignal.any([signal, stall.signal]));
    return await read(answer, () => void watchdog.refresh());
  } catch (cause) {
    if (!stall.signal.aborted || signal.aborted) throw cause;
    throw stall.signal.reason as TransientError;
  } finally {
    clearTimeout(watchdog);
  }
}

/** The body, piece by piece. Throws TransientError when the connection breaks. */
export async function* streamOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (cause) {
    throw new TransientError(`the connection broke (${codeOf(cause)})`, null, cause);
  }
}
