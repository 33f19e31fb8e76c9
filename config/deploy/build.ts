/**
 * Builds the executables: `bun run build` makes one for each processor, `bun run build arm64` only that one.
 *
 * Each is Bun itself, the program as bytecode, one archive with the native files, and one with the pages (src/runtime/native/assets.ts
 * and src/web/load-page.ts find them by their names). `--entry-naming` puts the Worker's file where `new URL("./worker.ts", import.meta.url)` looks for it, and the
 * format is ESM because bytecode's default format writes this machine's paths into the executable.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packAssets, type AssetFile } from "../../src/runtime/native/asset-archive.ts";
import { assetHash } from "../../src/runtime/native/asset-folder.ts";
import { bundlePage } from "../../src/web/bundle-page.ts";
import { PAGE_ARCHIVE } from "../../src/web/load-page.ts";
import { thirdPartyLicenses } from "./third-party.ts";

const ROOT = join(import.meta.dir, "../..");
const DIST = join(ROOT, "dist");
const ARCHS = ["x64", "arm64"] as const;
type Arch = (typeof ARCHS)[number];

/** The libraries the CPU runtime loads; the packages hold others that it does not need. */
const LIBRARIES = /^lib(?:llama\.v[\d.]+|ggml\.v[\d.]+|ggml-base|ggml-cpu-[\w.]+)\.so$/;
/** The C sources that are compiled when the program runs. */
const SOURCES = ["external/rkllm-cpu/*.{c,h}", "src/runtime/native/*.c"];
const ZSTD_LEVEL = 19;
/** An executable that grows past this has taken in something it should not have. */
const EXECUTABLE_BYTES_MAX = 125_000_000;

const FLAGS = [
  "--compile",
  "--bytecode",
  // Only each module's own level: bytecode for every function takes 3.4 MB more and saves 15 ms up to the first answer.
  "--bytecode-depth=0",
  "--format=esm",
  // Engine hosts load only their own part: 4 MB less in each, 12 MB less in the gateway.
  "--splitting",
  "--sourcemap",
  "--entry-naming=[name].[ext]",
  "--asset-naming=[name].[ext]",
  `--define=process.env.NODE_ENV="production"`,
  // A .env or bunfig.toml in the folder it is started from must not change what it does.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

async function main(): Promise<void> {
  // "amd64" is what container builders call x64.
  const asked = Bun.argv.slice(2).map((arch) => (arch === "amd64" ? "x64" : arch));
  const unknown = asked.filter((arch) => !ARCHS.some((known) => known === arch));
  if (unknown.length > 0) throw new Error(`Unknown processor ${unknown.join(", ")}: choose from ${ARCHS.join(", ")}.`);
  await mkdir(DIST, { recursive: true });
  for (const arch of ARCHS.filter((each) => asked.length === 0 || asked.includes(each))) {
    const { path, name } = await buildExecutable(arch);
    const { size } = Bun.file(path);
    if (size > EXECUTABLE_BYTES_MAX) throw new Error(`${name} has ${size} bytes, more than the ${EXECUTABLE_BYTES_MAX} allowed.`);
    console.log(`${name}: ${megabytes(size)}`);
  }
  // Packages of older executables must not pass for those of these.
  for (const file of await readdir(DIST)) if (file.endsWith(".deb")) await rm(join(DIST, file));
  const { exitCode } = Bun.spawnSync([join(import.meta.dir, "checksums.sh")], { stdout: "inherit", stderr: "inherit" });
  if (exitCode !== 0) throw new Error(`checksums.sh failed (exit code ${exitCode}).`);
  for (const notice of ["LICENSE", "NOTICE"]) await copyFile(join(ROOT, notice), join(DIST, notice));
}

async function buildExecutable(arch: Arch): Promise<{ path: string; name: string }> {
  const name = `rockchip-llama-linux-${arch}`;
  const path = join(DIST, name);
  const archive = packAssets(await nativeFiles(arch), ZSTD_LEVEL);
  const asset = join(DIST, `native-${assetHash(archive)}.zst`);
  await writeFile(asset, archive);
  const { inputs: pageInputs, ...page } = await bundlePage();
  const pageAsset = join(DIST, PAGE_ARCHIVE);
  await writeFile(pageAsset, Bun.zstdCompressSync(JSON.stringify(page), { level: ZSTD_LEVEL }));
  const metafile = join(DIST, "meta.json");
  try {
    const entries = ["src/main.ts", "src/runtime/worker.ts"];
    const outputs = [
      `--target=bun-linux-${arch}`,
      `--asset=${asset}`,
      `--asset=${pageAsset}`,
      `--outfile=${path}`,
      `--metafile=${metafile}`,
    ];
    await bunBuild([...entries, ...FLAGS, ...outputs]);
    await writeFile(
      join(DIST, "THIRD_PARTY_LICENSES.txt"),
      await thirdPartyLicenses(ROOT, metafile, pageInputs, `@node-llama-cpp/linux-${arch}`),
    );
    console.log(`${name}: native files ${megabytes(archive.byteLength)}`);
  } finally {
    await rm(asset);
    await rm(pageAsset);
    await rm(metafile, { force: true });
    const maps = (await readdir(DIST)).filter((file) => file.endsWith(".map"));
    for (const map of maps) await rm(join(DIST, map));
  }
  return { path, name };
}

/** Runs `bun build`. It exits with 0 even when no bytecode could be made, so its words are read too. */
async function bunBuild(args: readonly string[]): Promise<void> {
  const build = Bun.spawn([process.execPath, "build", ...args], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [output, errors, exitCode] = await Promise.all([build.stdout.text(), build.stderr.text(), build.exited]);
  if (exitCode !== 0 || `${output}${errors}`.includes("Failed to generate bytecode")) {
    throw new Error(`bun build failed (exit code ${exitCode}):\n${output}${errors}`);
  }
}

/** The built-in model, with what has to lie beside it. */
const BUILTIN_MODEL = ["models/tiny-chat/tiny-chat.gguf", "models/tiny-chat/model.json"];

/** Everything the binary unpacks: the libraries under llama/, the C sources and the built-in model under their paths in the repository. */
async function nativeFiles(arch: Arch): Promise<AssetFile[]> {
  const folder = join(ROOT, `node_modules/@node-llama-cpp/linux-${arch}/bins/linux-${arch}`);
  const names = await readdir(folder).catch(() => {
    throw new Error(`The llama.cpp libraries for ${arch} are not in ${folder}. Run \`bun install --os=linux --cpu=${arch}\` first.`);
  });
  const libraries = names.filter((name) => LIBRARIES.test(name)).toSorted();
  const sources = SOURCES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })]).toSorted();
  return Promise.all([
    ...libraries.map(async (name) => ({ path: `llama/${name}`, content: await Bun.file(join(folder, name)).bytes() })),
    ...[...sources, ...BUILTIN_MODEL].map(async (path) => ({ path, content: await Bun.file(join(ROOT, path)).bytes() })),
  ]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
