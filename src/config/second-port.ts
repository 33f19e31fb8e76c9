/** Whether and where the server listens beside its own port. */
import type { LoadedConfig } from "./load.ts";

/** Where Ollama listens, and so where its clients look unasked. */
const OLLAMA_PORT = 11_434;

/** The second port; null where there is none. */
export function secondPort({ config, sources }: LoadedConfig): number | null {
  const { port, ollama_port: asked } = config.server;
  if (asked === "off") return null;
  // Who takes any free port runs tests or several servers, and who sets OLLAMA_HOST has told the clients already.
  const isToldElsewhere = port === 0 || (sources.port.kind === "environment" && sources.port.name === "OLLAMA_HOST");
  if (asked === null && isToldElsewhere) return null;
  const second = asked ?? OLLAMA_PORT;
  return second === port && second !== 0 ? null : second;
}
