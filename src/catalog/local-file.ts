/** Weights that are on this machine already. */
import { constants } from "node:fs";
import { copyFile, link, realpath, rm, stat } from "node:fs/promises";
import { AppError } from "../core/errors.ts";
import { requireSpace } from "./disk-space.ts";

/** Puts a file at another place: as a hard link where the file system can, which costs no room, else as a copy. Throws AppError not_found. */
export async function placeLocal(given: string, to: string): Promise<void> {
  // A hard link to a symbolic link would be another symbolic link.
  const from = await realpath(given).catch(() => given);
  const status = await stat(from).catch(() => null);
  if (status === null || !status.isFile()) throw new AppError("not_found", `There is no file ${given}.`);
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    await requireSpace(to, status.size);
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** SHA-256 of a file, 64 hex digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}
