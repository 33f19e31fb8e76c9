/** Room on the disk, looked at before anything is written. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../core/errors.ts";

/** Room to leave on the disk for everything else. */
const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

/** Throws AppError download_failed before a disk is filled. `path` is a file in the folder that is written to. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize - DISK_RESERVE_BYTES;
  if (bytes <= free) return;
  const mb = (value: number): string => `${Math.max(Math.ceil(value / 1e6), 0).toLocaleString("en")} MB`;
  throw new AppError(
    "download_failed",
    `Not enough room in ${dirname(path)}: ${mb(bytes)} more are needed, ${mb(free)} are free. Free some space, or use another models folder.`,
  );
}
