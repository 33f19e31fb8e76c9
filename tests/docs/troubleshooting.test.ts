/** The messages that docs/troubleshooting.md quotes are those of the program. */
import { expect, test } from "bun:test";
import { readText, sources } from "../tidy/repository.ts";

/** What the C library, the shell or the closed library says. */
const OF_OTHERS = ["Illegal instruction"];

/** Everything the program may say: a text that is broken over two lines of source is one text. */
const SAID = sources("src")
  .map((path) => readText(path).replaceAll(/["`] \+\n\s*["`]/g, ""))
  .join("\n");

/** Code in the first column that is a sentence or a part of one, and not a key, a flag or a command. */
function quotedMessages(page: string): string[] {
  const cells = page.split("\n").flatMap((line) => (line.startsWith("| ") ? [line.split(" | ")[0] ?? ""] : []));
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "")).filter((code) => code.includes(" "));
}

/** `…` stands for what a message says of the case, between quotation marks or not. */
function patternOf(message: string): RegExp {
  const source = message.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("…", ".{0,120}?");
  return new RegExp(source);
}

const MESSAGES = quotedMessages(readText("docs/troubleshooting.md")).filter((message) => !OF_OTHERS.includes(message));

test("docs/troubleshooting.md quotes messages", () => {
  expect(MESSAGES.length).toBeGreaterThan(40);
});

test.each(MESSAGES)("the program can say: %s", (message) => {
  expect(patternOf(message).test(SAID)).toBe(true);
});
