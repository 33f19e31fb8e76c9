/**
 * The file that holds API keys. It has their hashes alone, so who reads it learns no key. A fast hash is right here: a slow one protects
 * words that people choose, and these keys are 256 random bits, which nobody can try out whatever a try costs.
 */
import { closeSync, fchownSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../core/errors.ts";
import { writeFault } from "../core/write-fault.ts";

/** Whose key it may be: what fits a log line and a table as it is. */
const NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$";
const NAME = new RegExp(NAME_PATTERN);

/** Every request is compared with every key. */
const KEYS_MAX = 1000;

const StoredKeySchema = Type.Object({
  name: Type.String({ pattern: NAME_PATTERN }),
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  last_four: Type.String({ minLength: 4, maxLength: 4 }),
  created: Type.String({ minLength: 10, maxLength: 30 }),
});

const KeyFileSchema = Type.Object({ keys: Type.Array(StoredKeySchema, { maxItems: KEYS_MAX }) });

/** A key as the file has it. */
export type StoredKey = Readonly<Static<typeof StoredKeySchema>>;

/** Name of the one key that comes with the configuration; no key of the file is called so. */
export const CONFIGURED_KEY_NAME = "api_key";

/** SHA-256 of a key. */
export function hashOfKey(key: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(key).digest();
}

/** The keys of a file; none where there is no file. Throws AppError config_invalid that names the file and what to do. */
export function readKeyFile(path: string): readonly StoredKey[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
    if ((statSync(path).mode & 0o002) !== 0) throw new Error(`every user of this machine may change it; run: chmod 600 ${path}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const content = parseJson(text);
  if (Value.Check(KeyFileSchema, content)) return content.keys;
  const where = Value.Errors(KeyFileSchema, content).First()?.path ?? "";
  const what = content === undefined ? "it is not JSON" : `${where === "" ? "it" : where} is not what \`keys add\` writes`;
  throw unusable(path, `${what}. Mend it, or delete it and make the keys anew`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(path: string, why: string, cause?: unknown): AppError {
  return new AppError("config_invalid", `The file of API keys ${path} cannot be used: ${why}.`, { cause });
}

/**
 * Makes a key and adds it to the file.
 * @returns the key, which is stored nowhere. Throws AppError config_invalid for a bad or taken name and for a file that cannot be used.
 */
export function addKey(path: string, name: string, now: Date): string {
  if (!NAME.test(name)) throw new AppError("config_invalid", `${name}: a key's name has 1 to 64 letters, digits, dots, dashes and @.`);
  if (name === CONFIGURED_KEY_NAME)
    throw new AppError("config_invalid", `${name}: this is the name of the key that the configuration has.`);
  const key = `rl-${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
  changeKeyFile(path, (keys) => {
    if (keys.some((known) => known.name === name)) {
      throw new AppError("config_invalid", `${name}: there is a key of this name already. Revoke it first, or choose another name.`);
    }
    if (keys.length >= KEYS_MAX)
      throw new AppError("config_invalid", `There are ${KEYS_MAX} keys, and no more are taken. Revoke one first.`);
    const sha256 = Buffer.from(hashOfKey(key)).toString("hex");
    return [...keys, { name, sha256, last_four: key.slice(-4), created: now.toISOString() }];
  });
  return key;
}

/** Takes a key out of the file. Throws AppError config_invalid where it has none of this name. */
export function revokeKey(path: string, name: string): void {
  // Looked at first: nothing is made for a key that is not there.
  refuseUnknown(path, readKeyFile(path), name);
  changeKeyFile(path, (keys) => {
    refuseUnknown(path, keys, name);
    return keys.filter((known) => known.name !== name);
  });
}

function refuseUnknown(path: string, keys: readonly StoredKey[], name: string): void {
  if (!keys.some((known) => known.name === name)) {
    throw new AppError("config_invalid", `${name}: ${path} has no key of this name. \`rockchip-llama keys list\` shows them.`);
  }
}

/**
 * Replaces the file in one step, so that a reader finds the old keys or the new ones. The new file is made under a name that exists only
 * while somebody changes the keys: two changes at once cannot lose one of them.
 */
function changeKeyFile(path: string, change: (keys: readonly StoredKey[]) => readonly StoredKey[]): void {
  const next = `${path}.new`;
  const file = openNew(path, next);
  try {
    const keys = change(readKeyFile(path));
    writeSync(file, `${JSON.stringify({ keys }, null, 2)}\n`);
    keepOwner(file, path);
    fsyncSync(file);
    renameSync(next, path);
  } catch (thrown) {
    rmSync(next, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
}

function openNew(path: string, next: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(next, "wx", 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = writeFault(cause);
    if (reason !== null)
      throw unusable(path, `${reason}; with the Debian package keys are made with "sudo rockchip-llama keys add <name>"`, cause);
    if (code !== "EEXIST") throw unusable(path, message, cause);
    const why = `another program is changing it. If there is none, one was ended in the middle: delete ${next}`;
    throw unusable(path, why, cause);
  }
}

/** The superuser makes keys for the server's own user, who has to be able to read them. */
function keepOwner(file: number, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
  fchownSync(file, uid, gid);
}
