/** `run` on a real terminal, key by key. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PseudoTerminal, type TerminalOptions } from "../support/pseudo-terminal.ts";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const [CTRL_C, CTRL_D, UP] = ["\u0003", "\u0004", "\u001b[A"];
/** What begins a line that can be typed into. */
const READY = "Send a message (/? for help)";

/** A terminal without a server, on the built-in model and one that never ends. */
function chat(model: string, flags: readonly string[] = [], more: Partial<TerminalOptions> = {}): PseudoTerminal {
  const folder = more.cwd ?? place();
  const env = { ROCKCHIP_LLAMA_PORT: "0", XDG_CACHE_HOME: join(folder, "cache"), ROCKCHIP_LLAMA_CPU_COUNT: "1", ...more.env };
  return new PseudoTerminal(["run", model, "--temperature", "0", ...flags], { ...more, cwd: folder, env });
}

function place(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "models"));
  writeTinyGguf(join(folder, "models/endless.gguf"));
  return folder;
}

test("questions are answered one after another, in one conversation, until somebody says bye", async () => {
  await using terminal = chat("tiny-chat");
  await terminal.until(READY);
  terminal.type("My name is Ada.\r");
  await terminal.until(READY);
  terminal.type("What is my name?\r");
  expect(await terminal.until("\n\n")).toContain("Ada");
  await terminal.until(READY);
  terminal.type("/clear\r");
  await terminal.until("Cleared session context");
  await terminal.until(READY);
  terminal.type("/bye\r");
  expect(await terminal.exited).toBe(0);
  // The terminal is as it was: nothing is pasted between brackets any more.
  expect(terminal.output).toEndWith("\u001b[?2004l");
});

test("Ctrl-C ends an answer and not the program, says at an empty line how to leave, and Ctrl-D leaves", async () => {
  await using terminal = chat("endless");
  await terminal.until(READY);
  terminal.type("Hi\r");
  await terminal.until("Hi\n");
  await terminal.until(" ");
  terminal.type(CTRL_C);
  await terminal.until(READY);
  terminal.type(CTRL_C);
  await terminal.until("Use Ctrl + d or /bye to exit.");
  await terminal.until(READY);
  terminal.type("half a line");
  await terminal.until("half a line");
  terminal.type(CTRL_C);
  await terminal.until(READY);
  terminal.type(CTRL_D);
  expect(await terminal.exited).toBe(0);
});

test("what was typed can be had again, now and in another chat, unless that is turned off", async () => {
  const cwd = place();
  const history = join(cwd, "cache/rockchip-llama/history");
  {
    await using terminal = chat("tiny-chat", [], { cwd });
    await terminal.until(READY);
    terminal.type("/show license\r");
    await terminal.until("apache-2.0");
    await terminal.until(READY);
    terminal.type("/set nohistory\r");
    await terminal.until(READY);
    terminal.type("/show system\r");
    await terminal.until("No system message");
    await terminal.until(READY);
    terminal.type(CTRL_D);
    await terminal.exited;
  }
  expect(readFileSync(history, "utf8")).toBe("/show license\n/set nohistory\n");
  await using terminal = chat("tiny-chat", [], { cwd });
  await terminal.until(READY);
  terminal.type(UP + UP);
  await terminal.until("/show license");
  terminal.type("\r");
  expect(await terminal.until("apache-2.0")).toBe("\napache-2.0");
});

test("a text of several lines is one question, typed between quotes or pasted", async () => {
  await using terminal = chat("tiny-chat");
  await terminal.until(READY);
  terminal.type('"""What is the capital\r');
  await terminal.until("... ");
  terminal.type('of France?"""\r');
  expect(await terminal.until("\n\n")).toContain("Paris");
  await terminal.until(READY);
  terminal.type("\u001b[200~What is the capital\rof Spain?\u001b[201~");
  await terminal.until("of Spain?");
  terminal.type("\r");
  expect(await terminal.until("\n\n")).toContain("Madrid");
});

test("long answers are broken between words, and thoughts are shown dim", async () => {
  await using terminal = chat("tiny-chat", ["--think"], { columns: 30 });
  await terminal.until(READY);
  terminal.type("Who are you?\r");
  await terminal.until("...done thinking.\n\n");
  expect(terminal.output).toContain("\u001b[90mThinking...\u001b[0m\r\n\u001b[90m");
  await terminal.until(READY);
  terminal.type("/set nothink\r");
  await terminal.until(READY);
  terminal.type("Tell me a story.\r");
  await terminal.until("story.");
  const answer = await terminal.until(">>> ");
  expect(answer.split("\n").length).toBeGreaterThan(3);
  terminal.type("/set nowordwrap\r");
  await terminal.until("Set 'nowordwrap' mode.");
});

test("a chat can be saved as a model, and loaded again", async () => {
  await using terminal = chat("tiny-chat");
  await terminal.until(READY);
  terminal.type("My name is Ada.\r");
  await terminal.until(READY);
  terminal.type("/save ada\r");
  await terminal.until("Created new model 'ada'");
  await terminal.until(READY);
  terminal.type("/load ada\r");
  await terminal.until("Loaded model 'ada'\n>>> My name is Ada.");
  await terminal.until(READY);
  terminal.type("What is my name?\r");
  expect(await terminal.until("\n\n")).toContain("Ada");
  await terminal.until(READY);
  terminal.type("/load nothing\r");
  await terminal.until("Error: model 'nothing:latest' not found");
  await terminal.until(READY);
});

test("a chat with a server goes on when an answer fails", async () => {
  const cwd = place();
  const flags = ["--port", "0", "--models-dir", join(cwd, "models"), "--cache-dir", join(cwd, "server-cache")];
  await using server = await startServer([process.execPath, MAIN, "serve", ...flags], { cwd });
  await using terminal = chat("tiny-chat", [], { cwd, env: { ROCKCHIP_LLAMA_PORT: new URL(server.url).port } });
  await terminal.until(READY);
  await server.stop();
  terminal.type("Hi\r");
  await terminal.until(`Error: ${server.url} does not answer`);
  await terminal.until(READY);
  terminal.type(CTRL_D);
  expect(await terminal.exited).toBe(0);
});
