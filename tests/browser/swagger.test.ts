/** The API page in a real browser, without any network but the server's own. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listen } from "../support/api-socket.ts";
import { HAS_BROWSER, launchBrowser, openPage } from "../support/browser.ts";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const EXECUTABLE = join(import.meta.dir, `../../dist/rockchip-llama-linux-${process.arch}`);

/** What the page shows to somebody who opens a route, and what it asked of others or complained about meanwhile. */
async function lookAt(url: string): Promise<{ routes: string[]; foreign: readonly string[]; complaints: readonly string[] }> {
  const browser = await launchBrowser();
  try {
    const { page, foreign, complaints } = await openPage(browser, `${url}/swagger`);
    await page.waitForSelector("#operations-OpenAI-createChatCompletion");
    const routes = await page.locator(".opblock-summary-path").allTextContents();
    await page.locator("#operations-OpenAI-createChatCompletion .opblock-summary-control").click();
    await page.waitForSelector("#operations-OpenAI-createChatCompletion .opblock-section-request-body");
    return { routes: routes.map((route) => route.replaceAll("\u200b", "")).toSorted(), foreign, complaints };
  } finally {
    await browser.close();
  }
}

/** Every operation that the description names, by its path; what that must be, tests/wire/openapi.test.ts says. */
async function described(url: string): Promise<string[]> {
  const { paths } = (await (await fetch(`${url}/swagger/json`)).json()) as { paths: Record<string, object> };
  return Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map(() => path))
    .toSorted();
}

const browserTest = test.skipIf(!HAS_BROWSER); // there is no page to look at without a browser
browserTest(
  "the page shows every route, asks nobody else for anything, and keeps to its policy",
  async () => {
    await using api = listen({});
    expect(await lookAt(api.url)).toEqual({ routes: await described(api.url), foreign: [], complaints: [] });
  },
  60_000,
);

const builtTest = test.skipIf(!HAS_BROWSER || !existsSync(EXECUTABLE)); // `bun run build` makes the executable
builtTest(
  "the executable's page is the same",
  async () => {
    const folder = temporaryFolder();
    await using server = await startServer([EXECUTABLE, "serve", "--port", "0", "--cache-dir", folder], { cwd: folder });
    expect(await lookAt(server.url)).toEqual({ routes: await described(server.url), foreign: [], complaints: [] });
  },
  60_000,
);
