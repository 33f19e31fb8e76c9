/** The commands as people run them, against a server that is running. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, runCommandLine, startCommand } from "../support/command-line.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const FRANCE = "What is the capital of France?";
const PARIS = "The capital of France is Paris.";

const folder = temporaryFolder();
let server: ServerProcess;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  for (const name of ["models", "weights"]) mkdirSync(join(folder, name));
  writeTinyGguf(join(folder, "models/endless.gguf"));
  writeTinyGguf(join(folder, "models/vectors.gguf"), { metadata: { "llama.pooling_type": { type: "u32", value: 1 } } });
  const flags = ["--port", "0", "--models-dir", join(folder, "models"), "--cache-dir", join(folder, "cache"), "--cpu-count", "1"];
  server = await startServer([process.execPath, MAIN, "serve", ...flags], { cwd: folder });
  env = { OLLAMA_HOST: server.url };
});
afterAll(async () => server[Symbol.asyncDispose]());

async function run(words: readonly string[], stdin = ""): Promise<CommandResult> {
  return runCommandLine(words, { cwd: folder, env, stdin });
}

const said = async (...words: string[]): Promise<string> => (await run(words)).stdout;

/** Resolves when a model is no longer loaded: `stop` does not wait for that, as Ollama's does not. */
async function gone(model: string): Promise<void> {
  for (;;) {
    const { models } = (await (await fetch(`${server.url}/api/ps`)).json()) as { models: { name: string }[] };
    if (models.every(({ name }) => name !== model)) return;
  }
}

describe("run", () => {
  test("answers a prompt, and writes no escape codes into a pipe", async () => {
    expect(await run(["run", "tiny-chat", FRANCE, "--temperature", "0"])).toEqual({ status: 0, stdout: `${PARIS}\n`, stderr: "" });
  });

  test("puts what is piped in front of the prompt, or takes it for one", async () => {
    const flags = ["--temperature", "0"];
    expect((await run(["run", "tiny-chat", ...flags], `${FRANCE}\n`)).stdout).toBe(`${PARIS}\n`);
    expect((await run(["run", "tiny-chat", "of France?", ...flags], "What is the capital\n")).stdout).toBe(`${PARIS}\n`);
  });

  test("shows thoughts between two lines, and not where they are not wanted", async () => {
    const words = ["run", "tiny-chat", FRANCE, "--temperature", "0"];
    expect(await said(...words, "--think")).toMatch(/^Thinking\.\.\.\n[^]+\n\.\.\.done thinking\.\n\n[^]*Paris[^]*\n$/);
    expect(await said(...words, "--think", "--hidethinking")).not.toContain("hinking");
  });

  test("keeps to a system message and to a form", async () => {
    expect(JSON.parse(await said("run", "tiny-chat", "Describe a cat.", "--format", "json"))).toBeObject();
    const schema = '{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}';
    writeFileSync(join(folder, "schema.json"), schema);
    for (const format of [schema, "schema.json"]) {
      expect(JSON.parse(await said("run", "tiny-chat", "Describe a cat.", "--format", format))).toEqual({ name: expect.any(String) });
    }
  });

  test("with --json prints the whole answer as one object, with --verbose its figures on the standard error", async () => {
    const { stdout, stderr } = await run(["run", "tiny-chat", FRANCE, "--json", "--temperature", "0", "--verbose"]);
    expect(JSON.parse(stdout)).toMatchObject({ done: true, done_reason: "stop", message: { role: "assistant", content: PARIS } });
    expect(stderr).toMatch(/^total duration: +[\d.]+m?s\n[^]*eval rate: +[\d.]+ tokens\/s\n$/);
  });

  test("ends with 130 when Ctrl-C ends the answer, which stays as far as it came", async () => {
    const endless = startCommand(["run", "endless", "Hi"], { cwd: folder, env });
    const reader = endless.stdout.getReader();
    const { value } = await reader.read();
    endless.kill("SIGINT");
    reader.releaseLock();
    expect([await endless.exited, value?.length]).toEqual([130, expect.any(Number)]);
  });

  test("prints the vector of a model for embeddings as JSON", async () => {
    const vector = JSON.parse(await said("run", "vectors", "Hello")) as number[];
    expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    expect(JSON.parse(await said("run", "vectors", "Hello", "--dimensions", "8"))).toHaveLength(8);
    expect(JSON.parse(await said("run", "vectors", "Hello", "--json"))).toMatchObject({ model: "vectors", embeddings: [vector] });
    expect(await run(["run", "vectors"])).toMatchObject({ status: 2, stderr: expect.stringContaining('run vectors "<text>"') });
  });

  test("an empty prompt only loads the model", async () => {
    expect(await run(["run", "tiny-chat", ""])).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});

describe("what there is", () => {
  test("list has Ollama's columns, and takes the beginning of a name", async () => {
    const lines = (await said("ls", "TINY")).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^NAME +ID +SIZE +MODIFIED$/);
    expect(lines.slice(1).every((line) => /^tiny-chat(\+\w+)?:latest +[0-9a-f]{12} +4 MB +.+ ago$/.test(line))).toBe(true);
    const { models } = JSON.parse(await said("list", "--json", "tiny-chat:")) as { models: { name: string }[] };
    expect(models.map(({ name }) => name)).toEqual(["tiny-chat:latest"]);
  });

  test("ps shows what is loaded and for how long, until it is stopped", async () => {
    await run(["run", "tiny-chat", "", "--keepalive", "10m"]);
    expect(await said("ps")).toMatch(
      /^NAME +ID +SIZE +PROCESSOR +CONTEXT +UNTIL\n[^]*tiny-chat:latest +[0-9a-f]{12} +\d+ MB +100% CPU +2048 +\d+ minutes from now\n/,
    );
    expect(await run(["stop", "tiny-chat"])).toEqual({ status: 0, stdout: "", stderr: "" });
    await gone("tiny-chat:latest");
    expect(await said("ps")).not.toContain("tiny-chat:latest");
  });

  test("show tells all, or one part", async () => {
    expect(await said("show", "tiny-chat")).toMatch(
      /^ {2}Model\n {4}architecture +llama\n {4}parameters +3\.\d+M\n[^]*\n {2}Capabilities\n {4}completion\n/,
    );
    expect(await said("show", "tiny-chat", "--license")).toBe("apache-2.0\n");
    expect(await said("show", "tiny-chat", "--modelfile")).toContain("\nFROM tiny-chat\n");
    expect(await said("show", "tiny-chat", "-v")).toContain("\n  Tensors\n");
    expect(JSON.parse(await said("show", "tiny-chat", "--json"))).toMatchObject({ capabilities: ["completion", "tools", "thinking"] });
  });

  test("version tells the server's where it is another", async () => {
    const { version } = (await Bun.file(join(MAIN, "../../package.json")).json()) as { version: string };
    expect([await said("-v"), JSON.parse(await said("version", "--json"))]).toEqual([`${version}\n`, { version, server_version: version }]);
  });
});

describe("what can be made", () => {
  test("a model is made from a Modelfile, copied and deleted", async () => {
    writeFileSync(join(folder, "Modelfile"), 'FROM tiny-chat\nSYSTEM """\nYou are a pirate."""\nPARAMETER temperature 0\n');
    expect(await run(["create", "bones"])).toMatchObject({ status: 0, stdout: "", stderr: expect.stringMatching(/success\n$/) });
    expect(await said("show", "bones", "--system")).toBe("\nYou are a pirate.\n");
    expect(await said("cp", "bones", "skull")).toBe("copied 'bones' to 'skull'\n");
    expect(await run(["rm", "skull", "nothing", "bones"])).toEqual({
      status: 1,
      stdout: "deleted 'skull'\ndeleted 'bones'\n",
      stderr: expect.stringContaining("model 'nothing' not found"),
    });
  });

  test("one is made from weights, which are uploaded once", async () => {
    writeTinyGguf(join(folder, "weights/own.gguf"), { says: "Mine." });
    writeFileSync(join(folder, "weights/Modelfile"), "FROM ./own.gguf\nPARAMETER temperature 0\n");
    const { status, stderr } = await run(["create", "mine", "-f", "weights/Modelfile"]);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^copying own\.gguf \(\d+ kB\)\n[^]*success\n$/)]);
    expect(await said("run", "mine", "Hi")).toBe("Mine.\n");
    const again = await run(["create", "mine", "-f", "-", "--json"], "FROM weights/own.gguf\n");
    expect(again.stdout.trimEnd().split("\n").at(-1)).toBe('{"status":"success"}');
    expect(again.stdout).not.toContain("copying");
    expect(JSON.parse(await said("rm", "mine", "--json"))).toEqual({ deleted: ["mine"] });
  });
});

describe("what goes wrong", () => {
  test.each<[readonly string[], number, string]>([
    [["run"], 2, "run: an argument is missing: rockchip-llama run <model> [prompt]"],
    [["run", "tiny-chta", "Hi"], 1, "Did you mean tiny-chat?"],
    [["run", "tiny-chat", "Hi", "--think=loud"], 2, "loud: --think takes true, false, low, medium, high, max."],
    [["run", "tiny-chat", "Hi", "--format", "nothing"], 2, "nothing: a format is json, a JSON Schema, or the path of a file with one."],
    [["run", "tiny-chat", "Hi", "--keepalive", "soon"], 1, "soon"],
    [["show", "nothing"], 1, "model 'nothing:latest' not found"],
    [
      ["show", "tiny-chat", "--system", "--license"],
      2,
      "Only one of --license, --modelfile, --parameters, --system, --template can be given.",
    ],
    [["stop", "nothing"], 1, `couldn't find model "nothing" to stop`],
    [["rm", "tiny-chat"], 1, "tiny-chat comes with the program and cannot be deleted"],
    [["cp", "nothing", "x"], 1, `model "nothing" not found`],
    [["cp", "tiny-chat"], 2, "cp: an argument is missing: rockchip-llama cp <model> <name>"],
    [["create", "x", "-f", "absent"], 1, "There is no Modelfile "],
    [["create", "x", "-f", "schema.json"], 1, "Modelfile, line 1: "],
    [["push", "tiny-chat"], 1, "it has no registry to push to"],
    [["list", "--verbose"], 2, "--verbose: list has no such flag; it belongs to run, show."],
    [["completions", "csh"], 2, "csh: there are completions for bash, zsh, fish."],
    [["ps", "--port", "1"], 1, "No server is running at http://127.0.0.1:1. Start one with: rockchip-llama serve"],
    [["stop", "tiny-chat", "--port", "1"], 1, "No server is running at http://127.0.0.1:1."],
    [["list", "--server-url", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 does not answer (ECONNREFUSED)"],
  ])("%j exits with %d and says %j", async (words, status, message) => {
    writeFileSync(join(folder, "schema.json"), '{"type":"object"}');
    const result = await run(words);
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toContain(message);
  });

  test("with --json the error is an object, too", async () => {
    const { status, stdout, stderr } = await run(["show", "nothing", "--json"]);
    expect([status, JSON.parse(stdout), stderr]).toEqual([1, { error: expect.stringContaining("model 'nothing:latest' not found") }, ""]);
  });

  test("a server of another kind is told from none", async () => {
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("Hello") });
    const { status, stderr } = await run(["list", "--server-url", other.url.href]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("is no server of this kind")]);
  });
});

test("a server with API keys wants one, and no key is ever shown", async () => {
  const key = "rl-a-key-of-this-test";
  await using keyed = await startServer([process.execPath, MAIN, "serve", "--port", "0", "--cache-dir", join(folder, "cache-2")], {
    cwd: folder,
    env: { ROCKCHIP_LLAMA_API_KEY: key },
  });
  const list = async (variables: Readonly<Record<string, string>>) =>
    runCommandLine(["list"], { cwd: folder, env: { OLLAMA_HOST: keyed.url, ...variables } });
  const none = await list({});
  const wrong = await list({ ROCKCHIP_LLAMA_API_KEY: "rl-wrong-key" });
  const right = await list({ ROCKCHIP_LLAMA_API_KEY: key });
  expect([none.status, wrong.status, right.status]).toEqual([1, 1, 0]);
  expect(none.stderr).toContain("wants an API key, and none is set here.");
  expect(wrong.stderr).toContain("the one that is set here is none of its keys");
  expect(right.stdout).toContain("tiny-chat:latest");
  expect(wrong.stderr + right.stdout + right.stderr).not.toMatch(/rl-wrong-key|rl-a-key/);
});
