/**
 * What findings are kept under: the library and the model themselves, whatever they are called and wherever they lie. What was found out about
 * a file holds for its copies, and not for the next release under its name.
 */
import { readFileSync, statSync } from "node:fs";
import type { ModelDescriptor } from "../core/model.ts";
import type { LibrarySpec } from "./protocol.ts";

/** Reading a library takes tens of milliseconds: it is done once for each edition of a file. */
const digests = new Map<string, string>();

/**
 * The key of a library with a model; null where the library cannot be read, which is said when it is opened.
 * @param program version of this program, with which the built-in library changes
 */
export function findingsKey(library: LibrarySpec, { bytes, modifiedMs, digest }: ModelDescriptor, program: string) {
  const identity = libraryIdentity(library, program);
  return identity === null ? null : { library: identity, model: { bytes, modifiedMs, ...(digest === undefined ? {} : { digest }) } };
}

/** Version and content of a library; null where it cannot be read. `program` as above. */
export function libraryIdentity(library: LibrarySpec, program: string): string | null {
  if (library.kind === "built-in") return `${library.version} built-in ${program}`;
  try {
    const { size, mtimeMs } = statSync(library.path);
    const edition = `${library.path} ${size} ${mtimeMs}`;
    const digest = digests.get(edition) ?? new Bun.CryptoHasher("sha256").update(readFileSync(library.path)).digest("hex");
    digests.set(edition, digest);
    return `${library.version} ${digest}`;
  } catch {
    return null;
  }
}
