/** Whether everybody can use the page: axe looks at each view, large and small, light and dark; and the keyboard reaches everything. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { listen } from "../support/api-socket.ts";
import { HAS_BROWSER, launchBrowser, openPage } from "../support/browser.ts";
import { PLAYED_STATUS } from "../support/played-status.ts";
import { CALLS, finishEvent } from "../support/scripted-engine.ts";

setDefaultTimeout(240_000);

let browser: Browser;
const browserDescribe = describe.skipIf(!HAS_BROWSER); // there is no page to look at without a browser

const SIZES = { phone: { width: 390, height: 844 }, small: { width: 360, height: 640 }, desktop: { width: 1280, height: 800 } };
const TEXT =
  "# Head\n\nSome `code`, a [link](https://example.org) and\n\n```js\nconst a = 'b'; // c\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote";
const ANSWER = [{ kind: "text" as const, text: TEXT }, ...CALLS, finishEvent({ reason: "tool_calls" })];

/** What axe finds, as rule and place. In the dark only the colours are others. */
async function faults(page: Page, colorScheme: "light" | "dark"): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const rules = colorScheme === "light" ? "" : ", runOnly: ['color-contrast']";
  const found = await page.evaluate(`axe.run({ resultTypes: ["violations"], iframes: false${rules} })`);
  return (found as axe.AxeResults).violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

/** How much wider the page is than its window, CSS pixels. */
const overflow = (page: Page): Promise<number> => page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);

browserDescribe("the page", () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test.each([
    { size: "phone", colorScheme: "light" },
    { size: "phone", colorScheme: "dark" },
    { size: "small", colorScheme: "light" },
    { size: "desktop", colorScheme: "light" },
    { size: "desktop", colorScheme: "dark" },
  ] as const)("can be used by everybody: $size, $colorScheme", async ({ size, colorScheme }) => {
    await using api = listen({ events: ANSWER });
    await using opened = await openPage(browser, api.url, {
      viewport: SIZES[size],
      colorScheme,
      prepare: (page) => page.route("**/v1/status", (route) => route.fulfill({ json: PLAYED_STATUS })),
    });
    const { page } = opened;
    const seen: Record<string, string[]> = {};
    const look = async (what: string): Promise<void> => {
      const wider = await overflow(page);
      seen[what] = [...(await faults(page, colorScheme)), ...(wider > 0 ? [`wider than the window by ${wider}`] : [])];
    };
    await page.getByLabel("Message", { exact: true }).waitFor();
    await look("empty");
    await page.getByLabel("Message", { exact: true }).fill("Go");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Send the results" }).waitFor();
    await page.getByText("Thoughts", { exact: true }).click();
    await look("chat");
    await page.getByRole("button", { name: "Edit" }).click();
    await look("edit");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
    await look("settings");
    await page.keyboard.press("Escape");
    if (size !== "desktop") await page.getByRole("button", { name: "Chats" }).click();
    await look("conversations");
    await page.getByRole("button", { name: "More about Go" }).click();
    await look("conversation");
    await page.keyboard.press("Escape");
    if (size !== "desktop") await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Status" }).click();
    await page.getByRole("region", { name: "Speed" }).getByText("As a table").first().click();
    await page.getByText("All checks").click();
    await look("status");
    expect(seen).toEqual({ empty: [], chat: [], edit: [], settings: [], conversations: [], conversation: [], status: [] });
  });

  test("keeps the colours that the person chose", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, api.url, { colorScheme: "light" });
    const { page } = opened;
    const ground = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(await ground()).toBe("rgb(255, 255, 255)");
    await page.getByLabel("Colours").selectOption("dark");
    expect(await ground()).toBe("rgb(22, 25, 27)");
    await page.reload();
    await page.getByLabel("Colours").waitFor();
    expect(await ground()).toBe("rgb(22, 25, 27)");
  });

  test("is reached by the keyboard alone, every control of it", async () => {
    await using api = listen({ events: ANSWER });
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await page.getByLabel("Message", { exact: true }).fill("Go");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Send the results" }).waitFor();
    const controls = page.locator("a, button:enabled, input, select, textarea, summary");
    const shown = await controls.evaluateAll((all) => all.filter((each) => each.checkVisibility()).length);
    await page.locator(".skip").focus();
    const reached = new Set(["0 A"]);
    for (;;) {
      await page.keyboard.press("Tab");
      const control = await page.evaluate(
        "(() => { const all = [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]')]; const at = document.activeElement; return at === document.body ? '' : all.indexOf(at) + ' ' + at.tagName; })()",
      );
      if (typeof control !== "string" || control === "" || reached.has(control)) break;
      reached.add(control);
    }
    expect([...reached].filter((control) => !control.endsWith("DIV") && !control.endsWith("PRE"))).toHaveLength(shown);
  });

  test("gives the focus back where a window was opened, and skips to the content", async () => {
    await using api = listen({});
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await page.getByLabel("Message", { exact: true }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const focused = (): Promise<unknown> =>
      page.evaluate("document.activeElement.id === '' ? document.activeElement.textContent : document.activeElement.id");
    expect(await focused()).toBe("main");
    await page.getByRole("button", { name: "Settings" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Settings");
  });
});
