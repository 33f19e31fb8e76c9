/** Runs the program as a script does: no terminal, and its output in pipes. */
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is piped in; default nothing. */
  readonly stdin?: string;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts it. */
export function startCommand(words: readonly string[], { cwd, env = {}, stdin = "" }: CommandOptions) {
  return Bun.spawn([process.execPath, MAIN, ...words], {
    cwd,
    env: { ...process.env, OLLAMA_HOST: "", ...env },
    stdin: new TextEncoder().encode(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs it to its end. */
export async function runCommandLine(words: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const child = startCommand(words, options);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, stdout, stderr };
}
