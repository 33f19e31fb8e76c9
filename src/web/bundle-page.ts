/** Makes one script, one style sheet and one document of `page/`, and adds Swagger UI. The executable carries the result; from the sources it is made on demand. */
import { basename, join } from "node:path";
import { PAGE_FILES_PATH, type PageFile, type WebPage } from "../core/web-page.ts";
import { swaggerPage } from "./swagger-page.ts";

const ENTRY = join(import.meta.dir, "page/page.html");

/** The pages, and every file they were made of: their licences go with the executable. */
export interface BundledPage extends WebPage {
  readonly inputs: readonly string[];
}

/** Bundles the pages. Throws what the bundler complains about. */
export async function bundlePage(): Promise<BundledPage> {
  const { outputs, metafile } = await Bun.build({
    entrypoints: [ENTRY],
    target: "browser",
    minify: true,
    metafile: true,
    publicPath: PAGE_FILES_PATH,
  });
  const swagger = await swaggerPage();
  const files: Record<string, PageFile> = { ...swagger.files };
  let html = "";
  for (const output of outputs) {
    const text = await output.text();
    if (output.path.endsWith(".html")) html = text;
    else files[basename(output.path)] = { type: output.type, text };
  }
  return { html, swaggerHtml: swagger.html, files, inputs: [...Object.keys(metafile?.inputs ?? {}), ...swagger.inputs] };
}
