/** Uploads files that a model is to be made of, by their digests. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { ServerClient } from "../client/server-client.ts";
import type { Progress } from "../progress.ts";

/** What is taken along from a folder. */
const WEIGHTS = /\.(gguf|rkllm)$/i;
const BESIDE: ReadonlySet<string> = new Set([
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
]);

/** The files that FROM or ADAPTER names, relative to a folder; null where it is the name of a model. Throws AppError not_found. */
export function namedFiles(given: string, folder: string): readonly string[] | null {
  const isPath = /^(\.{1,2}\/|\/|~\/)/.test(given);
  const path = given.startsWith("~/") ? join(homedir(), given.slice(2)) : resolve(folder, given);
  if (!existsSync(path)) {
    if (isPath) throw new AppError("not_found", `There is no file ${path}.`);
    return null;
  }
  if (statSync(path).isFile()) return [path];
  const names = readdirSync(path);
  const weights = names.filter((name) => WEIGHTS.test(name));
  if (weights.length > 0) return [...weights, ...names.filter((name) => BESIDE.has(name))].map((name) => join(path, name));
  if (isPath) throw new AppError("not_found", `The folder ${path} has no .gguf or .rkllm file.`);
  return null;
}

/** What an upload reports to and is ended by. */
export interface UploadOptions {
  readonly progress: Progress | null;
  readonly signal: AbortSignal;
}

/** Uploads what the server does not have. @returns digests by file name */
export async function uploadFiles(client: ServerClient, paths: readonly string[], options: UploadOptions): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const path of paths) {
    const digest = await digestOf(path, options.signal);
    digests[basename(path)] = digest;
    if (!(await isThere(client, digest, options.signal))) await upload(client, path, digest, options);
  }
  return digests;
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const bytes of Bun.file(path).stream()) {
    signal.throwIfAborted();
    hasher.update(bytes);
  }
  return `sha256:${hasher.digest("hex")}`;
}

async function isThere(client: ServerClient, digest: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.send(`/api/blobs/${digest}`, undefined, { method: "HEAD", signal });
    return true;
  } catch (thrown) {
    if (AppError.from(thrown).code === "not_found") return false;
    throw thrown;
  }
}

async function upload(client: ServerClient, path: string, digest: string, { progress, signal }: UploadOptions): Promise<void> {
  const file = Bun.file(path);
  let sent = 0;
  progress?.start(`copying ${basename(path)}`, 0, file.size);
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform: (bytes, controller) => {
      sent += bytes.byteLength;
      progress?.update(sent, file.size);
      controller.enqueue(bytes);
    },
  });
  await client.send(`/api/blobs/${digest}`, file.stream().pipeThrough(counted), { method: "POST", signal });
}
