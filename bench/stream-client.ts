/** Requests through native/client.c, whose clock is the runtime's: when a request left, and when each event of its answer came. */
import type { NativePrograms } from "./native.ts";

/** One event of an answer. */
export interface StreamEvent {
  /** When its last byte had come; CLOCK_MONOTONIC, nanoseconds. */
  readonly ns: number;
  readonly data: string;
}

/** One answer. */
export interface StreamedReply {
  readonly status: number;
  readonly sentNs: number;
  readonly endNs: number;
  /** The client has closed the connection itself. */
  readonly left: boolean;
  readonly events: readonly StreamEvent[];
}

/** What is asked. */
export interface StreamRequests {
  readonly url: string;
  readonly path: string;
  /** One a connection, all at once. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  /** Leaves after so many events. */
  readonly leaveAfter?: number;
}

/** Sends all and reads all answers. Throws where one is not answered with 200. */
export async function streamAll({ client }: NativePrograms, requests: StreamRequests): Promise<StreamedReply[]> {
  const { hostname, port } = new URL(requests.url);
  const input = requests.bodies.map((body) => {
    const text = JSON.stringify(body);
    const head = [
      `POST ${requests.path} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      "content-type: application/json",
      "connection: close",
      `content-length: ${Buffer.byteLength(text)}`,
    ];
    const request = `${head.join("\r\n")}\r\n\r\n${text}`;
    return `${Buffer.byteLength(request)}\n${request}`;
  });
  const child = Bun.spawn([client, hostname, port, String(requests.leaveAfter ?? 0)], {
    stdin: Buffer.from(input.join("")),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = Buffer.from(await new Response(child.stdout).arrayBuffer());
  if ((await child.exited) !== 0) throw new Error("The HTTP client failed.");
  const replies = parseClientOutput(output, requests.bodies.length);
  const refused = replies.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`${requests.path} answered ${refused.status}: ${refused.events[0]?.data ?? ""}`);
  return replies;
}

/** Sends one. */
export async function streamOne(
  native: NativePrograms,
  requests: Omit<StreamRequests, "bodies"> & { body: object },
): Promise<StreamedReply> {
  const { body, ...rest } = requests;
  const [reply] = await streamAll(native, { ...rest, bodies: [body as Readonly<Record<string, unknown>>] });
  if (reply === undefined) throw new Error("There was no answer.");
  return reply;
}

interface Received {
  sentNs: number;
  endNs: number;
  left: boolean;
  /** Bytes received, and when all before an offset had come. */
  readonly parts: { readonly bytes: Buffer; readonly ns: number }[];
}

/** Takes the client's output apart, as native/client.c describes it. */
export function parseClientOutput(output: Buffer, count: number): StreamedReply[] {
  const all = Array.from({ length: count }, (): Received => ({ sentNs: 0, endNs: 0, left: false, parts: [] }));
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf("\n", at);
    const [kind, index = "0", ns = "0", length = "0"] = output.toString("latin1", at, lineEnd).split(" ");
    const reply = all[Number(index)];
    at = lineEnd + 1;
    if (reply === undefined) throw new Error("The HTTP client's output makes no sense.");
    if (kind === "S") reply.sentNs = Number(ns);
    if (kind === "E" || kind === "C") {
      reply.endNs = Number(ns);
      reply.left = kind === "C";
    }
    if (kind !== "R") continue;
    reply.parts.push({ bytes: output.subarray(at, at + Number(length)), ns: Number(ns) });
    at += Number(length);
  }
  return all.map(({ parts, ...times }) => ({ ...times, ...parseReply(parts) }));
}

/** Status and events of an HTTP answer; what is no event stream is one event. */
function parseReply(parts: Received["parts"]): { status: number; events: StreamEvent[] } {
  const wire = Buffer.concat(parts.map((part) => part.bytes));
  const ends: { end: number; ns: number }[] = [];
  for (const part of parts) ends.push({ end: (ends.at(-1)?.end ?? 0) + part.bytes.length, ns: part.ns });
  const arrival = (offset: number) => ends.find(({ end }) => offset <= end)?.ns ?? ends.at(-1)?.ns ?? 0;
  const headEnd = wire.indexOf("\r\n\r\n");
  const head = wire.toString("latin1", 0, Math.max(headEnd, 0));
  const status = Number(head.split(" ")[1] ?? 0);
  const isStream = /^content-type: text\/event-stream/im.test(head);
  if (!isStream) return { status, events: [{ ns: arrival(wire.length), data: wire.toString("utf8", headEnd + 4) }] };
  const events: StreamEvent[] = [];
  let rest = "";
  for (const { end, bytes } of chunksOf(wire, headEnd + 4)) {
    const lines = (rest + bytes.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    const data = lines.filter((line) => line.startsWith("data: {")).map((line) => line.trimEnd().slice("data: ".length));
    events.push(...data.map((text) => ({ ns: arrival(end), data: text })));
  }
  return { status, events };
}

/** The chunks of a body in chunked encoding, and where on the wire each ends; the last may be cut off where the client left. */
function* chunksOf(wire: Buffer, start: number): Generator<{ readonly bytes: Buffer; readonly end: number }> {
  for (let at = start; at < wire.length;) {
    const lineEnd = wire.indexOf("\r\n", at);
    const length = Number.parseInt(wire.toString("latin1", at, lineEnd), 16);
    if (lineEnd === -1 || !(length > 0)) return;
    const from = lineEnd + 2;
    yield { bytes: wire.subarray(from, from + length), end: Math.min(from + length, wire.length) };
    at = from + length + 2;
  }
}
