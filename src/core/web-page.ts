/** The pages that browsers get at `/` and `/swagger`, as the API serves them: the documents and the files they name. */

/** A file of a page. Its name has a hash of its content, so it never changes. */
export interface PageFile {
  /** Media type with its charset. */
  readonly type: string;
  readonly text: string;
}

/** Both pages. */
export interface WebPage {
  /** The document at `/`. */
  readonly html: string;
  /** The document at `/swagger`. */
  readonly swaggerHtml: string;
  /** By name, without a folder; the documents ask for them under PAGE_FILES_PATH. */
  readonly files: Readonly<Record<string, PageFile>>;
}

/** Gives the pages; they may be made when one is first asked for. */
export type PageSource = () => Promise<WebPage>;

/** Where the pages' files are served, with a slash at the end. */
export const PAGE_FILES_PATH = "/assets/";
