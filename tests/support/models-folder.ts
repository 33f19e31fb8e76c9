/** A models folder for one test, with models to put into it and a catalog over it. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Catalog, type CatalogOptions, type LearningCatalog, openCatalog } from "../../src/catalog/catalog.ts";
import { AppError } from "../../src/core/errors.ts";
import { type TinyGgufOptions, writeTinyGguf, writeTinyLora } from "./tiny-gguf.ts";

export class ModelsFolder implements AsyncDisposable {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<ModelsFolder> {
    return new ModelsFolder(await mkdtemp(join(tmpdir(), "models-folder-")));
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** A file; weights of a .rkllm need only not look like something else. */
  async put(name: string, content = "RKLLM weights"): Promise<void> {
    await Bun.write(this.path(name), content);
  }

  async putGguf(name: string, options: TinyGgufOptions = {}): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    writeTinyGguf(this.path(name), options);
  }

  async putLora(name: string): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    writeTinyLora(this.path(name));
  }

  open(options: Partial<CatalogOptions> = {}): LearningCatalog {
    return openCatalog({ modelsDirs: [this.dir], ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

export async function idsOf(catalog: Catalog): Promise<readonly string[]> {
  return (await catalog.list()).map((model) => model.id);
}

/** Code and message of what a promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<readonly [string, string]> {
  const thrown = await promise.then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error,
  );
  const error = AppError.from(thrown);
  return [error.code, error.message];
}
