/** What a server holds at a moment, counted: tests of faults compare it before and after. */
import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { childrenOf, type TestServer } from "./test-server.ts";

export interface Holdings {
  /**
   * Open descriptors, but for connections of clients. Two of one socket count once: Bun makes itself a second one of standard error where a
   * write has to wait.
   */
  readonly descriptors: number;
  /** Connections of clients that the server has not closed. */
  readonly connections: number;
  /** Open descriptors of its engine hosts. */
  readonly hostDescriptors: number;
  /** Processes it has started, dead ones that it has not asked after included. */
  readonly children: number;
}

/** Fields of a line of /proc/net/tcp, and the state of a socket that listens. */
const LOCAL_ADDRESS = 1;
const STATE = 3;
const INODE = 9;
const LISTENING = "0A";

/** Counts. */
export function holdingsOf(holder: TestServer): Holdings {
  const { pid } = holder.server;
  const ofClients = clientSockets(Number(new URL(holder.url).port));
  const targets = targetsOf(pid);
  const connections = targets.filter((target) => ofClients.has(target)).length;
  const hostDescriptors = holder.hostPids().flatMap(targetsOf).length;
  return { descriptors: targets.length - connections, connections, hostDescriptors, children: childrenOf(pid).length };
}

/**
 * Resolves when the server holds no more of what is named than it says; there is no event for that, so it is counted until it does. Fails with
 * what it holds.
 */
export async function holdsNoMoreThan(server: TestServer, expected: Partial<Holdings>, withinMs = 20_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const holdings = holdingsOf(server);
    const exceeds = Object.entries(expected).some(([name, value]) => holdings[name as keyof Holdings] > value);
    if (!exceeds) return;
    if (performance.now() > endMs) expect(holdings).toMatchObject(expected);
    await Bun.sleep(20);
  }
}

/** As links in /proc/PID/fd name them. */
function clientSockets(port: number): ReadonlySet<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").trimEnd().split("\n").slice(1));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const own = fields.filter((each) => each[LOCAL_ADDRESS]?.endsWith(suffix) === true && each[STATE] !== LISTENING);
  return new Set(own.map((each) => `socket:[${each[INODE] ?? ""}]`));
}

/** What a process's descriptors refer to; none where it is gone. */
function targetsOf(pid: number): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  const all = names.map((name) => targetOf(`/proc/${pid}/fd/${name}`));
  return all.filter((target, index) => !target.startsWith("socket:") || all.indexOf(target) === index);
}

/** What a descriptor refers to; "" where it has been closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
