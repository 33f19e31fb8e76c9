/** A server's HTTP API as the commands use it: Ollama's routes, and two of our own that other servers lack. */
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { ndjsonLines } from "./ndjson-lines.ts";
import type { ServerPlace } from "./place.ts";

/** Codes that decide what a command does next; whatever else goes wrong is told in the server's words. */
const CODES: Readonly<Record<number, ErrorCode>> = { 400: "invalid_request", 401: "unauthorized", 403: "forbidden", 404: "not_found" };

/** What a request may say beside its body. */
export interface RequestOptions {
  readonly method?: string;
  readonly signal?: AbortSignal;
}

/** Speaks with one server. Every method throws AppError: with the server's own words, or that it cannot be reached. */
export class ServerClient {
  readonly place: ServerPlace;

  constructor(place: ServerPlace) {
    this.place = place;
  }

  /** A GET. */
  async get<T>(path: string): Promise<T> {
    return (await this.send(path, undefined, {})).json() as Promise<T>;
  }

  /** A request with a body, whose reply is one object. */
  async post<T>(path: string, body: object, options: RequestOptions = {}): Promise<T> {
    return (await this.send(path, JSON.stringify(body), options)).json() as Promise<T>;
  }

  /** A request whose reply is a stream of objects. A line that is an error ends it by being thrown. */
  async *stream<T extends { readonly error?: string }>(
    path: string,
    body: object,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const response = await this.send(path, JSON.stringify(body), signal === undefined ? {} : { signal });
    try {
      for await (const line of ndjsonLines<T>(response)) {
        if (line.error !== undefined) throw new AppError("runtime_error", line.error);
        yield line;
      }
    } catch (thrown) {
      if (thrown instanceof AppError || signal?.aborted === true) throw thrown;
      throw new AppError("engine_lost", `${this.place.url} closed the connection in the middle of its answer.`, { cause: thrown });
    }
  }

  /** Any request. The reply's status is one of success. */
  async send(path: string, body: string | ReadableStream<Uint8Array> | undefined, { method, signal }: RequestOptions): Promise<Response> {
    const response = await this.#fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    const words = messageIn(await response.text());
    if (response.status === 401) throw new AppError("unauthorized", this.#keyFault());
    throw new AppError(
      CODES[response.status] ?? "runtime_error",
      words === "" ? `The server answered with status ${response.status}.` : words,
    );
  }

  async #fetch(path: string, init: BunFetchRequestInit): Promise<Response> {
    const { url, key } = this.place;
    try {
      return await fetch(url + path, {
        ...init,
        headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
        // Loading a model may take minutes of silence.
        timeout: false,
      });
    } catch (thrown) {
      if (init.signal?.aborted === true) throw thrown;
      const { code = "", message } = thrown as NodeJS.ErrnoException;
      throw new AppError("not_found", `${url} does not answer (${code === "" ? message : code}).`, { cause: thrown });
    }
  }

  #keyFault(): string {
    const { url, key } = this.place;
    const how = "Set one with ROCKCHIP_LLAMA_API_KEY; `rockchip-llama keys add <name>` makes it, on the server's machine.";
    return `${url} wants an API key, and ${key === null ? "none is set here" : "the one that is set here is none of its keys"}. ${how}`;
  }
}

/** The words of an error reply, in Ollama's form or OpenAI's. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: string | { message?: string } };
    return typeof error === "string" ? error : (error?.message ?? "");
  } catch {
    return "";
  }
}
