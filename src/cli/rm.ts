/** The `rm` command: deletes models. */
import { AppError } from "../core/errors.ts";
import { connect } from "./client/connect.ts";
import type { CommandContext } from "./command-context.ts";
import { textFor } from "./terminal.ts";

/** Deletes each; one that cannot be is told, and the others go all the same. @returns the exit status: 0, or 1 where one stayed */
export async function rmCommand({ words, flags, loaded, environment, out, err }: CommandContext): Promise<number> {
  await using connection = await connect(loaded, environment);
  const deleted: string[] = [];
  const errors: Record<string, string> = {};
  for (const model of words) {
    try {
      await connection.client.send("/api/delete", JSON.stringify({ model }), { method: "DELETE" });
      deleted.push(model);
      if (!("json" in flags)) out.write(`deleted '${textFor(out, model)}'\n`);
    } catch (thrown) {
      const { code, message } = AppError.from(thrown);
      if (code === "internal" || code === "unauthorized") throw thrown;
      errors[model] = message;
      if (!("json" in flags)) err.write(`${textFor(err, message)}\n`);
    }
  }
  const failed = Object.keys(errors).length > 0;
  if ("json" in flags) out.write(`${JSON.stringify({ deleted, ...(failed ? { errors } : {}) })}\n`);
  return failed ? 1 : 0;
}
