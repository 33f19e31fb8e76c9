/** The keys that are good at this moment: those of the file, and the one of the configuration. */
import { statSync } from "node:fs";
import type { ApiKey, ApiKeySource } from "../core/api-key.ts";
import { AppError } from "../core/errors.ts";
import { CONFIGURED_KEY_NAME, hashOfKey, readKeyFile } from "./key-file.ts";

/** What a ring is made from. */
export interface KeyRingOptions {
  readonly path: string;
  /** The key of the configuration itself; null where there is none. */
  readonly configured: string | null;
  /** Told once of each change that makes the file unusable; the keys from before stay good. */
  readonly onFault: (error: AppError) => void;
}

/**
 * Reads the keys, and reads them again whenever the file is another: a stat at each request costs microseconds, and a key that was
 * revoked is refused from the next request on. Throws AppError config_invalid when the file cannot be used at the start.
 */
export function openKeyRing({ path, configured, onFault }: KeyRingOptions): ApiKeySource {
  const own: readonly ApiKey[] = configured === null ? [] : [{ name: CONFIGURED_KEY_NAME, sha256: hashOfKey(configured) }];
  const read = (): readonly ApiKey[] => [
    ...own,
    ...readKeyFile(path).map(({ name, sha256 }) => ({ name, sha256: new Uint8Array(Buffer.from(sha256, "hex")) })),
  ];
  // Before the file is read: what changes in between is read again.
  let version = versionOf(path);
  let keys = read();
  return {
    current: () => {
      const now = versionOf(path);
      if (now === version) return keys;
      version = now;
      try {
        keys = read();
      } catch (thrown) {
        onFault(AppError.from(thrown));
      }
      return keys;
    },
  };
}

/** Changes with the file: each change makes a new one. The mode decides whether it may be used. */
function versionOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? "" : [stats.ino, stats.mtimeMs, stats.ctimeMs, stats.size, stats.mode].join(" ");
  } catch (thrown) {
    return `unreadable: ${(thrown as NodeJS.ErrnoException).code ?? ""}`;
  }
}
