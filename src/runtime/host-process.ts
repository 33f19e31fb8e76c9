/**
 * A host as a child process, the usual way: the closed library can crash, hang, leak and print, and only the end of a process
 * gives NPU memory back for certain. Commands and events go over Bun's IPC channel and tokens down a socket of their own, so that whatever the
 * library prints to the standard streams is only ever text: it is kept as the last lines for error messages, and logged.
 */
import { AppError, assert } from "../core/errors.ts";
import type { HostLink, LaunchHost } from "./host-link.ts";
import { processMemory } from "./process-memory.ts";
import { type HostEvent, LOADED_MARK, TOKEN_LINE_FILE } from "./protocol.ts";
import { TokenLine } from "./token-line.ts";

const OUTPUT_LINES_MAX = 40;
/** Longer ones are cut: a library may print without ever ending a line. */
const OUTPUT_LINE_CHARACTERS_MAX = 2000;

/** How long the last output of a host that has ended, or has opened its model, is waited for, ms. */
const LAST_OUTPUT_MS = 500;
/** Standard output and standard error. */
const STREAMS = 2;

/** The line that begins Bun's report of a crash, after a rule. */
const BUN_CRASH_REPORT = `Bun v${Bun.version} (`;
const RULE = /^=+$/;

/** How to start hosts. */
export interface HostProcessOptions {
  /** Program and arguments: this executable with the hidden subcommand, behind `exec_prefix`. */
  readonly command: readonly string[];
  /** The whole environment of the child. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets every line the library prints. */
  readonly onOutput: (line: string) => void;
}

/** Makes a launcher of host processes. */
export function hostProcessLauncher(options: HostProcessOptions): LaunchHost {
  return (onEvent) => launch(options, onEvent);
}

function launch(options: HostProcessOptions, onEvent: (event: HostEvent) => void): HostLink {
  const tail: string[] = [];
  let crashReported = false;
  let marks = 0;
  const loadLogRead = Promise.withResolvers<void>();
  const keep = (line: string) => {
    if (line === LOADED_MARK) {
      if (++marks === STREAMS) loadLogRead.resolve();
      return;
    }
    options.onOutput(line);
    // When the library crashes, Bun takes it for a fault of its own: what it then says would lead people astray.
    if (line.startsWith(BUN_CRASH_REPORT)) crashReported = true;
    if (crashReported || RULE.test(line)) return;
    tail.push(line);
    if (tail.length > OUTPUT_LINES_MAX) tail.shift();
  };
  // Output and events come on lines of their own: whoever hears that the model is open has read what was said of it while it loaded.
  const tokens = new TokenLine(onEvent);
  const receive = (event: HostEvent) => {
    if (event.kind === "opened") void Promise.race([loadLogRead.promise, Bun.sleep(LAST_OUTPUT_MS)]).then(() => onEvent(event));
    else tokens.receive(event);
  };
  let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    child = Bun.spawn([...options.command], {
      env: { ...options.environment },
      // The fourth is TOKEN_LINE_FILE.
      stdio: ["ignore", "pipe", "pipe", "socket-fd"],
      serialization: "json",
      ipc: (message) => receive(message as HostEvent),
    });
  } catch (cause) {
    throw new AppError("engine_lost", `The engine host cannot be started: ${String(cause)}. Check exec_prefix.`, { cause });
  }
  const line = listen(child.stdio[TOKEN_LINE_FILE], tokens);
  const outputRead = Promise.all([readLines(child.stdout, keep), readLines(child.stderr, keep)]);
  return {
    send: (command) => {
      if (command.kind === "run") tokens.begin(command.members);
      try {
        child.send(command);
      } catch {
        // The line is closed, which shows before the child's end does: there is nobody to tell, and `ended` reports it.
      }
    },
    ended: child.exited.then(async (code) => {
      // Bounded: a process that the host has started may keep the streams and the token line open for as long as it likes.
      await Promise.race([outputRead, Bun.sleep(LAST_OUTPUT_MS)]);
      tokens.flush();
      void line.then((socket) => socket.terminate());
      return child.signalCode === null ? `exit code ${code}` : `signal ${child.signalCode}`;
    }),
    kill: () => child.kill("SIGKILL"),
    memory: () => processMemory(child.pid),
    outputTail: () => tail,
  };
}

/** The gateway's end of the line. */
async function listen(file: number | null | undefined, tokens: TokenLine): Promise<Bun.Socket> {
  assert(typeof file === "number", "the child has a token line");
  const options: Bun.FdSocketOptions = { fd: file, socket: { data: (_, bytes) => tokens.take(bytes) } };
  // The types of Bun.connect leave out this kind of options, which it declares itself.
  return Bun.connect(options as unknown as Bun.UnixSocketOptions);
}

/**
 * Calls back for every line, the unfinished last one included; a carriage return ends one as well. Never rejects: a broken pipe is
 * an end.
 */
async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  const say = (line: string) => {
    if (line !== "") onLine(line);
  };
  try {
    for await (const bytes of stream) {
      const lines = decoder.decode(bytes, { stream: true }).split(/[\r\n]/);
      for (const [index, line] of lines.entries()) {
        if (index > 0) {
          say(rest);
          rest = "";
        }
        rest += line.slice(0, OUTPUT_LINE_CHARACTERS_MAX - rest.length);
      }
    }
  } catch {
    // The child is gone; what it said so far has been kept.
  }
  say(rest);
}
