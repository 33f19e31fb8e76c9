/** What keeps a program from writing, in words. */

/** Faults that a person mends, by the system's codes. source: errno(3) */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "it is mounted read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
};

/** Why something could not be written, as the end of a sentence; null where it is nothing that a person can mend by rights or room. */
export function writeFault(cause: unknown): string | null {
  return REASONS[(cause as NodeJS.ErrnoException | null)?.code ?? ""] ?? null;
}
