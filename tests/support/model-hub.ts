/**
 * A model hub that behaves as it is told: files under /owner/repository/resolve/main/…, with ranges and ETags, and one fault at a time.
 * It speaks plain sockets, because no well-behaved server breaks off in the middle of a body.
 */
import { createServer, type Server, type Socket } from "node:net";

/** A request as it came. */
export interface HubRequest {
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** What goes wrong with one request. */
export type HubFault =
  /** The connection is cut once the client has `received` so many bytes of the body. */
  | { readonly kind: "cut"; readonly bytes: number }
  /** Another Content-Length than the body has; the connection is cut once the client has received the body. */
  | { readonly kind: "length"; readonly bytes: number }
  /** The connection is closed in order after so many bytes of the body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is closed without an answer. */
  | { readonly kind: "hang-up" };

export interface HubFile {
  readonly content: Uint8Array;
  readonly etag?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent here instead. */
  readonly redirect?: string;
  readonly ignoresRange?: boolean;
  /** It is sent without saying how long it is. */
  readonly unsized?: boolean;
}

export class ModelHub implements AsyncDisposable {
  readonly requests: HubRequest[] = [];
  readonly files = new Map<string, HubFile>();
  /** Taken one a request, by path, or by path and first byte asked for (`/x#5000`); then all is well. */
  readonly faults = new Map<string, HubFault[]>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held: { readonly socket: Socket; readonly bytes: number }[] = [];
  #url = "";

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      let head = "";
      socket.on("data", (data: Buffer) => {
        head += data.toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        this.#answer(socket, head);
        head = "";
      });
    });
  }

  static async start(): Promise<ModelHub> {
    const hub = new ModelHub();
    await new Promise<void>((resolve) => hub.#server.listen(0, "127.0.0.1", resolve));
    const address = hub.#server.address();
    if (address === null || typeof address === "string") throw new Error("The hub has no port.");
    hub.#url = `http://127.0.0.1:${address.port}`;
    return hub;
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#url;
  }

  /** The client has so many bytes of the file: connections that end there are cut. What a client has not read when a connection breaks may be lost to it. */
  received(bytes: number): void {
    for (const { socket } of this.#held.filter((held) => held.bytes <= bytes)) socket.destroy();
    this.#held = this.#held.filter((held) => held.bytes > bytes);
  }

  /** Headers of all requests for a path, in order. */
  requestsFor(path: string): readonly HubRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(socket: Socket, head: string): void {
    const [line = "", ...lines] = head.split("\r\n");
    const headers = new Map(
      lines
        .filter((line) => line.includes(":"))
        .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const path = decodeURIComponent(line.split(" ")[1] ?? "");
    this.requests.push({ path, headers });
    const first = /^bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1];
    const fault = this.faults.get(`${path}#${first ?? ""}`)?.shift() ?? this.faults.get(path)?.shift();
    if (fault?.kind === "hang-up") return void socket.destroy();
    if (fault?.kind === "status") return this.#send(socket, fault.status, { ...fault.headers }, new Uint8Array());
    const file = this.files.get(path) ?? this.files.get(path.replace(/\?.*/s, ""));
    if (file === undefined) return this.#send(socket, 404, {}, new TextEncoder().encode("Entry not found"));
    if (file.redirect !== undefined) return this.#send(socket, 302, { location: file.redirect, ...file.headers }, new Uint8Array());
    const etag = file.etag === undefined ? '"one"' : file.etag;
    const common = { ...(etag === null ? {} : { etag }), ...file.headers };
    const range = this.#range(headers, file, etag);
    if (file.unsized === true)
      return void socket.end(Buffer.concat([Buffer.from("HTTP/1.1 200 -\r\nconnection: close\r\n\r\n"), file.content]));
    if (range === null) return this.#send(socket, 200, common, file.content, fault);
    const [start, end] = range;
    if (start >= file.content.length)
      return this.#send(socket, 416, { ...common, "content-range": `bytes */${file.content.length}` }, new Uint8Array());
    const contentRange = { "content-range": `bytes ${start}-${end - 1}/${file.content.length}` };
    return this.#send(socket, 206, { ...common, ...contentRange }, file.content.subarray(start, end), fault, start);
  }

  #range(headers: ReadonlyMap<string, string>, file: HubFile, etag: string | null): readonly [start: number, end: number] | null {
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "");
    if (range === null || file.ignoresRange === true || headers.get("if-range") !== etag) return null;
    return [Number(range[1]), range[2] === "" ? file.content.length : Math.min(Number(range[2]) + 1, file.content.length)];
  }

  #send(socket: Socket, status: number, headers: Readonly<Record<string, string>>, body: Uint8Array, fault?: HubFault, start = 0): void {
    const length = fault?.kind === "length" ? fault.bytes : body.length;
    const lines = Object.entries({ "content-length": String(length), connection: "close", ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`HTTP/1.1 ${status} -\r\n${lines.join("\r\n")}\r\n\r\n`);
    if (fault === undefined) return void socket.end(body);
    if (fault.kind === "truncate") return void socket.end(body.subarray(0, fault.bytes));
    const sent = fault.kind === "cut" ? body.subarray(0, fault.bytes) : body;
    this.#held.push({ socket, bytes: start + sent.length });
    socket.write(sent);
  }
}
