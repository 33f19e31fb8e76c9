/** The licence texts that have to go with an executable: those of every package that really went into it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The part of `bun build --metafile` that is read here. */
interface BuildFacts {
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** llama.cpp's own notice is not in the package that ships its libraries. */
const LLAMA_COPYRIGHT = "llama.cpp and ggml: Copyright (c) 2023-2026 The ggml authors, under the MIT License with the text below.";

/**
 * One text with the licences of the bundled packages, sorted by name, and of the llama.cpp libraries.
 * Throws when a package comes without a licence text: somebody has to look.
 */
export async function thirdPartyLicenses(root: string, metafile: string, nativePackage: string): Promise<string> {
  const facts = (await Bun.file(metafile).json()) as BuildFacts;
  const bundled = Object.keys(facts.inputs).flatMap(
    (input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1] ?? [],
  );
  const names = [...new Set([...bundled, nativePackage])].toSorted();
  const texts = await Promise.all(names.map((name) => licenseOf(join(root, "node_modules", name), name)));
  return texts.join(`\n${"=".repeat(100)}\n\n`);
}

async function licenseOf(folder: string, name: string): Promise<string> {
  const { version, license } = (await Bun.file(join(folder, "package.json")).json()) as { version: string; license: string };
  const files = (await readdir(folder)).filter((file) => /^(?:license|licence|notice)/i.test(file)).toSorted();
  if (files.length === 0) throw new Error(`${name} has no licence file; the executable may not carry it without one.`);
  const texts = await Promise.all(files.map((file) => Bun.file(join(folder, file)).text()));
  const heading = `${name} ${version} (${license})`;
  return [heading, ...(name.startsWith("@node-llama-cpp/") ? [LLAMA_COPYRIGHT] : []), ...texts.map((text) => text.trim()), ""].join("\n\n");
}
