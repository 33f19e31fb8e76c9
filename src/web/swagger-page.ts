/** The page at `/swagger`: Swagger UI as its package ships it, with a document and a script that start it. */
import { fileURLToPath } from "node:url";
import { PAGE_FILES_PATH, type PageFile } from "../core/web-page.ts";

/** No validator: it would be asked over the internet. */
const START = `SwaggerUIBundle({ url: "/swagger/json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });\n`;

/** A document, the files it asks for, and the files of the package that those were made of. */
export interface SwaggerPage {
  readonly html: string;
  readonly files: Readonly<Record<string, PageFile>>;
  readonly inputs: readonly string[];
}

/** Reads the package. Throws where it is not installed. */
export async function swaggerPage(): Promise<SwaggerPage> {
  const inputs = [import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js"), import.meta.resolve("swagger-ui-dist/swagger-ui.css")].map(
    (url) => fileURLToPath(url),
  );
  const [bundle = "", styles = ""] = await Promise.all(inputs.map((path) => Bun.file(path).text()));
  const script = hashed("swagger-ui", "js", bundle);
  const style = hashed("swagger-ui", "css", styles);
  const start = hashed("swagger-start", "js", START);
  return { html: documentOf(style.name, [script.name, start.name]), files: filesOf([script, style, start]), inputs };
}

interface NamedFile extends PageFile {
  readonly name: string;
}

/** With a hash in its name, as what is asked for under PAGE_FILES_PATH never changes. */
function hashed(stem: string, extension: "js" | "css", text: string): NamedFile {
  const type = extension === "js" ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8";
  return { name: `${stem}-${Bun.hash(text).toString(36)}.${extension}`, type, text };
}

function filesOf(files: readonly NamedFile[]): Record<string, PageFile> {
  return Object.fromEntries(files.map(({ name, ...file }) => [name, file]));
}

function documentOf(style: string, scripts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>RockchipLlama API</title>
<link rel="stylesheet" href="${PAGE_FILES_PATH}${style}">
<div id="swagger-ui"></div>
${scripts.map((name) => `<script src="${PAGE_FILES_PATH}${name}"></script>`).join("\n")}
</html>
`;
}
