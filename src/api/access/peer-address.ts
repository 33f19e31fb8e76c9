/** Whom a connection comes from. */
import type { Server } from "bun";

/** What handles requests without a socket is this program itself. */
const OWN_ADDRESS = "127.0.0.1";

/** The address at the other end of a request's connection, an IPv4 address in its own spelling; "unknown" once the client has gone. */
export function peerAddress(server: Server<unknown> | null, request: Request): string {
  if (server === null) return OWN_ADDRESS;
  const address = server.requestIP(request)?.address ?? "unknown";
  return address.replace(/^::ffff:(?=[\d.]+$)/i, "");
}
