/** What the doctor is told of this installation: the command line's `doctor` examines it without a server. */
import { isOpenDoor } from "./api/access/open-door.ts";
import { openCatalog } from "./catalog/catalog.ts";
import type { Environment } from "./config/environment.ts";
import { resolveInference } from "./config/inference-schema.ts";
import type { LoadedConfig } from "./config/load.ts";
import { IDLE_VARIABLES } from "./config/ollama-variables.ts";
import { secondPort } from "./config/second-port.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import { AppError } from "./core/errors.ts";
import type { ModelDescriptor, Soc } from "./core/model.ts";
import { readBoard } from "./doctor/board.ts";
import { examine } from "./doctor/examine.ts";
import { type Finding, ok, type Report, warning } from "./doctor/finding.ts";
import type { LibrarySearch } from "./doctor/library.ts";
import type { ModelPlan } from "./doctor/models.ts";
import { type Listening, tryPort } from "./doctor/network.ts";
import { Root } from "./doctor/root.ts";
import { userName } from "./doctor/user.ts";
import { estimateMemoryBytes } from "./engine/memory-estimate.ts";
import { contextTokensOf, lanesOf } from "./open-model.ts";
import { libraryName } from "./runtime/open-with-first.ts";
import { describeLibrary } from "./runtime/native/library.ts";
import { libraryCandidates } from "./runtime/native/library-search.ts";
import { chooseLibraries, LibraryChoice, type Libraries, librarySearchOf, newestRkllmVersion } from "./runtime-libraries.ts";
import { readKeyFile } from "./store/key-file.ts";

/** The name of the model that comes with the program: it is there without a file in any folder. */
const BUILTIN_MODEL = "tiny-chat";

/** Examines this machine with this configuration. Changes nothing, loads nothing, asks nothing of the network. */
export async function checkUp(loaded: LoadedConfig, environment: Environment, root: Root = new Root()): Promise<Report> {
  const { server } = loaded.config;
  return examine({
    root,
    user: userName(),
    libraries: librariesOf(server),
    folders: { modelsDirs: server.models_dir, cacheDir: server.cache_dir, unpacks: Bun.isStandaloneExecutable },
    plan: await planOf(loaded, readBoard(root).soc),
    listening: listeningOf(loaded),
    tries: tryPort,
    configuration: configurationFindings(loaded, environment),
  });
}

function librariesOf(server: ServerConfig): LibrarySearch {
  const search = librarySearchOf(server);
  return {
    paths: libraryCandidates(search),
    isNamed: server.runtime !== null,
    describe: (path) => {
      const { version, formats } = describeLibrary(path, search);
      return { version, opensRkllm: formats.includes("rkllm") };
    },
  };
}

async function planOf({ config }: LoadedConfig, boardSoc: Soc | null): Promise<ModelPlan> {
  const { server, inference } = config;
  const libraries = plannedLibraries(server);
  const choice = new LibraryChoice(libraries, { server, inference });
  const { rkllmUnavailableReason } = libraries;
  const catalog = openCatalog({ modelsDirs: server.models_dir, rkllmUnavailableReason, boardSoc });
  const models = (await catalog.list()).filter(({ adapted }) => adapted === undefined);
  const wanted = server.default_model === BUILTIN_MODEL && server.builtin_model ? null : server.default_model;
  const isThere = wanted === null || (await catalog.resolve(wanted).then(Boolean, () => false));
  return {
    models: models.map((model) => {
      const values = resolveInference(inference, model.id);
      // What a probe has found changes it by a few tokens.
      const contextTokens = contextTokensOf(values, model, {});
      return {
        model,
        contextTokens,
        libraries: hasChoice(model, libraries) ? triedFor(model, choice) : [],
        memoryBytes: estimateMemoryBytes(model, { contextTokens, lanes: lanesOf(values, model, {}), copies: values.slots }),
      };
    }),
    defaultMissing: isThere ? null : wanted,
    rkllmVersion: newestRkllmVersion(libraries),
  };
}

/** The libraries, and why there is none for .rkllm files; a configuration whose libraries cannot be used is the library section's matter. */
function plannedLibraries(server: ServerConfig): Libraries {
  try {
    return chooseLibraries(server);
  } catch (thrown) {
    return { specs: {}, rkllmUnavailableReason: AppError.from(thrown).message, faults: [] };
  }
}

function hasChoice({ format }: ModelDescriptor, { specs }: Libraries): boolean {
  return (specs[format]?.length ?? 0) > 1;
}

/** Libraries in the order in which they are tried. */
function triedFor(model: ModelDescriptor, choice: LibraryChoice): readonly string[] {
  try {
    return choice.tried(model).map(libraryName);
  } catch (thrown) {
    return [AppError.from(thrown).message];
  }
}

function listeningOf(loaded: LoadedConfig): Listening {
  const { host, port, keys_file, api_key, allow, insecure } = loaded.config.server;
  const { count, fault } = keysIn(keys_file);
  const keys = count + (api_key === null ? 0 : 1);
  const networks = allow.length;
  const isOpen = isOpenDoor({ host, keys, networks, insecure });
  return { host, port, secondPort: secondPort(loaded), keys, networks, isOpen, insecure, keysFile: keys_file, keysFault: fault };
}

function keysIn(path: string): { readonly count: number; readonly fault: string | null } {
  try {
    return { count: readKeyFile(path).length, fault: null };
  } catch (thrown) {
    return { count: 0, fault: AppError.from(thrown).message };
  }
}

/** A configuration that cannot be read stops every command with its faults; here it has been read. */
function configurationFindings({ sources }: LoadedConfig, environment: Environment): Finding[] {
  const all = Object.values(sources);
  const places = (kind: string) => [...new Set(all.flatMap((source) => (source.kind === kind ? [source.name] : [])))];
  const from = [...places("flag"), ...places("environment"), ...places("file")];
  const said = from.length === 0 ? "Every value is the default" : `Values are set by ${from.join(", ")}`;
  const idle = Object.entries(IDLE_VARIABLES).filter(([name]) => (environment[name] ?? "") !== "");
  return [
    ok("configuration", `${said}; --config lists all.`),
    ...idle.map(([name, reason]) =>
      warning("idle-variable", `${name} changes nothing here: ${reason.replaceAll("`", "")}.`, `unset ${name}`),
    ),
  ];
}
