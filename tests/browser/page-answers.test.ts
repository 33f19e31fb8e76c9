/** What the page makes of answers that a test writes: markup, faults, changes of mind, keys. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationRequest } from "../../src/core/generation.ts";
import { aborted, listen } from "../support/api-socket.ts";
import { HAS_BROWSER, launchBrowser, openPage } from "../support/browser.ts";
import { finishEvent, MODEL, recite } from "../support/scripted-engine.ts";

setDefaultTimeout(120_000);

let browser: Browser;

const send = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
};
const answers = (page: Page) => page.locator(".answer[aria-busy=false]");
const saying = (text: string) => ({ events: [{ kind: "text" as const, text }, finishEvent()] });
/** Says what it was asked last, with a number that tells one answer from the next. */
const echo = () => {
  let asked = 0;
  return { play: ({ input }: GenerationRequest) => recite(saying(`${(asked += 1)}: ${lastSaid(input)}`).events) };
};
const lastSaid = (input: GenerationRequest["input"]): string => (input.kind === "chat" ? (input.messages.at(-1)?.content ?? "") : "");
const said = (request: GenerationRequest | undefined): string[] =>
  request?.input.kind === "chat" ? request.input.messages.map(({ role, content }) => `${role}: ${content}`) : [];

const browserDescribe = describe.skipIf(!HAS_BROWSER); // there is no page to look at without a browser
browserDescribe("the chat, on a scripted engine", () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test("sends what was entered before it was known what models there are", async () => {
    await using api = listen(saying("Here it is."));
    const known = Promise.withResolvers<void>();
    const prepare = (page: Page) =>
      page.route("**/v1/models/available", async (route) => {
        await known.promise;
        await route.continue();
      });
    await using opened = await openPage(browser, api.url, { prepare });
    await send(opened.page, "Go");
    known.resolve();
    await answers(opened.page).getByText("Here it is.").waitFor();
    expect(await opened.page.getByLabel("Message", { exact: true }).inputValue()).toBe("");
  });

  test("renders Markdown and colours code", async () => {
    const text = [
      "## Head\n\nSome **bold**, `x < 1 && y`, AT&amp;T and 5 &lt; 6.",
      "1. one\n2. two\n   - [x] done",
      "| a | b |\n|---|--:|\n| 1 | 2 |",
      "> quoted\n\n```python\ndef f(x):\n    return 'a' # b\n```",
      "[site](https://example.org/a) ![cat](https://example.org/cat.png)",
    ].join("\n\n");
    await using api = listen(saying(text));
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await send(page, "Go");
    const answer = answers(page);
    await answer.getByRole("heading", { name: "Head" }).waitFor();
    expect(await answer.locator("p", { hasText: "bold" }).innerText()).toBe("Some bold, x < 1 && y, AT&T and 5 < 6.");
    expect(await answer.locator("ol > li").count()).toBe(2);
    expect(await answer.getByRole("checkbox").isChecked()).toBe(true);
    expect(await answer.getByRole("cell").allInnerTexts()).toEqual(["1", "2"]);
    expect(await answer.locator("blockquote").innerText()).toBe("quoted");
    expect(await answer.locator(".hljs-keyword").allInnerTexts()).toEqual(["def", "return"]);
    expect(await answer.locator("pre code").innerText()).toBe("def f(x):\n    return 'a' # b");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await answer.getByRole("button", { name: "Copy the code" }).click();
    await answer.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("def f(x):\n    return 'a' # b");
    const links = await answer
      .getByRole("link")
      .evaluateAll((all) => all.map((each) => [each.textContent, each.getAttribute("href"), each.getAttribute("rel")]));
    const rel = "noopener noreferrer nofollow";
    expect(links).toEqual([
      ["site", "https://example.org/a", rel],
      ["cat", "https://example.org/cat.png", rel],
    ]);
    expect({ images: await page.locator("img").count(), foreign: opened.foreign, complaints: opened.complaints }).toEqual({
      images: 0,
      foreign: [],
      complaints: [],
    });
  });

  test("shows an answer that is JSON as what it is", async () => {
    await using api = listen(saying('{"a_b": "*x*", "c": [1]}'));
    await using opened = await openPage(browser, api.url);
    await send(opened.page, "Go");
    await answers(opened.page).locator(".hljs-attr").first().waitFor();
    expect(await answers(opened.page).locator("pre").innerText()).toBe('{\n  "a_b": "*x*",\n  "c": [\n    1\n  ]\n}');
  });

  test("takes nothing in an answer for markup or code", async () => {
    const attacks = [
      "<img src=x onerror=\"document.title='broken'\">",
      "<script>document.title='broken'</script>",
      "[a](javascript:document.title='broken') [b](data:text/html,x) [c](  JaVaScRiPt:x)",
      "[d]: javascript:x\n\n[d] <javascript:x>",
      "![x](javascript:x)",
      "```html\n<svg onload=\"document.title='broken'\">\n```",
      "`</code><iframe src=//example.org>`",
      "&lt;b&gt;&#60;i&#62;",
    ].join("\n\n");
    await using api = listen({
      events: [
        { kind: "reasoning", text: attacks },
        { kind: "text", text: attacks },
        { kind: "tool_call_start", index: 0, id: "call_1", name: "<img src=x onerror=1>" },
        { kind: "tool_call_arguments", index: 0, text: '{"a":"<img src=x onerror=1>"}' },
        finishEvent({ reason: "tool_calls" }),
      ],
    });
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await send(page, "<img src=x onerror=\"document.title='broken'\">");
    await answers(page).locator(".markdown").waitFor();
    const made = "img, iframe, svg, script:not([src]), object, embed, #page style, .message a";
    expect({ title: (await page.title()).slice(0, 10), made: await page.locator(made).count() }).toEqual({ title: "<img src=x", made: 0 });
    expect(await answers(page).locator(".markdown").innerText()).toContain("<img src=x onerror=");
    expect({ foreign: opened.foreign, complaints: opened.complaints }).toEqual({ foreign: [], complaints: [] });
  });

  test("lives through answers that are nothing but brackets, quotes and stars", async () => {
    const texts = [">".repeat(20_000), "[".repeat(20_000), "*a ".repeat(5000), "- ".repeat(2000), "_a_".repeat(5000), "| ".repeat(5000)];
    let asked = 0;
    await using api = listen({ play: () => recite(saying(`${texts[asked++] ?? ""} end`).events) });
    await using opened = await openPage(browser, api.url);
    for (const _ of texts) {
      await send(opened.page, "Go");
      await answers(opened.page).last().getByText(/ end$/).first().waitFor();
      await opened.page.getByRole("link", { name: "New chat" }).click();
    }
    expect({ asked, complaints: opened.complaints }).toEqual({ asked: texts.length, complaints: [] });
  });

  test("makes an answer anew, and goes on from a question put differently", async () => {
    await using api = listen(echo());
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await send(page, "one");
    await answers(page).getByText("1: one").waitFor();
    await send(page, "two");
    await answers(page).getByText("2: two").waitFor();
    await answers(page).first().getByRole("button", { name: "Regenerate" }).click();
    await answers(page).getByText("3: one").waitFor();
    expect(await page.locator(".message").count()).toBe(2);
    await send(page, "three");
    await answers(page).getByText("4: three").waitFor();
    await page.getByRole("article", { name: "You" }).first().getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Your message").fill("other");
    await page.getByRole("button", { name: "Send again" }).click();
    await answers(page).getByText("5: other").waitFor();
    expect(await page.locator(".message").count()).toBe(2);
    expect(api.engine.requests.map(({ request }) => said(request))).toEqual([
      ["user: one"],
      ["user: one", "assistant: 1: one", "user: two"],
      ["user: one"],
      ["user: one", "assistant: 3: one", "user: three"],
      ["user: other"],
    ]);
  });

  test("sends the system prompt, the parameters that were set, and nothing for the others", async () => {
    await using api = listen(echo());
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("System prompt").fill("Be brief.");
    await page.getByLabel("Temperature").fill("0.3");
    await page.getByLabel("Top k").fill("7");
    await page.getByLabel("Longest answer").fill("50");
    await page.getByLabel("Thinking").selectOption("off");
    await page.getByLabel("Answer with a JSON object").check();
    await page.keyboard.press("Escape");
    await send(page, "one");
    await answers(page).getByText("1: one").waitFor();
    const request = api.engine.requests[0]?.request;
    expect(said(request)).toEqual(["system: Be brief.", "user: one"]);
    expect(request).toMatchObject({
      model: MODEL.id,
      sampling: { temperature: 0.3, topK: 7 },
      tokensMax: 50,
      reasoning: { mode: "off" },
      responseFormat: { kind: "json_object" },
    });
    expect(Object.keys(request?.sampling ?? {}).toSorted()).toEqual(["temperature", "topK"]);
    // They hold for this conversation: the next one begins without, this one goes on with them.
    await page.getByRole("link", { name: "New chat" }).click();
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await answers(page).getByText("2: two").waitFor();
    await page.reload();
    await page.getByRole("complementary").getByRole("link", { name: "one" }).click();
    await send(page, "three");
    await answers(page).getByText("3: three").waitFor();
    const later = api.engine.requests.slice(1).map((each) => each.request);
    expect(later.map(({ sampling }) => sampling)).toEqual([{}, { temperature: 0.3, topK: 7 }]);
    expect(later.map((each) => said(each)[0])).toEqual(["user: two", "system: Be brief."]);
  });

  test("shows a refusal where the answer would be, in the server's words, and tries again", async () => {
    let refusals = 1;
    await using api = listen({
      ...echo(),
      admit: async () => {
        if ((refusals -= 1) >= 0) throw new AppError("queue_full", "The queue is full. Try again in a moment.");
      },
    });
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await send(page, "one");
    await page.getByRole("alert").getByText("The queue is full. Try again in a moment.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await answers(page).getByText("1: one").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await page.locator(".message").count()).toBe(2);
  });

  test("shows what broke an answer off, and keeps what had come", async () => {
    await using api = listen({ events: [{ kind: "text", text: "So far" }, new AppError("engine_lost", "The model's process ended.")] });
    await using opened = await openPage(browser, api.url);
    await send(opened.page, "one");
    await opened.page.getByRole("alert").getByText("The model's process ended.").waitFor();
    expect(await answers(opened.page).locator(".markdown").innerText()).toBe("So far");
  });

  test("tells when the server goes in the middle of an answer, and keeps what had come", async () => {
    const api = listen({
      play: async function* (_, signal) {
        yield { kind: "text", text: "So far" };
        await aborted(signal);
      },
    });
    await using opened = await openPage(browser, api.url);
    await send(opened.page, "one");
    await opened.page.getByText("So far").last().waitFor();
    await api[Symbol.asyncDispose]();
    await opened.page.getByRole("alert").getByText("The connection to the server broke off.").waitFor();
    expect(await answers(opened.page).locator(".markdown").innerText()).toBe("So far");
  });

  test("keeps conversations in the browser, exports them, and deletes them for good", async () => {
    await using api = listen(echo());
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await send(page, "Remember me");
    await answers(page).getByText("1: Remember me").waitFor();
    await page.getByRole("link", { name: "New chat" }).click();
    await send(page, "And me");
    await answers(page).getByText("2: And me").waitFor();
    await page.reload();
    const sidebar = page.getByRole("complementary");
    await sidebar.getByRole("link", { name: "Remember me" }).click();
    await answers(page).getByText("1: Remember me").waitFor();
    expect(await sidebar.getByRole("listitem").count()).toBe(2);

    await sidebar.getByRole("button", { name: "More about Remember me" }).click();
    const exported = async (name: string): Promise<{ file: string; text: string }> => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
      return { file: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
    };
    expect(await exported("Export as Markdown")).toEqual({
      file: "remember-me.md",
      text: `# Remember me\n\n## You\n\nRemember me\n\n## ${MODEL.id}\n\n1: Remember me\n`,
    });
    const json = await exported("Export as JSON");
    expect(json.file).toBe("remember-me.json");
    expect(JSON.parse(json.text)).toMatchObject({
      conversations: [{ title: "Remember me", messages: [{ role: "user" }, { role: "assistant", content: "1: Remember me" }] }],
    });
    await page.getByRole("button", { name: "Delete for good" }).click();
    await sidebar.getByRole("link", { name: "Remember me" }).waitFor({ state: "detached" });
    await page.reload();
    await sidebar.getByRole("link", { name: "And me" }).waitFor();
    expect(await sidebar.getByRole("listitem").count()).toBe(1);
  });

  test("finds what another window has added when somebody comes back to it", async () => {
    await using api = listen(echo());
    await using opened = await openPage(browser, api.url);
    const other = await opened.page.context().newPage();
    await other.goto(api.url);
    await send(other, "From the other window");
    await answers(other).getByText("1: From the other window").waitFor();
    await opened.page.evaluate("dispatchEvent(new Event('focus'))");
    await opened.page.getByRole("complementary").getByRole("link", { name: "From the other window" }).click();
    await answers(opened.page).getByText("1: From the other window").waitFor();
  });

  test("asks for a key where the server wants one, and remembers it only if it may", async () => {
    const key = "sk-of-this-test";
    const keys = { current: () => [{ name: "test", sha256: createHash("sha256").update(key).digest() }] };
    await using api = listen(echo(), { access: { keys, allow: [], rateLimit: null } });
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    const enter = async (typed: string, remember: boolean): Promise<void> => {
      await page.getByLabel("Key", { exact: true }).fill(typed);
      if (remember) await page.getByLabel("Remember it in this browser").check();
      await page.getByRole("button", { name: "Use the key" }).click();
    };
    await page.getByText("No API key provided").waitFor();
    await enter("wrong-key", false);
    await page.getByText("Incorrect API key provided").waitFor();
    await enter(key, false);
    await send(page, "one");
    await answers(page).getByText("1: one").waitFor();
    await page.reload();
    await page.getByText("No API key provided").waitFor();
    await enter(key, true);
    await page.getByLabel("Message", { exact: true }).waitFor();
    await page.reload();
    await send(page, "two");
    await answers(page).getByText("2: two").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test("sends with Enter and makes a line with Shift and Enter", async () => {
    await using api = listen(echo());
    await using opened = await openPage(browser, api.url);
    const { page } = opened;
    await page.getByLabel("Message", { exact: true }).focus();
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await answers(page).waitFor();
    expect(api.engine.requests.map(({ request }) => said(request))).toEqual([["user: one\ntwo"]]);
  });

  test("is served with a strict policy, its files under names that never change", async () => {
    await using api = listen({});
    const home = await fetch(`${api.url}/`, { headers: { accept: "text/html" } });
    const policy = home.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const names = [...(await home.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
    const files = await Promise.all(names.map((name) => fetch(api.url + name)));
    expect(files.map((file) => [file.status, file.headers.get("cache-control"), file.headers.get("content-encoding")])).toEqual(
      names.map(() => [200, "public, max-age=31536000, immutable", "gzip"]),
    );
    expect(names.map((name) => name.split(".").at(-1) ?? "").toSorted()).toEqual(["css", "js", "svg"]);
    expect((await fetch(`${api.url}/assets/other.js`)).status).toBe(404);
  });
});
