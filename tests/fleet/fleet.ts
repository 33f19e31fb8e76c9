/** Three servers on three boards, and what tests ask of them through a load balancer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { deltaText, sseChunks } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";
import { type Board, BOARDS, type FleetNetwork, layNetwork } from "./network.ts";

const ROOT = join(import.meta.dir, "../..");

/** The files that people copy. */
export const EXAMPLES = { haproxy: join(ROOT, "config/deploy/haproxy/haproxy.cfg"), nginx: join(ROOT, "config/deploy/nginx/nginx.conf") };

/** Requests that may wait on a board. */
export const QUEUE_DEPTH = 6;

/** A load balancer that has an example in config/deploy. */
export type BalancerName = keyof typeof EXAMPLES;
export const BALANCERS: readonly BalancerName[] = ["haproxy", "nginx"];

/** The boards and their servers. `await using`, or dispose of it, ends them. */
export interface Fleet extends AsyncDisposable {
  readonly network: FleetNetwork;
  readonly servers: Record<Board, ServerProcess>;
  /** Starts a board's server anew, with these moods of the CPU runtime beside those of all. */
  restart(board: Board, moods?: readonly string[]): Promise<void>;
}

/**
 * Starts all three. Their model `tiny` speaks without an end, a word every 20 ms; `tiny-chat` answers.
 * @param moods of the CPU runtime beside that
 */
export async function startFleet(moods: readonly string[] = []): Promise<Fleet> {
  const network = layNetwork();
  const modelsDir = temporaryFolder();
  writeTinyGguf(join(modelsDir, "tiny.gguf"), {});
  const start = async (board: Board, own: readonly string[] = []) => {
    const serve = [process.execPath, join(ROOT, "src/main.ts"), "serve", "--host", "0.0.0.0", "--port", "8080", "--ollama-port", "off"];
    const flags = ["--insecure", "--models-dir", modelsDir, "--cache-dir", temporaryFolder(), "--cpu-count", "1", "--drain-delay-s", "2"];
    const queue = ["--queue-depth-max", String(QUEUE_DEPTH)];
    return startServer(network.at(board, [...serve, ...flags, ...queue]), {
      cwd: modelsDir,
      env: { RKLLM_CPU_MOODS: ["slow-decode=20", ...moods, ...own].join(",") },
    });
  };
  const [one, two, three] = await Promise.all([start(1), start(2), start(3)]);
  const servers = { 1: one, 2: two, 3: three };
  return {
    network,
    servers,
    restart: async (board, own) => {
      servers[board] = await start(board, own);
    },
    [Symbol.asyncDispose]: async () => {
      // A test that failed may have left one standing still.
      for (const board of BOARDS) if (isAlive(servers[board].pid)) process.kill(servers[board].pid, "SIGKILL");
      await Promise.all(BOARDS.map(async (board) => servers[board].stop()));
      network[Symbol.dispose]();
    },
  };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** What a request says beside its question. */
export interface Asked {
  /** The conversation, as the header says it. */
  readonly session?: string;
  readonly tokens?: number;
  readonly stream?: boolean;
}

/** A running load balancer. */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
  ask(asked: Asked): Promise<Response>;
}

/** Starts one with its example, or with one that a test has changed. Resolves when it listens. */
export async function startBalancer(name: BalancerName, { network }: Fleet, example: string = EXAMPLES[name]): Promise<Balancer> {
  const nginx = ["nginx", "-c", example, "-g", `daemon off; pid ${temporaryFolder()}/pid; user www-data; error_log stderr error;`];
  const command = name === "nginx" ? nginx : ["haproxy", "-db", "-q", "-f", example];
  const child = Bun.spawn(network.at("balancer", command), { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const url = `http://${network.address}:8080`;
  const ask = async ({ session, tokens = 1, stream = false }: Asked) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(session === undefined ? {} : { "x-session-id": session }) },
      body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content: "Go on" }], max_tokens: tokens, stream }),
    });
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`);
    await Bun.sleep(20);
  }
  return {
    url,
    ask,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

/** Whether somebody listens there. */
async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    () => true,
    () => false,
  );
}

/** The board that answered: HAProxy names it, nginx writes its address behind those it has tried before. */
export function boardOf(response: Response): Board {
  const said = response.headers.get("x-board") ?? "";
  const last = Number(/(\d)(?::8080)?$/.exec(said)?.[1]);
  if (last !== 1 && last !== 2 && last !== 3) throw new Error(`The header x-board names no board: "${said}"`);
  return last;
}

/** For each board the name of a conversation that goes to it. */
export async function sessionsOf(balancer: Balancer): Promise<Record<Board, string>> {
  const sessions: Partial<Record<Board, string>> = {};
  for (let n = 0; Object.keys(sessions).length < BOARDS.length; n += 1) {
    const response = await balancer.ask({ session: `conversation ${n}` });
    sessions[boardOf(response)] ??= `conversation ${n}`;
    await response.text();
  }
  return sessions as Record<Board, string>;
}

/** A stream that has begun, and how it will have ended: "length" where it is complete, null where it broke off. */
export interface BegunStream {
  readonly board: Board;
  readonly end: Promise<string | null>;
}

/** Has a text embedded, which no conversation binds to a board. */
export async function embed({ url }: Balancer): Promise<Response> {
  return fetch(`${url}/v1/embeddings`, { method: "POST", body: JSON.stringify({ model: "tiny", input: "Go on" }) });
}

/** Begins a stream and resolves with its first word. */
export async function beginStream(balancer: Balancer, session: string, tokens: number): Promise<BegunStream> {
  const response = await balancer.ask({ session, tokens, stream: true });
  const begun = Promise.withResolvers<void>();
  const read = async (): Promise<string | null> => {
    let reason: string | null = null;
    for await (const chunk of sseChunks(response)) {
      if (deltaText(chunk) !== "") begun.resolve();
      const [choice] = chunk["choices"] as { finish_reason: string | null }[];
      reason = choice?.finish_reason ?? reason;
    }
    return reason;
  };
  const end = read().catch(() => null);
  await Promise.race([begun.promise, end]);
  return { board: boardOf(response), end };
}
