/** In which order libraries are tried for a model. */
import { compareToolkits, needsNewerLibrary } from "../core/toolkit-version.ts";
import type { LibrarySpec } from "./protocol.ts";

/**
 * A newer library opens what an older toolkit converted, so the newest comes first; those that are older than the model's toolkit come behind
 * it, for the version in a file's name may be wrong, and those that are known to refuse the model come last.
 */
export function inOrder<T extends Pick<LibrarySpec, "version">>(
  libraries: readonly T[],
  toolkitVersion: string | undefined,
  refuses: (library: T) => boolean,
): readonly T[] {
  const rank = (library: T) => Number(refuses(library)) * 2 + Number(needsNewerLibrary(toolkitVersion, library.version));
  return libraries.toSorted((a, b) => rank(a) - rank(b) || compareToolkits(b.version, a.version));
}
