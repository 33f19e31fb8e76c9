/**
 * A load balancer and three boards, each in a network namespace of its own, joined by a bridge in the load balancer's. Addresses are those of the
 * examples in config/deploy, which therefore run here as they are. Tests reach the load balancer through a pair of interfaces of its own.
 */

/** Whose network a program is in. */
export type Place = "balancer" | Board;
/** The boards, by the last figure of their address. */
export type Board = 1 | 2 | 3;
export const BOARDS: readonly Board[] = [1, 2, 3];

export interface FleetNetwork extends Disposable {
  /** The load balancer's address, as the tests see it. */
  readonly address: string;
  /** A command that runs at a place. */
  at(place: Place, command: readonly string[]): string[];
  /** Takes out a board's cable: what is on the way is lost, and nobody is told. */
  unplug(board: Board): void;
  plugIn(board: Board): void;
}

/** Keep-alive and retransmission as docs/fleet.md says for nginx, which cannot set them itself. */
const KEEP_ALIVE = ["tcp_keepalive_time=3", "tcp_keepalive_intvl=1", "tcp_keepalive_probes=3", "tcp_retries2=5"];

/** Programs that a fleet needs here; they come with .ci/run's packages. */
const PROGRAMS = ["ip", "sysctl", "haproxy", "nginx"];

/** Why there can be no fleet on this machine; null where there can. */
export const FLEET_IMPOSSIBLE: string | null = whyImpossible();

function whyImpossible(): string | null {
  const missing = PROGRAMS.filter((program) => Bun.which(program) === null);
  if (missing.length > 0) return `there is no ${missing.join(" and no ")}`;
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const name = `fleet-${process.pid}`;
  const added = Bun.spawnSync(["ip", "netns", "add", name]);
  if (!added.success) return `there are no network namespaces: ${added.stderr.toString().trim()}`;
  run("netns", "delete", name);
  return null;
}

function run(...words: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync(["ip", ...words]);
  if (!success) throw new Error(`ip ${words.join(" ")}: ${stderr.toString()}`);
}

/** Lays the cables. */
export function layNetwork(): FleetNetwork {
  const tag = `fl${process.pid.toString(36)}`;
  const namespace = (place: Place) => `${tag}-${place}`;
  const inside = (place: Place, ...words: string[]) => run("-n", namespace(place), ...words);
  const at = (place: Place, command: readonly string[]) => ["ip", "netns", "exec", namespace(place), ...command];
  const port = (board: Board) => `port${board}`;
  // Addresses kept for tests of network devices (RFC 2544), a pair for each process that tests.
  const pair = (process.pid % 16_384) * 4;
  const ofPair = (last: 1 | 2) => `198.18.${pair >> 8}.${(pair & 255) + last}`;
  const places: readonly Place[] = ["balancer", ...BOARDS];
  try {
    for (const place of places) {
      run("netns", "add", namespace(place));
      inside(place, "link", "set", "lo", "up");
    }
    inside("balancer", "link", "add", "boards", "type", "bridge");
    inside("balancer", "address", "add", "192.168.1.1/24", "dev", "boards");
    inside("balancer", "link", "set", "boards", "up");
    for (const board of BOARDS) {
      run("link", "add", port(board), "netns", namespace("balancer"), "type", "veth", "peer", "name", "eth0", "netns", namespace(board));
      inside("balancer", "link", "set", port(board), "master", "boards", "up");
      inside(board, "address", "add", `192.168.1.${10 + board}/24`, "dev", "eth0");
      inside(board, "link", "set", "eth0", "up");
    }
    run("link", "add", tag, "type", "veth", "peer", "name", "clients", "netns", namespace("balancer"));
    run("address", "add", `${ofPair(1)}/30`, "dev", tag);
    run("link", "set", tag, "up");
    inside("balancer", "address", "add", `${ofPair(2)}/30`, "dev", "clients");
    inside("balancer", "link", "set", "clients", "up");
    for (const setting of KEEP_ALIVE) Bun.spawnSync(at("balancer", ["sysctl", "-qw", `net.ipv4.${setting}`]));
  } catch (fault) {
    remove();
    throw fault;
  }
  function remove(): void {
    for (const place of places) Bun.spawnSync(["ip", "netns", "delete", namespace(place)]);
    Bun.spawnSync(["ip", "link", "delete", tag]);
  }
  return {
    address: ofPair(2),
    at,
    unplug: (board) => inside("balancer", "link", "set", port(board), "down"),
    plugIn: (board) => inside("balancer", "link", "set", port(board), "up"),
    [Symbol.dispose]: remove,
  };
}
