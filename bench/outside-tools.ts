/** Other programs over the same models, installed outside the project: node-llama-cpp from npm, and llama.cpp's server from the sources that come with it. */
import { existsSync } from "node:fs";
import { cp, mkdir, symlink } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
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

/** llama.cpp's server, built from node-llama-cpp's source bundle; null with the reason where that does not work here. */
export async function llamaServer(progress: (line: string) => void): Promise<{ readonly path: string } | { readonly fault: string }> {
  const sources = join(FOLDER, "llama.cpp");
  const path = join(sources, "build/bin/llama-server");
  if (existsSync(path)) return { path };
  const missing = ["git", "cmake", "c++"].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) return { fault: `llama.cpp's server needs ${missing.join(", ")}: apt-get install git cmake g++` };
  const bundle = join(await nodeLlamaCpp(progress), "node_modules/node-llama-cpp/llama/gitRelease.bundle");
  if (!existsSync(bundle)) return { fault: "node-llama-cpp came without llama.cpp's sources." };
  try {
    progress("building llama.cpp's server; this takes many minutes, once");
    if (!existsSync(sources)) await command(["git", "clone", "--quiet", bundle, sources], FOLDER, BUILD_MS_MAX);
    const flags = [
      "-DCMAKE_BUILD_TYPE=Release",
      "-DLLAMA_CURL=OFF",
      "-DLLAMA_BUILD_TESTS=OFF",
      "-DLLAMA_BUILD_EXAMPLES=OFF",
      "-DLLAMA_OPENSSL=OFF",
    ];
    await command(["cmake", "-S", ".", "-B", "build", ...flags], sources, BUILD_MS_MAX);
    await command(["cmake", "--build", "build", "--target", "llama-server", "-j", String(availableParallelism())], sources, BUILD_MS_MAX);
  } catch (thrown) {
    return { fault: `llama.cpp's server could not be built: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
  return existsSync(path) ? { path } : { fault: "llama.cpp's build made no server." };
}

async function command(words: readonly string[], cwd: string, timeout: number): Promise<void> {
  const child = Bun.spawn([...words], { cwd, stdout: "ignore", stderr: "pipe", timeout });
  const errors = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${words.join(" ")}: ${errors.trim().slice(-500) || "it took too long"}`);
}
