/** Where a path lies. */
import { sep } from "node:path";

/** Whether a path leads to a folder, or to something in it; both as they are resolved. */
export function isWithin(dir: string, path: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}
