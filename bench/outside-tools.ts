/** Other programs over the same models, installed outside the project: node-llama-cpp from npm, and llama.cpp's server from the sources that come with it. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
/** Its manifest and lock file pin the version; the native part is the program's own, so that both run the same code. */
const MANIFEST = join(ROOT, "tests/oracle");
const FOLDER = join(tmpdir(), "rockchip-llama-bench");
/** A build on two slow cores takes a while; beyond this it is done without. */
const BUILD_MS_MAX = 45 * 60_000;

/** The folder in which `import("node-llama-cpp")` works. It stays for the next time. */
export async function nodeLlamaCpp(progress: (line: string) => void): Promise<string> {
  const folder = join(FOLDER, "node-llama-cpp");
  if (!existsSync(join(folder, "node_modules/node-llama-cpp"))) {
    progress("installing node-llama-cpp");
    await mkdir(folder, { recursive: true });
    for (const file of ["package.json", "bun.lock"]) await cp(join(MANIFEST, file), join(folder, file));
    await command([process.execPath, "install", "--frozen-lockfile", "--omit=optional"], folder, BUILD_MS_MAX);
  }
  const native = join(folder, "node_modules/@node-llama-cpp");
  if (!existsSync(native)) await symlink(join(ROOT, "node_modules/@node-llama-cpp"), native);
  return folder;
}

/** What of llama.cpp the server consists of beside the libraries that are there already. */
const SERVER_PARTS = ["server-context", "llama-server-impl", "llama-server", "mtmd", "llama-ui", "cpp-httplib", "vendor-hash"];
/** Of node-llama-cpp's prebuilt libraries, in the order of their needs. */
const LIBRARIES = ["libllama-common.so", "libllama.v0.5.0.so", "libggml.v0.5.0.so", "libggml-base.so"];
const CMAKE_FLAGS = ["BUILD_TYPE=Release", "POSITION_INDEPENDENT_CODE=ON"].map((flag) => `-DCMAKE_${flag}`);
const LLAMA_FLAGS = ["CURL", "BUILD_TESTS", "BUILD_EXAMPLES", "OPENSSL"].map((flag) => `-DLLAMA_${flag}=OFF`);

/**
 * llama.cpp's server, from node-llama-cpp's source bundle; null with the reason where that does not work here. Only the server itself is
 * compiled: it is linked with the same libraries that this program runs on, so that both compute with the same code.
 * @param llamaFolder where these lie
 */
export async function llamaServer(
  llamaFolder: string,
  progress: (line: string) => void,
): Promise<{ readonly path: string } | { readonly fault: string }> {
  const sources = join(FOLDER, "llama.cpp");
  const build = join(sources, "build-server");
  const path = join(build, "llama-server");
  if (existsSync(path)) return { path };
  const missing = ["git", "cmake", "ninja", "c++"].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return { fault: `llama.cpp's server needs ${missing.join(", ")}: apt-get install git cmake ninja-build g++` };
  const bundle = join(await nodeLlamaCpp(progress), "node_modules/node-llama-cpp/llama/gitRelease.bundle");
  if (!existsSync(bundle)) return { fault: "node-llama-cpp came without llama.cpp's sources." };
  try {
    progress("building llama.cpp's server; this takes many minutes, once");
    if (!existsSync(sources)) await command(["git", "clone", "--quiet", bundle, sources], FOLDER, BUILD_MS_MAX);
    await command(["cmake", "-G", "Ninja", "-S", ".", "-B", build, ...CMAKE_FLAGS, ...LLAMA_FLAGS], sources, BUILD_MS_MAX);
    const targets = (await command(["ninja", "-C", build, "-t", "targets", "all"], sources, BUILD_MS_MAX)).split("\n");
    const objects = targets.flatMap((line) => {
      const object = /^(\S+\/CMakeFiles\/([^/]+)\.dir\/\S+\.o): /.exec(line);
      return object?.[1] !== undefined && SERVER_PARTS.includes(object[2] ?? "") ? [object[1]] : [];
    });
    await command(["ninja", "-C", build, ...objects], sources, BUILD_MS_MAX);
    const libraries = [`-L${llamaFolder}`, ...LIBRARIES.map((name) => `-l:${name}`), `-Wl,-rpath,${llamaFolder}`];
    // It looks for its back ends where it lies.
    for (const name of await readdir(llamaFolder)) {
      if (name.startsWith("libggml-cpu-") && !existsSync(join(build, name))) await symlink(join(llamaFolder, name), join(build, name));
    }
    await command(["c++", "-o", "llama-server", ...objects, ...libraries, "-pthread", "-ldl"], build, BUILD_MS_MAX);
  } catch (thrown) {
    return { fault: `llama.cpp's server could not be built: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
  return { path };
}

/** What the command printed. Throws with its last words. */
async function command(words: readonly string[], cwd: string, timeout: number): Promise<string> {
  const child = Bun.spawn([...words], { cwd, stdout: "pipe", stderr: "pipe", timeout });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0)
    throw new Error(`${words.join(" ").slice(0, 200)}: ${(errors + output).trim().slice(-500) || "it took too long"}`);
  return output;
}
