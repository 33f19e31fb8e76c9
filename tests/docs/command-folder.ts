/** The programs that documents name, as a reader has them on the PATH: each a small script around the sources. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

const PROGRAM = `"${process.execPath}" "${join(ROOT, "src/main.ts")}"`;

/**
 * `serve` ends well as soon as it listens: a reader goes on in another terminal, a test with a server that all pages share. It takes any free port.
 * Everything else is the program itself.
 */
const ROCKCHIP_LLAMA = `case "\${1-serve}" in
  serve | start) shift ;;
  --help | --version) exec ${PROGRAM} "$@" ;;
  --*) ;;
  *) exec ${PROGRAM} "$@" ;;
esac
words=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --port) shift 2 ;;
    --port=*) shift ;;
    *) words+=("$1"); shift ;;
  esac
done
unset OLLAMA_HOST
coproc server { exec ${PROGRAM} serve "\${words[@]}" --port 0; }
pid=$server_PID
while read -r line <&"\${server[0]}"; do
  echo "$line"
  case "$line" in Listening*) kill -TERM "$pid"; break ;; esac
done
wait "$pid"`;

/** What is installed is not installed again, tests do not run themselves, and what starts a server is as above. */
const BUN = `case "\${1-}" in
  install) cd "${ROOT}" && exec "${process.execPath}" install --frozen-lockfile --dry-run ;;
  start) shift; exec rockchip-llama serve "$@" ;;
  test) exit 0 ;;
  src/main.ts) shift; exec rockchip-llama "$@" ;;
  *) cd "${ROOT}" && exec "${process.execPath}" "$@" ;;
esac`;

const NPM = `command=$1
shift
[ "\${1-}" = -- ] && shift
exec bun "$command" "$@"`;

/** A reply that says no is a failure, as a reader would take it. */
const CURL = `exec "${Bun.which("curl") ?? "/usr/bin/curl"}" --silent --show-error --fail-with-body --max-time 120 "$@"`;

const SCRIPTS = { "rockchip-llama": ROCKCHIP_LLAMA, bun: BUN, npm: NPM, curl: CURL };

/** Writes the scripts into a new folder `bin` of `folder`. @returns its path */
export function writeCommands(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(SCRIPTS)) {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}
