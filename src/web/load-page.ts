/** Where the page comes from: the executable carries it as one compressed file, and from the sources it is bundled when it is first asked for. */
import type { PageSource, WebPage } from "../core/web-page.ts";
import { bundlePage } from "./bundle-page.ts";

/** Name of the embedded file: a WebPage as JSON, compressed with zstd. */
export const PAGE_ARCHIVE = "page.json.zst";

/** Makes the page available; it is made once. */
export function createPageSource(): PageSource {
  let page: Promise<WebPage> | undefined;
  return () => (page ??= Bun.isStandaloneExecutable ? embeddedPage() : bundlePage());
}

async function embeddedPage(): Promise<WebPage> {
  const archive = Bun.embeddedFiles.find((file) => (file as File).name === PAGE_ARCHIVE);
  if (archive === undefined) throw new Error("The executable has been built without its page.");
  return JSON.parse((await Bun.zstdDecompress(await archive.bytes())).toString()) as WebPage;
}
