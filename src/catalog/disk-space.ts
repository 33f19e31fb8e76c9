/** Room on the disk, looked at before anything is written. */
// The default import: so a test can fill the disk.
import fs from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../core/errors.ts";

/** Room to leave on the disk for everything else. */
const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

/** Whether so many bytes fit. `path` is a file in the folder that is written to. */
export async function hasSpace(path: string, bytes: number): Promise<boolean> {
  return bytes <= (await freeBytes(path));
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await fs.statfs(dirname(path));
  return bavail * bsize - DISK_RESERVE_BYTES;
}

/** Throws AppError download_failed before a disk is filled. `path` is a file in the folder that is written to. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const free = await freeBytes(path);
  if (bytes <= free) return;
  const mb = (value: number): string => `${Math.max(Math.ceil(value / 1e6), 0).toLocaleString("en")} MB`;
  throw new AppError(
    "download_failed",
    `Not enough room in ${dirname(path)}: ${mb(bytes)} more are needed, ${mb(free)} are free. Free some space, or use another models folder.`,
  );
}
