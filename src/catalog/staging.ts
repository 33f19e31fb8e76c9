/**
 * Where a model is put together before it exists. The folder is hidden and lies in the models folder, so nothing in it is ever listed
 * and the last step, a rename, is atomic.
 */
import { mkdir, open, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { writeFault } from "../core/write-fault.ts";

const STAGING_DIR = ".pull";

/** A staging folder that this process alone works in. */
export interface Staging {
  readonly dir: string;
  /** Gives it up and keeps what is in it for the next try. */
  release(): Promise<void>;
  /** Deletes it. */
  remove(): Promise<void>;
}

/** Locks held by this process: its own process id in a lock proves nothing after a restart in a container. */
const held = new Set<string>();

/** Takes the staging folder of a model. Throws AppError invalid_request while another pull of it is going on. */
export async function openStaging(modelsDir: string, folder: string): Promise<Staging> {
  const dir = join(modelsDir, STAGING_DIR, folder);
  const lock = join(dir, "lock");
  if (held.has(lock)) throw busy(folder, process.pid);
  held.add(lock);
  try {
    await mkdir(dir, { recursive: true });
    await takeLock(lock, folder);
  } catch (cause) {
    held.delete(lock);
    throw closedFolder(modelsDir, cause) ?? cause;
  }
  return {
    dir,
    async release() {
      await rm(lock, { force: true });
      await removeEmpty(dir);
      held.delete(lock);
    },
    async remove() {
      await rm(dir, { recursive: true, force: true });
      await removeEmpty(dir);
      held.delete(lock);
    },
  };
}

/** The error for a models folder that nothing can be put into; null for other faults. */
function closedFolder(modelsDir: string, cause: unknown): AppError | null {
  const reason = writeFault(cause);
  if (reason === null) return null;
  const user = process.getuid?.() ?? 0;
  const how = "`rockchip-llama doctor` says whose it is; with the Debian package, run the command as the service: sudo -u rockchip-llama …";
  return new AppError("config_invalid", `Nothing can be put into the models folder ${modelsDir}: ${reason} (user ${user}). ${how}`, {
    cause,
  });
}

/** Leaves no empty folders behind: what could not even begin leaves nothing. */
async function removeEmpty(dir: string): Promise<void> {
  for (const each of [dir, join(dir, "..")]) await rmdir(each).catch(() => undefined);
}

/** Moves a finished file into place and makes the move durable. */
export async function publish(from: string, to: string): Promise<void> {
  await rename(from, to);
  const dir = await open(join(to, ".."), "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

/** Takes a lock, also one whose holder has died. */
async function takeLock(lock: string, folder: string): Promise<void> {
  const holder = await livingHolder(lock);
  if (holder !== null) throw busy(folder, holder);
  await rm(lock, { force: true });
  await writeFile(lock, String(process.pid), { flag: "wx" });
}

function busy(folder: string, holder: number): AppError {
  return new AppError("invalid_request", `${folder} is being pulled already, by process ${holder}. Wait for it, or end it and try again.`);
}

/** The process that a lock names, if it is another one and still there. */
async function livingHolder(lock: string): Promise<number | null> {
  const pid = Number(await readFile(lock, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM" ? pid : null;
  }
}
