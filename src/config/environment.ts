/** Reads the environment: our own variables, and other programs' where ours say nothing. */
import type { Candidate, Layer } from "./candidate.ts";
import { CONFIG_DIR_VARIABLE, KEYS, type Key, VARIABLE_PREFIX } from "./known-keys.ts";
import { didYouMean } from "./nearest.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment. Nothing else in the program reads it. */
export function environment(): Environment {
  return process.env;
}

/** Variables of other programs that hold what only they should know. */
const SECRET_NAME = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET)_?KEY(?:_ID)?)$/i;

/** The environment for other programs, which have no use for keys and tokens. */
export function withoutSecrets(env: Environment): Environment {
  const secret = KEYS.flatMap((key) => (key.secret === true ? [key.variable, ...(key.aliases ?? []).map(({ name }) => name)] : []));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.includes(name) && !SECRET_NAME.test(name)));
}

/**
 * Kubernetes sets these for a Service that is called rockchip-llama: ROCKCHIP_LLAMA_SERVICE_HOST, ROCKCHIP_LLAMA_PORT_8080_TCP_ADDR, …,
 * and ROCKCHIP_LLAMA_PORT with a URL in it. They are not meant for us.
 */
function isServiceLink(name: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(text))
  );
}

/** The environment as a layer. An empty variable counts as not set. */
export function environmentLayer(env: Environment): Layer {
  const candidates = KEYS.flatMap((key) => environmentCandidate(key, env) ?? []);
  const known = [...KEYS.map((key) => key.variable), CONFIG_DIR_VARIABLE];
  const problems = Object.entries(env)
    .filter(([name, text]) => name.startsWith(VARIABLE_PREFIX) && !known.includes(name) && !isServiceLink(name, text ?? ""))
    .map(([name]) => `${name}: unknown variable.${didYouMean(name, known)}`);
  return { candidates, problems };
}

function environmentCandidate(key: Key, env: Environment): Candidate | undefined {
  const own = env[key.variable]?.trim();
  if (own !== undefined && own !== "" && !isServiceLink(key.variable, own)) return candidate(key, own, key.variable);
  for (const alias of key.aliases ?? []) {
    // Ollama takes spaces and quotes off its variables; people rely on it in unit files.
    const text = env[alias.name]?.replace(/^["'\s]+|["'\s]+$/g, "");
    if (text === undefined || text === "") continue;
    const picked = alias.pick === undefined ? text : alias.pick(text);
    if (picked !== undefined) return candidate(key, picked, alias.name);
  }
  return undefined;
}

function candidate(key: Key, text: string, variable: string): Candidate {
  return { key, value: key.type.fromText(text), source: { kind: "environment", name: variable }, place: variable };
}
