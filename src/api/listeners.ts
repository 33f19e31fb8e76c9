/** The sockets that the application listens on. */
import type { Server } from "bun";
import type { AnyElysia } from "elysia";
import { assert } from "../core/errors.ts";

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Listens: the first time with the application's own socket, from then on with one more beside it. Throws what the system says.
 * The application asks its own socket for the peers and timeouts of all requests; Bun answers for any socket's (seen with 1.4.5, and tested).
 */
export function listen(app: AnyElysia, { hostname, port }: ListenAddress): Server<unknown> {
  if (app.server !== null) {
    const settings: object = app.config.serve ?? {};
    return Bun.serve({ ...settings, hostname, port, fetch: async (request) => app.fetch(request) });
  }
  app.listen({ hostname, port });
  assert(app.server !== null, "an application that listens has a server");
  return app.server;
}
