/** A server in a process of its own, as people start it: for tests of what is only there in the whole program. */

/** A running server. `await using` ends it. */
export interface ServerProcess extends AsyncDisposable {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Everything it has written to its standard output so far. */
  readonly output: string;
  /** Its whole log; resolves when it has ended. */
  readonly log: Promise<string>;
  readonly pid: number;
  /** Asks it to end, as a service manager does, and gives its exit code. Safe to call twice. */
  stop(): Promise<number>;
}

export interface ServerOptions {
  readonly cwd?: string;
  /** Added to the environment of the test, or taken out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts `command` (program and arguments) and resolves once it says where it listens.
 * Rejects with everything it wrote when it ends without saying so.
 */
export async function startServer(command: readonly string[], options: ServerOptions = {}): Promise<ServerProcess> {
  const child = Bun.spawn([...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const seen = { output: "" };
  const { promise: url, resolve, reject } = Promise.withResolvers<string>();
  const log = child.stderr.text();
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      seen.output += decoder.decode(chunk, { stream: true });
      const address = /\b(https?:\/\/\S+?)\/?[;\s]/.exec(seen.output)?.[1];
      if (address !== undefined) resolve(address);
    }
    reject(new Error(`${command.join(" ")} ended with exit code ${await child.exited}:\n${seen.output}${await log}`));
  })();
  const stop = async (): Promise<number> => {
    child.kill("SIGTERM");
    return child.exited;
  };
  return {
    url: await url,
    get output() {
      return seen.output;
    },
    log,
    pid: child.pid,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
