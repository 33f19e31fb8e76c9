/** Where the pages come from: the executable carries them as one compressed file, and from the sources they are bundled when one is first asked for. */
import type { PageSource, WebPage } from "../core/web-page.ts";
import { bundlePage } from "./bundle-page.ts";

/** Name of the embedded file: a WebPage as JSON, compressed with zstd. */
export const PAGE_ARCHIVE = "page.json.zst";

/** Makes the pages available; they are made once. */
export function createPageSource(): PageSource {
  let page: Promise<WebPage> | undefined;
  return () => (page ??= Bun.isStandaloneExecutable ? embeddedPage() : bundlePage());
}

async function embeddedPage(): Promise<WebPage> {
  const archive = Bun.embeddedFiles.find((file) => (file as File).name === PAGE_ARCHIVE);
  if (archive === undefined) throw new Error("The executable has been built without its pages.");
  return JSON.parse((await Bun.zstdDecompress(await archive.bytes())).toString()) as WebPage;
}
