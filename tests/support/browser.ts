/** A page in Debian's Chromium, with everything it asked for and complained of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type ServerProcess, startServer } from "./server-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is a browser to look with. */
export const HAS_BROWSER = existsSync(CHROMIUM);

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a loaded machine may take for one step of a page, ms. */
const STEP_MS = 45_000;

const DESKTOP = { width: 1280, height: 800 };

export interface Look {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "light" | "dark";
  /** Is done before the page asks for anything. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Requests to anybody but the server. */
  readonly foreign: readonly string[];
  /** What the browser complained of: errors, and breaches of the page's policy. Statuses that a test asks for are not among it. */
  readonly complaints: readonly string[];
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, headless: true });
}

/** Opens an address in a browser that remembers nothing. */
export async function openPage(browser: Browser, url: string, { prepare, ...look }: Look = {}): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: DESKTOP, ...look });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  const foreign: string[] = [];
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.origin !== origin && asked.protocol !== "data:" && asked.protocol !== "blob:") foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await prepare?.(page);
  await page.goto(url);
  return { page, foreign, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** A server with nothing but the built-in model. */
export function startDemonstration(options: { moods?: string; flags?: readonly string[] } = {}): Promise<ServerProcess> {
  const folder = temporaryFolder();
  const main = join(import.meta.dir, "../../src/main.ts");
  const command = [process.execPath, main, "serve", "--port", "0", "--cache-dir", folder, "--cpu-count", "1", ...(options.flags ?? [])];
  return startServer(command, { cwd: folder, env: { RKLLM_CPU_MOODS: options.moods ?? "" } });
}
