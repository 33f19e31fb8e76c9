/** Rockchip's runtime library, and what the system has to bring for it. */
import { AppError } from "../core/errors.ts";
import { compareToolkits } from "../core/toolkit-version.ts";
import type { Board } from "./board.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** Where the runtime library is looked for, and how one is read. */
export interface LibrarySearch {
  /** Files; of those that exist and can be used the newest goes first. */
  readonly paths: readonly string[];
  /** The configuration names the paths; a server that finds no library at any of them does not start. */
  readonly isNamed: boolean;
  /** Reads a file. Throws AppError where it is no library for this machine, or of no known version. */
  describe(this: void, path: string): { readonly version: string; readonly opensRkllm: boolean };
}

const DOWNLOAD_LIBRARY =
  "curl -fL -o librkllmrt.so https://github.com/airockchip/rknn-llm/raw/release-v1.3.0/rkllm-runtime/Linux/librkllm_api/aarch64/librkllmrt.so" +
  " && sudo install -m 755 librkllmrt.so /usr/lib/   # then restart the server: sudo systemctl restart rockchip-llama";
/** A container has its image's files: the library is the host's. */
const MOUNT_LIBRARY = "docker run --volume /usr/lib/librkllmrt.so:/usr/lib/librkllmrt.so:ro …";

/** The command that brings Rockchip's library. */
export function getLibrary({ container }: Pick<Board, "container">): string {
  return container === null ? DOWNLOAD_LIBRARY : MOUNT_LIBRARY;
}

/** What the libraries of the CPU runtime need of glibc 2. */
const CPU_RUNTIME_GLIBC_MINOR = 34;

const LIBRARY_FOLDERS = ["aarch64-linux-gnu", "x86_64-linux-gnu", ""].flatMap((arch) =>
  ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"].map((folder) => (arch === "" ? folder : `${folder}/${arch}`)),
);

/** The library's section: where there is no NPU, only the C library and what was put there all the same. */
export function libraryFindings(root: Root, board: Board, search: LibrarySearch): Finding[] {
  const paths = search.paths.filter((path) => root.status(path)?.isFile() === true);
  const glibc = glibcOf(root);
  const isNeeded = board.hasNpu || search.isNamed;
  const getIt = getLibrary(board);
  if (paths.length === 0) return [...(isNeeded ? [missing(search.paths, getIt)] : []), ...glibcFinding(glibc, null)];
  const found = paths.map((path) => readLibrary(root, search, path));
  const usable = found.filter((each) => "version" in each).toSorted((a, b) => compareToolkits(b.version, a.version));
  const [newest, ...others] = usable;
  if (newest === undefined) {
    // Of several that cannot be used, the first is the one that the server would name.
    const faults = found.filter((each) => "fault" in each);
    return [...faults.slice(0, 1).map((fault) => faultFinding(fault, isNeeded ? getIt : null)), ...glibcFinding(glibc, null)];
  }
  const bytes = root.binary(newest.path) ?? "";
  return [
    libraryFinding(newest),
    ...others.filter(({ version }) => search.isNamed || version !== newest.version).map(otherFinding),
    ...found.flatMap((each) => ("fault" in each ? [warning("library-others", each.fault, putAside(each.path))] : [])),
    ...openMpFinding(root, newest.path, bytes),
    ...glibcFinding(glibc, bytes),
  ];
}

interface UsableLibrary {
  readonly path: string;
  readonly version: string;
  readonly opensRkllm: boolean;
}

interface FaultyLibrary {
  readonly path: string;
  readonly fault: string;
}

function readLibrary(root: Root, { describe }: LibrarySearch, path: string): UsableLibrary | FaultyLibrary {
  try {
    return { path, ...describe(root.at(path)) };
  } catch (thrown) {
    return { path, fault: AppError.from(thrown).message };
  }
}

function missing(paths: readonly string[], getIt: string): Finding {
  return failure("library", `Rockchip's runtime library is at none of ${paths.join(", ")}.`, getIt);
}

function libraryFinding({ path, version, opensRkllm }: UsableLibrary): Finding {
  if (!opensRkllm) return ok("library", `${path} is the CPU runtime under the name of Rockchip's library: it opens .gguf files only.`);
  return ok("library", `Rockchip's runtime library is ${path}, version ${version}.`);
}

function faultFinding({ path, fault }: FaultyLibrary, getIt: string | null): Finding {
  return getIt === null ? warning("library", fault, putAside(path)) : failure("library", fault, getIt);
}

/** Another program may want it back. */
function putAside(path: string): string {
  return `sudo mv ${path} ${path}.unused`;
}

/** Several versions help one another out. */
function otherFinding({ path, version, opensRkllm }: UsableLibrary): Finding {
  const use = opensRkllm ? "is tried for models that newer ones do not open" : "opens .gguf files only";
  return ok("library-others", `${path}, version ${version}, ${use}.`);
}

/** The library says which OpenMP runtime it wants. */
function openMpFinding(root: Root, path: string, bytes: string): Finding[] {
  const wanted = ["libgomp.so.1", "libomp.so"].find((name) => bytes.includes(`\0${name}\0`));
  if (wanted === undefined) return [];
  const folders = [...LIBRARY_FOLDERS, path.slice(0, path.lastIndexOf("/"))];
  const place = folders.map((folder) => `${folder}/${wanted}`).find((file) => root.exists(file));
  if (place !== undefined) return [ok("openmp", `The OpenMP runtime it needs is ${place}.`)];
  const fix =
    wanted === "libomp.so"
      ? "sudo apt install libomp5 && sudo ln -s /usr/lib/aarch64-linux-gnu/libomp.so.5 /usr/lib/libomp.so"
      : "sudo apt install libgomp1";
  return [failure("openmp", `The OpenMP runtime that it needs, ${wanted}, is not installed.`, fix)];
}

/** The C library's version; "musl" where it is that one, null where none is found. */
function glibcOf(root: Root): string | null {
  for (const folder of LIBRARY_FOLDERS) {
    const version = /GNU C Library [^\n]*?version (\d+\.\d+)/.exec(root.binary(`${folder}/libc.so.6`) ?? "")?.[1];
    if (version !== undefined) return version;
  }
  return root.names("/lib").some((name) => name.startsWith("ld-musl-")) ? "musl" : null;
}

const NEWER_SYSTEM = "cat /etc/os-release   # glibc comes with the system: Debian 12 and Ubuntu 22.04 have a newer one";

function glibcFinding(glibc: string | null, library: string | null): Finding[] {
  if (glibc === null) return [];
  if (glibc === "musl") {
    const text = "The C library is musl; Rockchip's library and the CPU runtime are built for glibc.";
    return [failure("glibc", text, "docker run … debian:12-slim   # or another system with glibc")];
  }
  const minors = [...(library ?? "").matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  const needed = Math.max(0, ...minors);
  const minor = Number(glibc.split(".")[1]);
  if (needed > minor)
    return [failure("glibc", `The C library is glibc ${glibc}, and the runtime library needs 2.${needed}.`, NEWER_SYSTEM)];
  if (minor >= CPU_RUNTIME_GLIBC_MINOR) return [ok("glibc", `The C library is glibc ${glibc}.`)];
  const text = `The C library is glibc ${glibc}: .gguf models, tiny-chat among them, need 2.${CPU_RUNTIME_GLIBC_MINOR}; .rkllm models do not.`;
  return [warning("glibc", text, NEWER_SYSTEM)];
}
