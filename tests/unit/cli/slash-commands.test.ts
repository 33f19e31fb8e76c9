import { beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ChatRoom } from "../../../src/cli/chat/chat-room.ts";
import { Conversation } from "../../../src/cli/chat/conversation.ts";
import { ChatHistory } from "../../../src/cli/chat/history.ts";
import { LEAVE, slashCommand } from "../../../src/cli/chat/slash-commands.ts";
import { ServerClient } from "../../../src/cli/client/server-client.ts";
import { AppError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { recordingTerminal } from "./recording-terminal.ts";

const SHOWN = {
  capabilities: ["completion", "thinking"],
  details: { family: "llama", parameter_size: "3.6M", quantization_level: "Q8_0", format: "gguf" },
  model_info: { "general.architecture": "llama", "general.parameter_count": 1_543_000_000, "llama.context_length": 2048 },
  parameters: 'temperature                    0.6\nstop                           "<|end|>"',
  system: "You are tiny.",
  license: "one\ntwo\nthree",
  messages: [{ role: "user", content: "stored" }],
};

let room: ChatRoom;
beforeEach(() => {
  const settings = {
    model: "tiny",
    system: null,
    options: {},
    format: null,
    think: null,
    keepAlive: null,
    verbose: false,
    wordWrap: true,
    hideThinking: false,
  };
  room = {
    // Nothing here asks the server.
    client: new ServerClient({ url: "http://127.0.0.1:0", key: null, isHere: true }),
    conversation: new Conversation(settings, SHOWN),
    history: new ChatHistory(join(temporaryFolder(), "history")),
    out: recordingTerminal({ isTerminal: true }).terminal,
  };
});

const say = async (line: string) => slashCommand(room, line, new AbortController().signal);
const failure = async (line: string) => say(line).then(String, (thrown: unknown) => AppError.from(thrown).message);

describe("/set", () => {
  test("changes the next request", async () => {
    expect([
      await say("/set parameter temperature 0.5"),
      await say('/set parameter stop "end of it" stop'),
      await say("/set system  You are a cook.\nBe brief. "),
      await say("/set format json"),
      await say("/set think high"),
    ]).toEqual([
      "Set parameter 'temperature' to '0.5'",
      "Set parameter 'stop' to 'end of it, stop'",
      "Set system message.",
      "Set format to 'json' mode.",
      "Set 'think' mode to 'high'.",
    ]);
    room.conversation.answered("Hi", { role: "assistant", content: "Hello." });
    expect(room.conversation.request("Who?")).toEqual({
      model: "tiny",
      messages: [
        { role: "system", content: "You are a cook.\nBe brief." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello." },
        { role: "user", content: "Who?" },
      ],
      options: { temperature: 0.5, stop: ["end of it", "stop"] },
      format: "json",
      think: "high",
    });
  });

  test("turns on what it has turned off", async () => {
    await say("/set nohistory");
    await say("/set nowordwrap");
    await say("/set verbose");
    await say("/set nothink");
    expect([room.history.isOn, room.conversation.settings]).toMatchObject([false, { wordWrap: false, verbose: true, think: false }]);
    for (const line of ["history", "wordwrap", "quiet", "think", "noformat"]) await say(`/set ${line}`);
    expect([room.history.isOn, room.conversation.settings]).toMatchObject([
      true,
      { wordWrap: true, verbose: false, think: true, format: null },
    ]);
  });

  test("says what is wrong, and lists what there is", async () => {
    expect(await say("/set")).toContain("/set parameter <name> <value>");
    expect(await say("/set verbos")).toBe("Unknown command '/set verbos'. Did you mean verbose? Type /? for help");
    expect(await say("/set parameter top_k")).toStartWith("Usage: /set parameter <name> <value>. The names are num_predict, ");
    expect(await failure("/set parameter top_k many")).toBe('top_k: "many" is not a whole number.');
    room.conversation.load("other", { capabilities: ["completion"] });
    expect(await say("/set think")).toBe('"other" does not support thinking.');
  });
});

describe("/show", () => {
  test("tells of the model in Ollama's sections", async () => {
    expect(await say("/show info")).toBe(`  Model
    architecture      llama
    parameters        1.5B
    context length    2048
    quantization      Q8_0
    format            gguf

  Capabilities
    completion
    thinking

  Parameters
    temperature    0.6
    stop           "<|end|>"

  System
    You are tiny.

  License
    one
    two
    ...`);
  });

  test("tells what was set beside what the model has", async () => {
    expect(await say("/show system")).toBe("You are tiny.");
    await say("/set system Be brief.");
    await say("/set parameter seed 7");
    expect(await say("/show system")).toBe("Be brief.");
    expect(await say("/show parameters")).toEndWith("User defined parameters:\n  seed                           7");
    expect(await say("/show template")).toBe("No prompt template was specified for this model.");
    expect(await say("/show lisence")).toBe("Unknown command '/show lisence'. Did you mean license? Type /? for help");
  });
});

test("/clear forgets, and what is saved is what was said", async () => {
  room.conversation.answered("Hi", { role: "assistant", content: "Hello.", thinking: "hm" });
  await say("/set system Be brief.");
  expect(room.conversation.recipe("saved")).toEqual({
    model: "saved",
    from: "tiny",
    system: "Be brief.",
    messages: [
      { role: "user", content: "stored" },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
    ],
  });
  expect([await say("/clear"), room.conversation.turns]).toEqual(["Cleared session context", []]);
});

test("/bye and /exit end the chat, /? and /help explain it, and an unknown command names the nearest", async () => {
  expect([await say("/bye"), await say("/exit")]).toEqual([LEAVE, LEAVE]);
  expect([await say("/?"), await say("/help set")]).toEqual([
    expect.stringContaining("/load <model>    Load a session or model") as string,
    expect.stringContaining("/set parameter") as string,
  ]);
  expect(await say("/lists")).toBe("Unknown command '/lists'. Did you mean /list? Type /? for help");
  expect([await say("/load"), await say("/save a b")]).toEqual(["Usage: /load <model>", "Usage: /save <model>"]);
});
