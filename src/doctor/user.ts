/** Whom device nodes have to be open to. */
import { userInfo } from "node:os";

/** The user that this process runs as; containers run as users without a name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}
