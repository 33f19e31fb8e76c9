/** The status view in a real browser. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { AppError } from "../../src/core/errors.ts";
import { aborted, listen } from "../support/api-socket.ts";
import { HAS_BROWSER, launchBrowser, openPage } from "../support/browser.ts";
import { PLAYED_STATUS } from "../support/played-status.ts";
import { MODEL, SLASHED } from "../support/scripted-engine.ts";
import { scriptedLibrary } from "../support/scripted-library.ts";

setDefaultTimeout(120_000);

let browser: Browser;
const browserDescribe = describe.skipIf(!HAS_BROWSER); // there is no page to look at without a browser

/** Has the server say this of itself; the browser asks for it as for the real one. */
const play = (page: Page, status: object = PLAYED_STATUS): Promise<unknown> =>
  page.route("**/v1/status", (route) => route.fulfill({ json: status }));

const panel = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

browserDescribe("the status view", () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test("shows queue, speed, machine, cache, errors and what doctor finds", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, api.url, { prepare: play });
    const { page } = opened;
    await page.getByRole("link", { name: "Status" }).click();
    await panel(page, "Queue").getByText("1 running, 2 waiting", { exact: true }).waitFor();
    await page.getByText("Version 9.9.9, up for 1 h 2 min. 120 answers, 1 failed; 100,000 tokens read").waitFor();
    const machine = await panel(page, "Machine").innerText();
    const rows = [
      "NPU load / 37% / NPU core 0 / 74% / NPU core 1 / 37% / NPU core 2 / 0% / NPU clock / 1000 MHz",
      "Clock of CPU 0 1 2 3 / 1800 MHz / Clock of CPU 4 5 / 1128 MHz / npu-thermal / 48.2 °C / soc-thermal / 51.0 °C",
      "Memory of the machine / 12 GB of 16 GB free / Memory of models / 812 MB / Memory of the server / 90 MB",
    ];
    expect(machine.split(/\s*\n\s*/).join(" / ")).toBe(`Machine / ${rows.join(" / ")}`);
    await panel(page, "Prompt cache").getByText("3 prompts, 345 MB of 1.1 GB").waitFor();
    await panel(page, "Last errors").getByText("The process of the model ended.").waitFor();
    const doctor = panel(page, "Doctor");
    await doctor.getByText("Set its governor to performance.").first().waitFor();
    expect(await doctor.getByText("The board is an RK3588.").isVisible()).toBe(false);
    await doctor.getByText("All checks").click();
    await doctor.getByText("The board is an RK3588.").waitFor();
    expect({ foreign: opened.foreign, complaints: opened.complaints }).toEqual({ foreign: [], complaints: [] });
  });

  test("is tested with what the server really says", async () => {
    await using api = listen({});
    const told = (await (await fetch(`${api.url}/v1/status`)).json()) as object;
    expect(Object.keys(PLAYED_STATUS).toSorted()).toEqual(Object.keys(told).toSorted());
  });

  test("plots tokens a second and the time to the first token, also as tables", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, `${api.url}/#/status`, { prepare: play });
    const { page } = opened;
    const plots = panel(page, "Speed").getByRole("img");
    await plots.first().waitFor();
    const labels = await plots.evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""));
    expect(labels.map((label) => label.replace(/ from .* to .*: last/, ": last"))).toEqual([
      "Written: last 14.9, highest 16.0 tokens per second",
      "Read: last 0, highest 300 prompt tokens per second",
      "Time to the first token: last 0.91, highest 0.91 seconds",
    ]);
    const drawn = await panel(page, "Speed")
      .locator(".plot-line")
      .evaluateAll((all) => all.map((each) => (each.getAttribute("d") ?? "").match(/M/g)?.length));
    // One line, one line, and a piece for each time that was known: six pairs.
    expect(drawn).toEqual([1, 1, 6]);
    await panel(page, "Speed").getByText("As a table").nth(1).click();
    expect(await page.getByRole("group", { name: "Read as a table" }).getByRole("row").count()).toBe(7);
    await plots.first().hover();
    await panel(page, "Speed")
      .getByText(/: [\d.]+ tokens per second/)
      .waitFor();
  });

  test("loads and unloads models, and says why one cannot be", async () => {
    await using api = listen({ loaded: [] });
    await using opened = await openPage(browser, `${api.url}/#/status`, {
      prepare: (page) => play(page, { ...PLAYED_STATUS, models: [] }),
    });
    const { page } = opened;
    await Promise.all([
      page.waitForResponse((response) => response.url().endsWith("/v1/models/load")),
      page.getByRole("button", { name: `Load ${MODEL.id}` }).click(),
    ]);
    expect(api.engine.residence).toEqual([{ load: MODEL.id, options: {} }]);
    await page.route("**/v1/models/load", (route) =>
      route.fulfill({ status: 500, json: { error: { message: "It needs 5 GB, and 1 GB is free." } } }),
    );
    await page.getByRole("button", { name: `Load ${SLASHED.id}` }).click();
    await page.getByRole("alert").getByText("It needs 5 GB, and 1 GB is free.").waitFor();
  });

  test("shows what a loaded model takes, and unloads it", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, `${api.url}/#/status`, { prepare: play });
    const { page } = opened;
    await page.getByText("takes 812 MB · opened with 4,096 tokens · 12% of them used · runtime 1.3.0 · pinned").waitFor();
    await Promise.all([
      page.waitForResponse((response) => response.url().endsWith("/v1/models/unload")),
      page.getByRole("button", { name: `Unload ${MODEL.id}` }).click(),
    ]);
    expect(api.engine.residence).toEqual([{ unload: MODEL.id }]);
  });

  test("pulls a model with its progress, tells what went wrong, and stops", async () => {
    const more = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    let tries = 0;
    const library = scriptedLibrary({
      work: async (onProgress, signal) => {
        tries += 1;
        if (tries === 1) {
          onProgress({ status: "pulling model.gguf", digest: "sha256:0", total: 4_000_000, completed: 1_000_000 });
          await more.promise;
          throw new AppError("download_failed", "The hub closed the connection.");
        }
        onProgress({ status: "pulling model.gguf", digest: "sha256:0", total: 4_000_000, completed: 3_000_000 });
        await aborted(signal);
        stopped.resolve();
      },
    });
    await using api = listen({}, { library });
    await using opened = await openPage(browser, `${api.url}/#/status`, { prepare: play });
    const { page } = opened;
    await page.getByLabel("Name, or owner/repository").fill("owner/repo");
    await page.keyboard.press("Enter");
    await page.getByText("1.0 MB of 4.0 MB").waitFor();
    expect(await page.getByRole("progressbar", { name: "Pulling owner/repo" }).getAttribute("value")).toBe("1000000");
    more.resolve();
    await page.getByRole("alert").getByText("The hub closed the connection.").waitFor();
    await page.getByRole("button", { name: "Try to pull owner/repo again" }).click();
    await page.getByText("3.0 MB of 4.0 MB").waitFor();
    await page.getByRole("button", { name: "Stop pulling owner/repo" }).click();
    await stopped.promise;
    await page.getByText("Stopped.").waitFor();
    expect(library.calls.map(([call, name]) => [call, name])).toEqual([
      ["pull", "owner/repo"],
      ["pull", "owner/repo"],
    ]);
  });

  test("empties the prompt cache, and tells when the server does not answer", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, `${api.url}/#/status`, { prepare: play });
    const { page } = opened;
    const [cleared] = await Promise.all([
      page.waitForRequest((request) => request.method() === "DELETE"),
      page.getByRole("button", { name: "Empty the cache" }).click(),
    ]);
    expect(new URL(cleared.url()).pathname).toBe("/v1/cache");
    await page.unroute("**/v1/status");
    await page.route("**/v1/**", (route) => route.abort());
    await page.getByRole("alert").getByText("The server does not answer.").first().waitFor();
    await page.unroute("**/v1/**");
    await play(page);
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("alert").first().waitFor({ state: "detached" });
  });

  test("asks for a key once, and not again at every look when none is given", async () => {
    const keys = { current: () => [{ name: "test", sha256: new Uint8Array(32) }] };
    await using api = listen({}, { access: { keys, allow: [], rateLimit: null } });
    await using opened = await openPage(browser, `${api.url}/#/status`);
    const { page } = opened;
    await page.getByRole("dialog", { name: "API key" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("alert").getByText("No API key provided.").first().waitFor();
    await page.waitForResponse((response) => response.url().endsWith("/v1/status") && response.status() === 401);
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});
