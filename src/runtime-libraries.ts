/** Which runtime libraries this machine has under this configuration, and which of them are tried for a model. */
import { join } from "node:path";
import { type InferenceConfig, resolveInference } from "./config/inference-schema.ts";
import type { Config } from "./config/load.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import { AppError } from "./core/errors.ts";
import type { ModelDescriptor, ModelFormat } from "./core/model.ts";
import { inOrder } from "./runtime/library-order.ts";
import { describeLibrary } from "./runtime/native/library.ts";
import { findRuntimeLibraries, type LibrarySearch, librarySearchFolders } from "./runtime/native/library-search.ts";
import type { LibraryFailure } from "./runtime/open-with-first.ts";
import type { LibrarySpec } from "./runtime/protocol.ts";
import { LibraryRefusals } from "./store/library-refusals.ts";

/** Which libraries open which format, and why a format cannot be opened. */
export interface Libraries {
  /** The newest first; none opens a format that is absent. */
  readonly specs: Readonly<Partial<Record<ModelFormat, readonly LibrarySpec[]>>>;
  readonly rkllmUnavailableReason: string | null;
  /** Why files that were found are not used. */
  readonly faults: readonly AppError[];
}

/** Where this configuration looks for libraries. */
export function librarySearchOf(server: Pick<ServerConfig, "runtime" | "runtime_version">): LibrarySearch {
  const projectFolder = Bun.isStandaloneExecutable ? undefined : join(import.meta.dir, "..");
  return {
    named: server.runtime,
    folders: librarySearchFolders({ arch: process.arch, executable: process.execPath, projectFolder }),
    versionOverride: server.runtime_version,
    arch: process.arch,
  };
}

/**
 * .gguf goes to our CPU runtime, .rkllm to Rockchip's libraries where there are some. A library given by path says itself which it is:
 * the CPU runtime built as librkllmrt.so takes .gguf from the built-in one.
 * @throws AppError runtime_library_missing, runtime_version_unknown: where the configuration names libraries and none of them can be used
 */
export function chooseLibraries(server: ServerConfig): Libraries {
  const builtIn: LibrarySpec = { kind: "built-in", version: server.cpu_runtime_version };
  try {
    const { libraries, faults } = findRuntimeLibraries(librarySearchOf(server));
    const byFormat = Map.groupBy(libraries, ({ formats }) => formats[0] ?? "rkllm");
    const specs = [...byFormat].map(([format, found]) => [
      format,
      found.map(({ path, version }): LibrarySpec => ({ kind: "file", path, version })),
    ]);
    const [cpuRuntime] = byFormat.get("gguf") ?? [];
    const reason = byFormat.has("rkllm") ? null : `${cpuRuntime?.path ?? ""} is the CPU runtime, which opens .gguf files only.`;
    return { specs: { gguf: [builtIn], ...Object.fromEntries(specs) }, rkllmUnavailableReason: reason, faults };
  } catch (thrown) {
    // A library that was asked for by name must be there; without one, .gguf models still run.
    if (server.runtime !== null) throw thrown;
    return { specs: { gguf: [builtIn] }, rkllmUnavailableReason: AppError.from(thrown).message, faults: [] };
  }
}

/** Version of the newest library that opens .rkllm files; null where there is none. */
export function newestRkllmVersion({ specs }: Libraries): string | null {
  return specs.rkllm?.[0]?.version ?? null;
}

/** Which of them are tried for a model. */
export class LibraryChoice {
  private readonly libraries: Libraries;
  private readonly inference: InferenceConfig;
  private readonly refusals: LibraryRefusals;

  constructor(
    libraries: Libraries,
    { server, inference }: Pick<Config, "inference"> & { readonly server: Pick<ServerConfig, "cache_dir"> },
  ) {
    this.libraries = libraries;
    this.inference = inference;
    this.refusals = new LibraryRefusals(join(server.cache_dir, "library-refusals.json"));
  }

  /**
   * In the order in which they are tried; where `runtime_library` names one, no other is.
   * @throws AppError model_not_runnable where there is none, and as `describeLibrary` does for one that is named by its path
   */
  tried(model: ModelDescriptor): readonly LibrarySpec[] {
    const forced = this.forcedFor(model);
    const all = this.libraries.specs[model.format] ?? [];
    if (forced?.startsWith("/") === true) {
      const found = all.find((spec) => spec.kind === "file" && spec.path === forced);
      return [found ?? { kind: "file", path: forced, version: describeLibrary(forced, { arch: process.arch }).version }];
    }
    // Both interfaces are built in.
    const chosen = all.flatMap((spec) => {
      if (forced === null || spec.version === forced) return [spec];
      return spec.kind === "built-in" ? [{ ...spec, version: forced }] : [];
    });
    if (chosen.length === 0) throw noneOpens(model, all, forced, this.libraries.rkllmUnavailableReason);
    const refused = this.refusals.of(model);
    return inOrder(chosen, model.toolkitVersion, (spec) => spec.kind === "file" && refused.includes(spec.path));
  }

  /** The one that is tried first; null where there is none. */
  likely(model: ModelDescriptor): LibrarySpec | null {
    try {
      return this.tried(model)[0] ?? null;
    } catch {
      return null;
    }
  }

  /** One has opened the model, and others had not: they come last from now on. */
  note(model: ModelDescriptor, opened: LibrarySpec, refused: readonly LibraryFailure[]): void {
    if (this.forcedFor(model) !== null) return;
    // A crash or a hang may have been that of a bad moment, such as NPU memory that had run out.
    const failures = refused.flatMap(({ library, error }) =>
      pathsOf(library).map((path) => ({ path, mayPass: error.code === "engine_lost" })),
    );
    this.refusals.note(model, failures, pathsOf(opened));
  }

  private forcedFor(model: ModelDescriptor): string | null {
    return resolveInference(this.inference, model.id).runtime_library;
  }
}

function pathsOf(library: LibrarySpec): readonly string[] {
  return library.kind === "file" ? [library.path] : [];
}

function noneOpens(model: ModelDescriptor, all: readonly LibrarySpec[], forced: string | null, reason: string | null): AppError {
  const why =
    all.length === 0
      ? (reason ?? "no library opens its format")
      : `runtime_library asks for version ${forced ?? ""}, and there are ${all.map(({ version }) => version).join(", ")}`;
  return new AppError("model_not_runnable", `The model ${model.id} cannot run here: ${why}`);
}
