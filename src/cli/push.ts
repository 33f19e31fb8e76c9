/** The `push` command: says that there is nowhere to publish a model. */
import { connect } from "./client/connect.ts";
import type { StatusLine } from "./client/replies.ts";
import type { CommandContext } from "./command-context.ts";
import { printLines, showLines } from "./status-lines.ts";

/** Asks the server; ours has no registry. @returns the exit status 0 of a server that has one. Throws AppError. */
export async function pushCommand({ words: [model = ""], flags, loaded, environment, out, err }: CommandContext): Promise<number> {
  await using connection = await connect(loaded, environment);
  const lines = connection.client.stream<StatusLine>("/api/push", { model });
  await ("json" in flags ? printLines(lines, out) : showLines(lines, err));
  return 0;
}
