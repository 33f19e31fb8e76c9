/** A copy of this machine to install things on: a mount namespace with an overlay over the root file system, gone with its last process. */
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

const SCRIPT = join(import.meta.dir, "machine-copy.sh");

/** A copy, and how programs are started in it. */
export interface MachineCopy extends AsyncDisposable {
  /** The command that runs another in the copy, as root. */
  command(...words: readonly string[]): string[];
  /** Runs a command in the copy to its end. */
  run(...words: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }>;
}

/** Why no copy can be made here, or null. */
export function machineCopyFault(): string | null {
  if (process.getuid?.() !== 0) return "it takes root";
  const folder = temporaryFolder();
  const { exitCode } = Bun.spawnSync(["unshare", "--mount", "--propagation", "private", SCRIPT, folder], { stdin: null, stderr: "ignore" });
  return exitCode === 0 ? null : "overlays cannot be mounted";
}

/** Makes a copy; the files lie in its /srv. */
export async function copyMachine(files: readonly string[]): Promise<MachineCopy> {
  const folder = temporaryFolder();
  const holder = Bun.spawn(["unshare", "--mount", "--propagation", "private", SCRIPT, folder, ...files], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await holder.stdout.getReader().read();
  if (value === undefined) throw new Error("No copy of the machine could be made.");
  const command = (...words: readonly string[]) => [
    "nsenter",
    "--target",
    String(holder.pid),
    "--mount",
    "chroot",
    join(folder, "root"),
    ...words,
  ];
  return {
    command,
    run: async (...words) => {
      const child = Bun.spawn(["sh", "-c", 'exec "$@" 2>&1', "sh", ...command(...words)], { stdin: "ignore", stdout: "pipe" });
      const output = await child.stdout.text();
      return { exitCode: await child.exited, output };
    },
    [Symbol.asyncDispose]: async () => {
      await holder.stdin.end();
      await holder.exited;
    },
  };
}
