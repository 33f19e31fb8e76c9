/** The API page in a real browser, without any network but the server's own. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { listen } from "../support/api-socket.ts";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const EXECUTABLE = join(import.meta.dir, `../../dist/rockchip-llama-linux-${process.arch}`);

/** What the page shows to somebody who opens a route, and what it asked of others or complained about meanwhile. */
async function lookAt(url: string): Promise<{ routes: string[]; foreign: string[]; complaints: string[] }> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, headless: true });
  try {
    const page = await browser.newPage();
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (origin !== url && protocol !== "data:" && protocol !== "blob:") foreign.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${url}/swagger`);
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

const browserTest = test.skipIf(!existsSync(CHROMIUM)); // there is no page to look at without a browser
browserTest(
  "the page shows every route, asks nobody else for anything, and keeps to its policy",
  async () => {
    await using api = listen({});
    expect(await lookAt(api.url)).toEqual({ routes: await described(api.url), foreign: [], complaints: [] });
  },
  60_000,
);

const builtTest = test.skipIf(!existsSync(CHROMIUM) || !existsSync(EXECUTABLE)); // `bun run build` makes the executable
builtTest(
  "the executable's page is the same",
  async () => {
    const folder = temporaryFolder();
    await using server = await startServer([EXECUTABLE, "serve", "--port", "0", "--cache-dir", folder], { cwd: folder });
    expect(await lookAt(server.url)).toEqual({ routes: await described(server.url), foreign: [], complaints: [] });
  },
  60_000,
);
