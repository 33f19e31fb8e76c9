/** How the library of models is put together, for app.ts. */
import { join } from "node:path";
import type { Catalog } from "./catalog/catalog.ts";
import { withDigests } from "./catalog/digested-catalog.ts";
import { hubName } from "./catalog/hub-name.ts";
import { openModelLibrary } from "./catalog/model-library.ts";
import { pull } from "./catalog/pull.ts";
import { WeightsDigests } from "./catalog/weights-digests.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import type { ModelLibrary } from "./core/model-library.ts";
import type { Soc } from "./core/model.ts";
import type { Engine } from "./engine/engine.ts";
import { ownTemplate } from "./engine/own-template.ts";

/** What it is made from. */
export interface LibraryParts {
  readonly server: ServerConfig;
  readonly catalog: Catalog;
  readonly engine: Engine;
  readonly soc: Soc | null;
  /** Version of the library that opens .rkllm files; null where there is none. */
  readonly runtimeVersion: string | null;
}

/** A catalog that finds the digests of its models, until it is closed. */
export function openDigests(catalog: Catalog, server: ServerConfig): { readonly catalog: Catalog; close(): Promise<void> } {
  const digests = new WeightsDigests(join(server.cache_dir, "digests.json"));
  return { catalog: withDigests(catalog, digests), close: async () => digests.close() };
}

/** The library of the configured folders and hub. */
export function openLibrary({ server, catalog, engine, soc, runtimeVersion }: LibraryParts): ModelLibrary & { close(): Promise<void> } {
  const endpoint = server.huggingface_endpoint;
  return openModelLibrary({
    catalog,
    modelsDirs: server.models_dir,
    unload: async (model) => engine.unload(model),
    templateOf: ownTemplate,
    pull: async (name, modelsDir, onStatus, signal) => {
      const { path } = await pull(hubName(name, new URL(endpoint)), {
        modelsDir,
        endpoint,
        ...(server.hf_token === null ? {} : { token: server.hf_token }),
        boardSoc: soc,
        runtimeVersion,
        signal,
        onProgress: () => undefined,
        onStatus,
      });
      return path;
    },
  });
}
