/** Rockchip's runtime library, and what the system has to bring for it. */
import { AppError } from "../core/errors.ts";
import type { Board } from "./board.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** Where the runtime library is looked for, and how one is read. */
export interface LibrarySearch {
  /** Files, the first that exists is used. */
  readonly paths: readonly string[];
  /** The configuration names the one path; a server whose library is not there does not start. */
  readonly isNamed: boolean;
  /** Reads a file. Throws AppError where it is no library for this machine, or of no known version. */
  describe(this: void, path: string): { readonly version: string; readonly opensRkllm: boolean };
}

const GET_LIBRARY =
  "curl -fL -o librkllmrt.so https://github.com/airockchip/rknn-llm/raw/release-v1.3.0/rkllm-runtime/Linux/librkllm_api/aarch64/librkllmrt.so" +
  " && sudo install -m 755 librkllmrt.so /usr/lib/";

const LIBRARY_FOLDERS = ["aarch64-linux-gnu", "x86_64-linux-gnu", ""].flatMap((arch) =>
  ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"].map((folder) => (arch === "" ? folder : `${folder}/${arch}`)),
);

/** The library's section: where there is no NPU, only the C library and what was put there all the same. */
export function libraryFindings(root: Root, board: Board, search: LibrarySearch): Finding[] {
  const found = search.paths.filter((path) => root.status(path)?.isFile() === true);
  const [path, ...others] = found;
  const glibc = glibcOf(root);
  const isNeeded = board.hasNpu || search.isNamed;
  if (path === undefined) return [...(isNeeded ? [missing(search.paths)] : []), ...glibcFinding(glibc, null)];
  const library = libraryFinding(root, search, path, isNeeded);
  if (library.level !== "ok") return [library, ...glibcFinding(glibc, null)];
  const bytes = root.binary(path) ?? "";
  return [library, ...othersFinding(root, search, path, others), ...openMpFinding(root, path, bytes), ...glibcFinding(glibc, bytes)];
}

function missing(paths: readonly string[]): Finding {
  return failure("library", `Rockchip's runtime library is at none of ${paths.join(", ")}.`, GET_LIBRARY);
}

function libraryFinding(root: Root, { describe }: LibrarySearch, path: string, isNeeded: boolean): Finding {
  try {
    const { version, opensRkllm } = describe(root.at(path));
    if (!opensRkllm) return ok("library", `${path} is the CPU runtime under the name of Rockchip's library: it opens .gguf files only.`);
    return ok("library", `Rockchip's runtime library is ${path}, version ${version}.`);
  } catch (thrown) {
    const { message } = AppError.from(thrown);
    return isNeeded ? failure("library", message, GET_LIBRARY) : warning("library", message, `sudo rm ${path}`);
  }
}

/** Two of different versions are a trap: the one that is used may not be the one that was just installed. */
function othersFinding(root: Root, { describe }: LibrarySearch, used: string, others: readonly string[]): Finding[] {
  const versionAt = (path: string): string => {
    try {
      return describe(root.at(path)).version;
    } catch {
      return "unknown";
    }
  };
  const version = versionAt(used);
  const differing = others.filter((path) => versionAt(path) !== version);
  return differing.map((path) =>
    warning(
      "library-others",
      `${path} is of another version (${versionAt(path)}) and is not used.`,
      `rockchip-llama serve --runtime ${path}`,
    ),
  );
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

function glibcFinding(glibc: string | null, library: string | null): Finding[] {
  if (glibc === null) return [];
  if (glibc === "musl") {
    const text = "The C library is musl; Rockchip's library and the CPU runtime are built for glibc.";
    return [failure("glibc", text, "docker run … debian:12-slim   # or another system with glibc")];
  }
  const minors = [...(library ?? "").matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  const needed = Math.max(0, ...minors);
  if (needed <= Number(glibc.split(".")[1])) return [ok("glibc", `The C library is glibc ${glibc}.`)];
  const text = `The C library is glibc ${glibc}, and the runtime library needs 2.${needed}.`;
  return [failure("glibc", text, "sudo apt update && sudo apt full-upgrade   # to a newer release of the system")];
}
