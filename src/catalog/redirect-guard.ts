/**
 * Where a server may send a download. What a person configures or types may lie anywhere; what a server on the internet answers must not make this
 * machine ask in its own network for what the server cannot reach itself (server-side request forgery).
 */
import { lookup } from "node:dns/promises";
import { AppError } from "../core/errors.ts";
import { isInsideAddress, parseAddress } from "../core/network.ts";

/**
 * Refuses a redirect from a host on the internet to this machine, its network, or the addresses that clouds keep for themselves. A host that lies
 * inside may redirect inside. Throws AppError download_failed.
 */
export async function requireOutward(from: URL, to: URL): Promise<void> {
  if (to.hostname === from.hostname || !(await isInside(to)) || (await isInside(from))) return;
  throw new AppError(
    "download_failed",
    `${from.host} redirects to ${to.host}, which is in the network of this machine. Nothing was asked of it.`,
  );
}

/** Whether a host is, or has among its addresses, one that only neighbours reach. A name that nobody knows here is left to whoever connects. */
async function isInside(url: URL): Promise<boolean> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const literal = parseAddress(host);
  if (literal !== null) return isInsideAddress(literal);
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.some(({ address }) => {
    const parsed = parseAddress(address);
    return parsed !== null && isInsideAddress(parsed);
  });
}
