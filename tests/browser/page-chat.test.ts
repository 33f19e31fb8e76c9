/** The chat in a real browser, on the built-in model. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { HAS_BROWSER, launchBrowser, openPage, startDemonstration } from "../support/browser.ts";
import { WEATHER_QUESTION, WEATHER_RESULT } from "../support/chat-server.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A browser and a model on a slow or busy machine. */
setDefaultTimeout(120_000);

let browser: Browser;
let server: ServerProcess;
let slowServer: ServerProcess;

const send = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
};
const answers = (page: Page) => page.locator(".answer[aria-busy=false]");

const EXECUTABLE = join(import.meta.dir, `../../dist/rockchip-llama-linux-${process.arch}`);

const browserDescribe = describe.skipIf(!HAS_BROWSER); // there is no page to look at without a browser
browserDescribe("the chat, on the built-in model", () => {
  beforeAll(async () => {
    [browser, server, slowServer] = await Promise.all([
      launchBrowser(),
      startDemonstration(),
      startDemonstration({ moods: "slow-decode=300" }),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([server.stop(), slowServer.stop()]);
  });

  test("says what tiny-chat is, loads it on demand, and answers with what it took", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByText("is a demonstration").waitFor();
    expect(await page.getByLabel("Model", { exact: true }).inputValue()).toBe("tiny-chat");
    await page.getByRole("button", { name: "Load", exact: true }).click();
    await page.getByText("loaded", { exact: true }).waitFor();
    await send(page, "What is the capital of France?");
    await answers(page).getByText("Paris").waitFor();
    await page.locator(".figures", { hasText: /\d+ tokens · [\d.]+ per second · first after [\d.]+ s/ }).waitFor();
    // What was read out is what was written.
    expect(await page.locator("[aria-live=polite]").first().innerText()).toContain("Paris");
    expect({ foreign: opened.foreign, complaints: opened.complaints }).toEqual({ foreign: [], complaints: [] });
  });

  test("shows words as they come, and stops by the button and by Escape", async () => {
    await using opened = await openPage(browser, slowServer.url);
    const { page } = opened;
    // By chance an answer could be over before anybody has seen it.
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Temperature").fill("0");
    await page.keyboard.press("Escape");
    for (const stop of [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")]) {
      await send(page, "Tell me a short story about a dog.");
      await page.locator(".answer[aria-busy=true] .markdown").last().waitFor();
      await stop();
      await page.getByRole("button", { name: "Send" }).waitFor();
      await answers(page).last().getByText("stopped").waitFor();
      expect(await answers(page).last().locator(".markdown").innerText()).not.toBe("");
    }
    // The server has let go of both, too.
    const { models } = (await (await fetch(`${slowServer.url}/health`)).json()) as { models: { queued: number }[] };
    expect(models.map(({ queued }) => queued)).toEqual([0]);
  });

  test("lets the model call functions, and gives it what the person says they return", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Insert an example" }).click();
    await page.getByLabel("Temperature").fill("0");
    await page.keyboard.press("Escape");
    await send(page, WEATHER_QUESTION);
    const call = page.getByRole("group", { name: "Call of get_weather" });
    await call.getByText('"city"').waitFor();
    await page.getByLabel("What get_weather returns").fill(WEATHER_RESULT);
    await page.getByRole("button", { name: "Send the result" }).click();
    // In the answer itself: the result that it was given and its figures may show the number, too.
    await answers(page).last().locator(".markdown", { hasText: "18" }).waitFor();
    await call.getByText("rainy").waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("folds thoughts away from the answer", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Thinking").selectOption("on");
    await page.getByRole("button", { name: "Close" }).click();
    await send(page, "What is the capital of France?");
    await page.getByText("Thoughts", { exact: true }).waitFor();
    expect(await page.locator(".thought").isVisible()).toBe(false);
    await page.getByText("Thoughts", { exact: true }).click();
    expect(await page.locator(".thought").innerText()).not.toBe("");
    await page.locator(".figures", { hasText: "tokens" }).waitFor();
  });

  test("tells in the status view what an answer took, and unloads the model and loads it again", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await send(page, "What is the capital of France?");
    await answers(page).getByText("Paris").waitFor();
    await page.getByRole("link", { name: "Status" }).click();
    await page.getByText(/Version [\d.]+, up for .* [1-9]\d* answers, 0 failed/).waitFor();
    // The sample that the answer fell into is drawn when it is over.
    await page.getByRole("img", { name: /^Written from .* highest [1-9][\d.]* tokens per second$/ }).waitFor();
    await page.getByRole("img", { name: /^Time to the first token .* highest [\d.]+ seconds$/ }).waitFor();
    await page.getByText(/takes [\d.]+ MB · opened with 2,048 tokens/).waitFor();
    await page.getByRole("button", { name: "Unload tiny-chat" }).click();
    await page.getByText("not loaded", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Load tiny-chat" }).click();
    await page.getByText("loaded", { exact: true }).waitFor();
    await page.getByText(/of [\d.]+ GB free/).waitFor();
    await page.getByText("All checks").click();
    expect(await page.getByRole("region", { name: "Doctor" }).getByRole("listitem").count()).toBeGreaterThan(3);
    expect({ foreign: opened.foreign, complaints: opened.complaints }).toEqual({ foreign: [], complaints: [] });
  });

  const builtTest = test.skipIf(!existsSync(EXECUTABLE)); // `bun run build` makes the executable
  builtTest("is in the executable", async () => {
    const folder = temporaryFolder();
    await using built = await startServer([EXECUTABLE, "serve", "--port", "0", "--cache-dir", folder], { cwd: folder });
    await using opened = await openPage(browser, built.url);
    await send(opened.page, "What is the capital of France?");
    await answers(opened.page).getByText("Paris").waitFor();
    expect({ foreign: opened.foreign, complaints: opened.complaints }).toEqual({ foreign: [], complaints: [] });
  });
});
