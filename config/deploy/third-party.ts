/** The licence texts that have to go with an executable: those of every package that really went into it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The part of `bun build --metafile` that is read here. */
interface BuildFacts {
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** llama.cpp's own notice is not in the package that ships its libraries. */
const LLAMA_COPYRIGHT = "llama.cpp and ggml: Copyright (c) 2023-2026 The ggml authors, under the MIT License with the text below.";

/** What stands in the sources of a package that ships no licence file: who holds the rights. All of them are under the MIT License. */
const MIT_COPYRIGHTS: Readonly<Record<string, readonly string[]>> = {
  "@cfworker/json-schema": [
    "Copyright (c) 2020 Jeremy Danyow",
    "Copyright Mathias Bynens <https://mathiasbynens.be/> (the length of a text, from punycode.js)",
    "Copyright (c) 2015-2021 Evgeny Poberezkin (formats, from ajv)",
  ],
};

const MIT_TEXT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * One text with the licences of the bundled packages, sorted by name, of those of the page, and of the llama.cpp libraries.
 * Throws when a package comes without a licence text: somebody has to look.
 */
export async function thirdPartyLicenses(
  root: string,
  metafile: string,
  pageInputs: readonly string[],
  nativePackage: string,
): Promise<string> {
  const facts = (await Bun.file(metafile).json()) as BuildFacts;
  const bundled = [...Object.keys(facts.inputs), ...pageInputs].flatMap(
    (input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1] ?? [],
  );
  const names = [...new Set([...bundled, nativePackage])].toSorted();
  const texts = await Promise.all(names.map((name) => licenseOf(join(root, "node_modules", name), name)));
  return texts.join(`\n${"=".repeat(100)}\n\n`);
}

async function licenseOf(folder: string, name: string): Promise<string> {
  const { version, license } = (await Bun.file(join(folder, "package.json")).json()) as { version: string; license: string };
  const files = (await readdir(folder)).filter((file) => /^(?:license|licence|notice)/i.test(file)).toSorted();
  const copyrights = MIT_COPYRIGHTS[name];
  if (files.length === 0 && copyrights === undefined) {
    throw new Error(`${name} has no licence file; the executable may not carry it without one.`);
  }
  const own = files.length === 0 && copyrights !== undefined ? [copyrights.join("\n"), MIT_TEXT] : [];
  const texts = [...own, ...(await Promise.all(files.map((file) => Bun.file(join(folder, file)).text())))];
  const heading = `${name} ${version} (${license})`;
  return [heading, ...(name.startsWith("@node-llama-cpp/") ? [LLAMA_COPYRIGHT] : []), ...texts.map((text) => text.trim()), ""].join("\n\n");
}
