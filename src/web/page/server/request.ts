/** Requests to the server this page came from. */
import { ApiError, errorOf } from "./api-error.ts";
import { askForKey, keyHeaders } from "./api-key.ts";

const UNAUTHORIZED = 401;

/** What a request is made of. */
export interface RequestOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Asks the person for a key where one is wanted; false fails instead. */
  readonly askKey?: boolean;
}

/** Makes a request. Throws ApiError, and the abort of the signal. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  for (;;) {
    const response = await send(path, options);
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.status !== UNAUTHORIZED || options.askKey === false || !(await askForKey(error.message))) throw error;
  }
}

/** Makes a request and reads its JSON. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}

async function send(path: string, { method, body, signal }: RequestOptions): Promise<Response> {
  try {
    return await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...keyHeaders(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError("The server does not answer. Is it running, and is this device connected to it?", 0);
  }
}
