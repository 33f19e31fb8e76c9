/** The `create` command: makes a model from a Modelfile. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import { connect } from "./client/connect.ts";
import type { StatusLine } from "./client/replies.ts";
import type { ServerClient } from "./client/server-client.ts";
import type { CommandContext } from "./command-context.ts";
import { type Modelfile, parseModelfile } from "./create/modelfile.ts";
import { namedFiles, uploadFiles, type UploadOptions } from "./create/upload.ts";
import { interruptible } from "./interruptible.ts";
import { Progress } from "./progress.ts";
import { printLines, screenOf, showLines } from "./status-lines.ts";

const STANDARD_INPUT = "-";

/** Makes it. @returns the exit status: 0, or 130 after Ctrl-C. Throws AppError. */
export async function createCommand(context: CommandContext): Promise<number> {
  const {
    words: [model = ""],
    flags,
    loaded,
    environment,
    out,
    err,
  } = context;
  const given = flags["file"] ?? "Modelfile";
  const modelfile = parseModelfile(await readModelfile(given));
  const folder = given === STANDARD_INPUT ? process.cwd() : dirname(resolve(given));
  return interruptible(async (signal) => {
    await using connection = await connect(loaded, environment);
    const { client } = connection;
    const progress = "json" in flags ? null : new Progress(screenOf(err));
    const body = await recipeOf(client, model, modelfile, folder, { progress, signal });
    progress?.end();
    const lines = client.stream<StatusLine>("/api/create", body, signal);
    await ("json" in flags ? printLines(lines, out) : showLines(lines, err));
  });
}

async function readModelfile(path: string): Promise<string> {
  if (path === STANDARD_INPUT) return Bun.stdin.text();
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EISDIR") throw cause;
    throw new AppError("not_found", `There is no Modelfile ${resolve(path)}. -f names another.`, { cause });
  }
}

/** The body of the request; what the Modelfile names is uploaded on the way. */
async function recipeOf(
  client: ServerClient,
  model: string,
  { from, adapters, template, system, parameters, messages, licenses }: Modelfile,
  folder: string,
  options: UploadOptions,
): Promise<object> {
  const weights = namedFiles(from, folder);
  const files = weights === null ? { from } : { files: await uploadFiles(client, weights, options) };
  const paths = adapters.flatMap((adapter) => {
    const found = namedFiles(adapter, folder);
    if (found === null) throw new AppError("not_found", `There is no file ${resolve(folder, adapter)} for an adapter.`);
    return found;
  });
  return {
    model,
    ...files,
    ...(paths.length === 0 ? {} : { adapters: await uploadFiles(client, paths, options) }),
    ...(template === undefined ? {} : { template }),
    ...(system === undefined ? {} : { system }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(messages.length === 0 ? {} : { messages }),
    ...(licenses.length === 0 ? {} : { license: licenses }),
  };
}
