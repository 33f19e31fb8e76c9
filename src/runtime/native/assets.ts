/**
 * Where the native files are: the llama.cpp libraries behind the CPU runtime, the C sources that Bun compiles at start, and the built-in model.
 * Run from its sources, the program uses them where they lie. The compiled binary carries them as one archive and unpacks it
 * once into the cache folder, because a library can only be loaded from a real file under its own name: its parts find each
 * other by name in one folder.
 */
import { join } from "node:path";
import { AppError } from "../../core/errors.ts";
import { unpackOnce } from "./asset-folder.ts";

/** Absolute paths of the native files. */
export interface NativeAssets {
  /** Folder of the llama.cpp libraries; the builds for the various processors are looked for in it. */
  readonly llamaDir: string;
  /** The one library to open; it pulls in the others. */
  readonly llamaFile: string;
  /** C source of the CPU runtime (the RKLLM ABI over llama.cpp), with its headers beside it. */
  readonly cpuRuntimeSource: string;
  /** C source of the result callback. */
  readonly bridgeSource: string;
  /** C source of what `doctor --probe` records runs with. */
  readonly probeSource: string;
  /** Folder of the model that comes with the program. */
  readonly builtinModelDir: string;
}

/** Name of the llama.cpp library. It changes with every release, and so do the structs the CPU runtime passes to it. */
const LLAMA_FILE = "libllama.v0.5.0.so";

/** The sources' paths, in the repository and in the archive alike, so that relative includes hold in both. */
const CPU_RUNTIME_SOURCE = "external/rkllm-cpu/rkllm_cpu.c";
const BRIDGE_SOURCE = "src/runtime/native/bridge.c";
const PROBE_SOURCE = "src/runtime/native/probe.c";
const BUILTIN_MODEL = "models/tiny-chat";

/** The embedded archive: `native-<content hash>.zst`. */
const ARCHIVE_NAME = /^native-([0-9a-f]{32})\.zst$/;

/**
 * Makes the native files available and says where they are; `cacheDir` is used by the compiled binary only.
 * Safe to call from several processes at once. Throws AppError config_invalid when the cache folder cannot be used,
 * runtime_library_missing when the libraries are not installed or there are none for this processor.
 */
export async function prepareNativeAssets(cacheDir: string): Promise<NativeAssets> {
  return Bun.isStandaloneExecutable ? embeddedAssets(cacheDir) : installedAssets(process.arch);
}

/**
 * What prepares the native files whenever it is asked for them: somebody may have emptied the cache folder meanwhile. It begins at once, and who asks
 * while they are being prepared waits for that.
 */
export function nativeAssets(cacheDir: string): () => Promise<NativeAssets> {
  let going: Promise<NativeAssets> | null = null;
  const prepare = async (): Promise<NativeAssets> => (going ??= prepareNativeAssets(cacheDir).finally(() => (going = null)));
  // Who asks is told.
  prepare().catch(() => {});
  return prepare;
}

async function embeddedAssets(cacheDir: string): Promise<NativeAssets> {
  for (const file of Bun.embeddedFiles) {
    const hash = ARCHIVE_NAME.exec((file as File).name)?.[1];
    if (hash === undefined) continue;
    const folder = await unpackOnce(cacheDir, hash, async () => new Uint8Array(await file.arrayBuffer()));
    return {
      llamaDir: join(folder, "llama"),
      llamaFile: join(folder, "llama", LLAMA_FILE),
      cpuRuntimeSource: join(folder, CPU_RUNTIME_SOURCE),
      bridgeSource: join(folder, BRIDGE_SOURCE),
      probeSource: join(folder, PROBE_SOURCE),
      builtinModelDir: join(folder, BUILTIN_MODEL),
    };
  }
  throw new Error("Broken invariant: the binary carries its native files (build it with `bun run build`)");
}

async function installedAssets(arch: string): Promise<NativeAssets> {
  const root = join(import.meta.dir, "../../..");
  const llamaDir = join(root, `node_modules/@node-llama-cpp/linux-${arch}/bins/linux-${arch}`);
  const llamaFile = join(llamaDir, LLAMA_FILE);
  if (arch !== "x64" && arch !== "arm64") {
    throw new AppError("runtime_library_missing", `There is no CPU runtime for ${arch} processors; x64 and arm64 have one.`);
  }
  if (!(await Bun.file(llamaFile).exists())) {
    throw new AppError(
      "runtime_library_missing",
      `The CPU runtime's library ${llamaFile} is missing. Run \`bun install\` (or \`npm install\`).`,
    );
  }
  return {
    llamaDir,
    llamaFile,
    cpuRuntimeSource: join(root, CPU_RUNTIME_SOURCE),
    bridgeSource: join(root, BRIDGE_SOURCE),
    probeSource: join(root, PROBE_SOURCE),
    builtinModelDir: join(root, BUILTIN_MODEL),
  };
}
