import { describe, expect, test } from "bun:test";
import { type CommandName, COMMANDS } from "../../../src/cli/commands.ts";
import { helpText } from "../../../src/cli/help.ts";
import { KEYS } from "../../../src/config/known-keys.ts";

describe("--help", () => {
  test("shows every command on a screen, and says where more is", () => {
    const text = helpText(undefined);
    for (const command of Object.keys(COMMANDS)) expect(text).toContain(`\n  ${command}`);
    expect(text).not.toContain("engine-host");
    expect(text).toMatch(/help\s+serve` lists every key/);
    expect(text.split("\n").length).toBeLessThan(45);
  });

  test.each([60, 80, 100, 200])("fits %p columns", (columns) => {
    for (const topic of [undefined, "serve"]) {
      for (const line of helpText(topic, columns).split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });
});

describe("help on serve", () => {
  test("shows every flag and its default", () => {
    const text = helpText("serve");
    for (const key of KEYS) expect(text).toContain(key.flag.slice(2));
    expect(text).toContain("  --port <number>                 Port to listen on; 0 takes a free one and logs it. (default: 8080)\n");
    expect(text).toContain("  --[no-]embed-flash ");
  });
});

describe("help on a command", () => {
  test("completions takes no configuration", () => {
    expect(helpText("completions")).toBe(
      [
        "Usage: rockchip-llama completions bash | zsh | fish",
        "",
        "Prints a script that makes a shell complete commands, flags and the names of models.",
        "",
        "Examples:",
        "  rockchip-llama completions bash > ~/.local/share/bash-completion/completions/rockchip-llama",
        "      for bash, from the next shell on",
        "  rockchip-llama completions fish > ~/.config/fish/completions/rockchip-llama.fish",
        "      for fish",
        "",
        "Other:",
        "  -h, --help                      Shows this, or the help on the command that is given.",
        "  -v, --version                   Shows the version.",
        "",
      ].join("\n"),
    );
  });

  test.each(Object.keys(COMMANDS))("%s has an example, and says every flag of its own", (command) => {
    const text = helpText(command);
    expect(text).toContain(`\nExamples:\n  rockchip-llama ${command}`);
    for (const { flag, short } of COMMANDS[command as CommandName].flags ?? []) {
      expect(text).toContain(`\n  ${short === undefined ? "" : `${short}, `}${flag}`);
    }
  });

  test("another name of a command is told", () => {
    expect(helpText("list")).toContain("\nAlso called: ls\n");
  });

  test("pull shows the flags that matter to it alone", () => {
    const text = helpText("pull");
    expect(text).toStartWith(
      "Usage: rockchip-llama pull <model> [flags]\n\nDownloads a model into the models folder. <model> is a short name (qwen3:0.6b), owner/",
    );
    expect(text).toContain("--models-dir");
    expect(text).toContain("\n  --json                          Prints progress as lines of JSON");
    expect(text).not.toContain("--temperature");
  });
});
