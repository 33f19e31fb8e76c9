/** How a library is probed with a model of this installation, and where the answers are kept: the command line's `doctor --probe`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { basename, dirname, join } from "node:path";
import { resolveInference } from "./config/inference-schema.ts";
import type { LoadedConfig } from "./config/load.ts";
import { assert } from "./core/errors.ts";
import type { ModelDescriptor, Soc } from "./core/model.ts";
import { loadTimeoutMs, openOptions } from "./open-model.ts";
import { findingsKey, libraryIdentity } from "./runtime/findings-key.ts";
import type { NativeAssets } from "./runtime/native/assets.ts";
import { askLibrary } from "./runtime/probe/ask-library.ts";
import { controlTextsOf } from "./runtime/probe/control-texts.ts";
import { type ProbeReport, probeReport, type ReportRow } from "./runtime/probe/probe-report.ts";
import { GREEDY } from "./runtime/probe/question.ts";
import type { LibrarySpec } from "./runtime/protocol.ts";
import { probeHostCommand } from "./runtime/self-command.ts";
import { chooseLibraries, LibraryChoice } from "./runtime-libraries.ts";
import { FindingsFile } from "./store/findings-file.ts";

export type { ProbeReport, ReportRow };

/** A context that every question fits in; longer ones only take longer. */
const CONTEXT_TOKENS_MAX = 1024;
const CONTEXT_STEP_TOKENS = 32;
/** For one step of a question on a slow board, opening not counted. */
const STEP_LIMIT_MS = 120_000;

/** What to probe, and with what. */
export interface ProbeOptions {
  readonly model: ModelDescriptor;
  readonly loaded: LoadedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly assets: NativeAssets;
  readonly soc: Soc | null;
  /** Version of this program. */
  readonly program: string;
  /** Told before each child starts. */
  readonly onQuestion: (asks: string) => void;
}

/** The report, and why the answers could not be kept for the server; null where they are. */
export interface Probed {
  readonly report: ProbeReport;
  readonly notKept: string | null;
}

/**
 * Asks the library that is tried first for the model, and keeps what was found.
 * @throws AppError model_not_runnable where no library opens its format, model_file_invalid
 */
export async function probeModel(options: ProbeOptions): Promise<Probed> {
  const { loaded, assets, soc, program } = options;
  const { server, inference } = loaded.config;
  const model = weightsOf(options.model);
  const [library] = new LibraryChoice(chooseLibraries(server), loaded.config).tried(model);
  assert(library !== undefined, "a model without a library is refused");
  const values = openOptions(resolveInference(inference, model.id), GREEDY, model, soc, {});
  const contextTokens = Math.min(model.contextTokensMax - (model.contextTokensMax % CONTEXT_STEP_TOKENS), CONTEXT_TOKENS_MAX);
  const at = new Date();
  const asking = await askLibrary(
    {
      library,
      assets,
      modelPath: model.path,
      options: { ...values, contextTokens, idleLane: "token", hashesPrompts: false },
      controlTexts: await controlTextsOf(model),
    },
    {
      command: probeHostCommand(server.exec_prefix),
      environment: { RKLLM_CPU_LIBDIR: assets.llamaDir, ...options.environment, RKLLM_LOG_LEVEL: "1" },
      limitMs: loadTimeoutMs(server, model.bytes) + STEP_LIMIT_MS,
      onQuestion: ({ asks }) => options.onQuestion(asks),
    },
  );
  const report = probeReport(
    {
      at: at.toISOString(),
      program,
      library: libraryFacts(library, program),
      model: { file: basename(model.path), bytes: model.bytes },
      machine: { processor: process.arch, kernel: release(), soc },
    },
    asking,
  );
  const key = findingsKey(library, model, program);
  const notKept = key === null ? "The library cannot be read." : new FindingsFile(server.cache_dir).keep(key, report.findings, at);
  return { report, notKept };
}

/**
 * Writes a report and returns its path; where it cannot be written, why.
 * @param path null: a file of the cache folder
 */
export function writeReport(text: string, path: string | null, { loaded, report }: { loaded: LoadedConfig; report: ProbeReport }) {
  const name = `probe-${report.model.file.replaceAll(/[^\w.-]+/g, "-")}-${report.library.version}.md`;
  const place = path ?? join(loaded.config.server.cache_dir, name);
  try {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    return { path: place, fault: null };
  } catch (thrown) {
    return { path: place, fault: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** What is opened for a model that was made from another. */
function weightsOf(model: ModelDescriptor): ModelDescriptor {
  const opened = model.derived?.opens ?? model;
  return opened.adapted?.base ?? opened;
}

function libraryFacts(library: LibrarySpec, program: string): ProbeReport["library"] {
  if (library.kind === "built-in") return { version: library.version, file: null, sha256: null };
  return {
    version: library.version,
    file: basename(library.path),
    sha256: libraryIdentity(library, program)?.split(" ").at(-1) ?? null,
  };
}
