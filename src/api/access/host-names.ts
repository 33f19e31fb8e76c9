/**
 * Under which names the server may be called. A page on the internet can point a name of its own at an address of this machine (DNS rebinding),
 * and the browser then takes our replies for that page's; the Host header still tells.
 */
import { hostname } from "node:os";
import { parseAddress } from "../../core/network.ts";
import { wildcard } from "../wildcard.ts";

/** Nobody can register a name that ends so: these are for one machine, or for the networks of homes and offices. */
const LOCAL_ENDING = /\.(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|svc)$/;

/** Whether a Host header may name this server. */
export type HostPolicy = (header: string) => boolean;

/**
 * Builds the policy: addresses, names without a dot, names of local networks and of this machine, and those that are configured. Without a header,
 * as in HTTP/1.0, there is no browser.
 */
export function createHostPolicy(names: readonly string[]): HostPolicy {
  const patterns = names.map(wildcard);
  const isOurs = (header: string): boolean => {
    const name = header.replace(/:\d{1,5}$/, "").replace(/\.$/, "");
    if (name === "" || patterns.some((pattern) => pattern.test(name))) return true;
    return isAddress(name) || isLocalName(name.toLowerCase());
  };
  // Most requests come under the name of the one before.
  let last = "";
  return (header) => {
    if (header === last) return true;
    const ours = isOurs(header);
    if (ours) last = header;
    return ours;
  };
}

/** What is called by its address has no name that could be another's. */
function isAddress(name: string): boolean {
  return parseAddress(name.replace(/^\[(.*)\]$/, "$1")) !== null;
}

function isLocalName(name: string): boolean {
  return /^[a-z0-9_-]+$/.test(name) || LOCAL_ENDING.test(name) || name === hostname().toLowerCase();
}
