import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { AnswerWriter } from "../../../src/cli/chat/answer-writer.ts";
import { figuresText } from "../../../src/cli/chat/figures.ts";
import { ChatHistory } from "../../../src/cli/chat/history.ts";
import { MultiLine } from "../../../src/cli/chat/multi-line.ts";
import { shownText } from "../../../src/cli/terminal.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { recordingTerminal } from "./recording-terminal.ts";

describe("MultiLine", () => {
  function texts(...lines: string[]): (string | null)[] {
    const multiLine = new MultiLine();
    return lines.map((line) => multiLine.push(line));
  }

  test("a line is a text by itself", () => {
    expect(texts("hello", "")).toEqual(["hello", ""]);
  });

  test("three quotes begin a text of several lines, and end it", () => {
    expect(texts('"""one', "", ' two """', "three")).toEqual([null, null, "one\n\n two ", "three"]);
    expect(texts('"""', "one", '"""')).toEqual([null, null, "one\n"]);
    expect(texts('"""one"""')).toEqual(["one"]);
  });

  test("the system message may have several lines, too", () => {
    expect(texts('/set system """You are', 'a cook."""')).toEqual([null, "/set system You are\na cook."]);
  });

  test("what is open can be given up", () => {
    const multiLine = new MultiLine();
    multiLine.push('"""one');
    const wasOpen = multiLine.isOpen;
    multiLine.cancel();
    expect([wasOpen, multiLine.isOpen, multiLine.push("two")]).toEqual([true, false, "two"]);
  });
});

describe("AnswerWriter", () => {
  const LOOK = { wordWrap: true, hideThinking: false };
  function written(isTerminal: boolean, look: typeof LOOK, speak: (writer: AnswerWriter) => void): string {
    const { terminal, text } = recordingTerminal({ isTerminal });
    const writer = new AnswerWriter(terminal, look);
    speak(writer);
    writer.end();
    return text();
  }
  const thoughtful = (writer: AnswerWriter): void => {
    writer.think("Let me ");
    writer.think("see.");
    writer.speak("It is ");
    writer.speak("4.");
  };

  test("thoughts stand between two lines that say so, plain in a pipe", () => {
    expect(written(false, LOOK, thoughtful)).toBe("Thinking...\nLet me see.\n...done thinking.\n\nIt is 4.\n");
  });

  test("they are dim on a terminal", () => {
    expect(written(true, LOOK, thoughtful)).toStartWith("\u001b[90mThinking...\u001b[0m\n\u001b[90mLet me \u001b[0m");
  });

  test("they can be left out", () => {
    expect(written(true, { ...LOOK, hideThinking: true }, thoughtful)).toBe("It is 4.\n");
  });

  test("thoughts that are cut off end with their line", () => {
    expect(written(false, LOOK, (writer) => writer.think("Let"))).toBe("Thinking...\nLet\n...done thinking.\n\n");
  });

  test("escape codes of a model reach no terminal, but a pipe gets every byte", () => {
    const evil = (writer: AnswerWriter): void => writer.speak("a\u001b]0;title\u0007b\r\u009b2Jc\td\n");
    expect(written(true, LOOK, evil)).toBe("a]0;titleb2Jc\td\n");
    expect(written(false, LOOK, evil)).toBe("a\u001b]0;title\u0007b\r\u009b2Jc\td\n");
  });
});

test("shownText() keeps letters, newlines and tabs, and nothing that moves a cursor or turns text around", () => {
  expect(shownText("ä 你好 👩‍🚀\n\t\u001b[31m\u0000\u007f\u202eabc\u2066")).toBe("ä 你好 👩‍🚀\n\t[31mabc");
});

test("figuresText() has Ollama's lines for what there are figures of", () => {
  const figures = {
    total_duration: 4_567_891_234,
    load_duration: 12_345_678,
    prompt_eval_count: 26,
    eval_count: 10,
    eval_duration: 500_000_000,
  };
  expect(figuresText(figures)).toBe(
    [
      "total duration:       4.568s",
      "load duration:        12.346ms",
      "prompt eval count:    26 token(s)",
      "eval count:           10 token(s)",
      "eval duration:        500ms",
      "eval rate:            20.00 tokens/s",
      "",
    ].join("\n"),
  );
  expect([figuresText({}), figuresText({ total_duration: 125e9 })]).toEqual(["", "total duration:       2m5s\n"]);
});

describe("ChatHistory", () => {
  test("lines outlive the program, the newest first, for their owner alone", () => {
    const path = join(temporaryFolder(), "cache/history");
    const history = new ChatHistory(path);
    for (const line of ["one", "  ", "two"]) history.add(line);
    history.isOn = false;
    history.add("secret");
    expect(new ChatHistory(path).read()).toEqual(["two", "one"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("a file grows no further than its bound", () => {
    const path = join(temporaryFolder(), "history");
    const history = new ChatHistory(path);
    for (let count = 1; count <= 2001; count++) history.add(`line ${count}`);
    const read = new ChatHistory(path).read();
    expect([read.length, read[0], new ChatHistory(path).read().length]).toEqual([1000, "line 2001", 1000]);
  });

  test("a place that cannot be written is no reason not to chat", () => {
    const history = new ChatHistory("/proc/nothing/history");
    history.add("one");
    expect([history.isOn, history.read()]).toEqual([false, []]);
  });
});
