/** The `cp` command: a second name for a model. */
import { connect } from "./client/connect.ts";
import type { CommandContext } from "./command-context.ts";
import { textFor } from "./terminal.ts";

/** Copies it. @returns the exit status 0. Throws AppError not_found, invalid_request. */
export async function cpCommand({
  words: [source = "", destination = ""],
  flags,
  loaded,
  environment,
  out,
}: CommandContext): Promise<number> {
  await using connection = await connect(loaded, environment);
  await connection.client.send("/api/copy", JSON.stringify({ source, destination }), {});
  const text = "json" in flags ? JSON.stringify({ source, destination }) : `copied '${source}' to '${destination}'`;
  out.write(`${textFor(out, text)}\n`);
  return 0;
}
