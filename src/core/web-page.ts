/** The page that browsers get at `/`, as the API serves it: one document and the files it names. */

/** A file of the page. Its name has a hash of its content, so it never changes. */
export interface PageFile {
  /** Media type with its charset. */
  readonly type: string;
  readonly text: string;
}

/** The whole page. */
export interface WebPage {
  readonly html: string;
  /** By name, without a folder; the document asks for them under PAGE_FILES_PATH. */
  readonly files: Readonly<Record<string, PageFile>>;
}

/** Gives the page; it may be made when it is first asked for. */
export type PageSource = () => Promise<WebPage>;

/** Where the page's files are served, with a slash at the end. */
export const PAGE_FILES_PATH = "/assets/";
