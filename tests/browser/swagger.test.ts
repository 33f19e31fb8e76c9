/** The API page in a real browser, without any network but the server's own. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { listen } from "../support/api-socket.ts";

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

const browserTest = test.skipIf(!existsSync(CHROMIUM)); // there is no page to look at without a browser

browserTest(
  "the page shows every route, asks nobody else for anything, and keeps to its policy",
  async () => {
    await using api = listen({});
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, headless: true });
    try {
      const page = await browser.newPage();
      const foreign: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => {
        const { protocol, origin } = new URL(request.url());
        if (origin !== api.url && protocol !== "data:" && protocol !== "blob:") foreign.push(request.url());
      });
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(`${api.url}/swagger`);
      await page.waitForSelector("#operations-OpenAI-createChatCompletion");
      const routes = await page.locator(".opblock-summary-path").allTextContents();
      expect(routes.map((route) => route.replaceAll("\u200b", "")).toSorted()).toEqual([
        "/api/chat",
        "/api/generate",
        "/api/tags",
        "/api/version",
        "/health",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/models",
        "/v1/models/{id}",
      ]);
      await page.locator("#operations-OpenAI-createChatCompletion .opblock-summary-control").click();
      await page.waitForSelector("#operations-OpenAI-createChatCompletion .opblock-section-request-body");
      expect([foreign, complaints]).toEqual([[], []]);
    } finally {
      await browser.close();
    }
  },
  60_000,
);
