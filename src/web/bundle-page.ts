/** Makes one script, one style sheet and one document of `page/`. The executable carries the result; from the sources it is made on demand. */
import { basename, join } from "node:path";
import { PAGE_FILES_PATH, type PageFile, type WebPage } from "../core/web-page.ts";

const ENTRY = join(import.meta.dir, "page/page.html");

/** The page, and every file it was made of, relative to the working folder: their licences go with the executable. */
export interface BundledPage extends WebPage {
  readonly inputs: readonly string[];
}

/** Bundles the page. Throws what the bundler complains about. */
export async function bundlePage(): Promise<BundledPage> {
  const { outputs, metafile } = await Bun.build({
    entrypoints: [ENTRY],
    target: "browser",
    minify: true,
    metafile: true,
    publicPath: PAGE_FILES_PATH,
  });
  const files: Record<string, PageFile> = {};
  let html = "";
  for (const output of outputs) {
    const text = await output.text();
    if (output.path.endsWith(".html")) html = text;
    else files[basename(output.path)] = { type: output.type, text };
  }
  return { html, files, inputs: Object.keys(metafile?.inputs ?? {}) };
}
