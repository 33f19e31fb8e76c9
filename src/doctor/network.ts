/** Where the server would listen, and who would be let in. */
import { failure, type Finding, ok, warning } from "./finding.ts";

/** What the configuration says of both. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** The port for Ollama's clients; null where there is none. */
  readonly secondPort: number | null;
  /** How many keys there are, and how many networks need none. */
  readonly keys: number;
  readonly networks: number;
  /** Who can reach the server can use it, and that may be other machines. */
  readonly isOpen: boolean;
  readonly insecure: boolean;
  readonly keysFile: string;
  /** Why it cannot be used; null where it can. */
  readonly keysFault: string | null;
}

/** Tries a port: null where it is free, else the system's code (`EADDRINUSE`). */
export type TryPort = (host: string, port: number) => string | null;

/** Tries a port by listening on it for a moment. */
export function tryPort(host: string, port: number): string | null {
  try {
    Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    return null;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? "unknown";
  }
}

/** The network's section. */
export function networkFindings(listening: Listening, tries: TryPort): Finding[] {
  const second =
    listening.secondPort === null ? [] : [portFinding("ollama-port", listening.host, listening.secondPort, "--ollama-port", tries)];
  return [portFinding("port", listening.host, listening.port, "--port", tries), ...second, accessFinding(listening)];
}

function portFinding(check: string, host: string, port: number, flag: string, tries: TryPort): Finding {
  const code = tries(host, port);
  if (code === null) return ok(check, port === 0 ? "The server takes any free port." : `${host}:${port} is free to listen on.`);
  if (code === "EADDRINUSE") {
    return warning(
      check,
      `${host}:${port} is in use, by a server that runs already or by another program.`,
      `ss -ltnp 'sport = :${port}'   # or ${flag}`,
    );
  }
  return failure(
    check,
    `The server cannot listen on ${host}:${port} (${code}).`,
    `rockchip-llama serve ${code === "EACCES" ? `${flag} ${check === "port" ? "8080" : "off"}` : "--host 127.0.0.1"}`,
  );
}

function accessFinding({ host, keys, networks, isOpen, insecure, keysFile, keysFault }: Listening): Finding {
  if (keysFault !== null) return failure("access", keysFault, `sudo ls -l ${keysFile}`);
  if (isOpen && !insecure) {
    return failure(
      "access",
      `The server would let everybody in who reaches ${host}, and so does not start.`,
      "rockchip-llama keys add <name>",
    );
  }
  if (isOpen) return warning("access", `Everybody who reaches ${host} may use the server (insecure).`, "rockchip-llama keys add <name>");
  const counted = (count: number, word: string) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`]);
  const who = [...counted(keys, "API key"), ...counted(networks, "allowed network")];
  if (who.length === 0) return ok("access", `Only programs of this machine reach ${host}, and none needs a key.`);
  return ok("access", `The server is guarded by ${who.join(" and ")}.`);
}
