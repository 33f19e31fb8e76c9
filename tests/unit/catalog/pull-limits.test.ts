/** Files beside weights come from strangers: no more of them is read than they can be. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { pull, type PullResult } from "../../../src/catalog/pull.ts";
import { ModelHub } from "../../support/model-hub.ts";
import { ModelsFolder, refusal } from "../../support/models-folder.ts";

const REPOSITORY = "/owner/repo/resolve/main";
const MEGABYTE = 1024 * 1024;

const file = (text: string) => ({ content: new TextEncoder().encode(text) });
/** Valid JSON of so many bytes. */
const json = (bytes: number) => file(`{${" ".repeat(bytes - 2)}}`);

let hub: ModelHub;
let folder: ModelsFolder;
let notes: string[];
beforeEach(async () => {
  hub = await ModelHub.start();
  folder = await ModelsFolder.make();
  notes = [];
  hub.files.set(`${REPOSITORY}/x.rkllm`, file("weights"));
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function pulling(source: string): Promise<PullResult> {
  return pull(source, {
    modelsDir: folder.path("models"),
    endpoint: hub.url,
    signal: new AbortController().signal,
    onProgress: (event) => void (event.kind === "note" && notes.push(event.text)),
  });
}

test("what is too large to be a template or a configuration is left out, and that is said", async () => {
  hub.files.set(`${REPOSITORY}/tokenizer.json`, json(5 * MEGABYTE));
  hub.files.set(`${REPOSITORY}/config.json`, json(5 * MEGABYTE));
  hub.files.set(`${REPOSITORY}/generation_config.json`, { ...json(5 * MEGABYTE), unsized: true });
  hub.files.set(`${REPOSITORY}/chat_template.jinja`, file("{{ messages }}"));
  expect((await pulling("owner/repo/x.rkllm")).sidecars.toSorted()).toEqual(["chat_template.jinja", "tokenizer.json"]);
  expect(notes).toEqual(
    ["generation_config.json", "config.json"].map(
      (name) => `owner/repo: ${name} is larger than 4 MB, which such a file cannot be. It was left out.`,
    ),
  );
});

test("of a README only the beginning counts, however long it is", async () => {
  hub.files.set(`${REPOSITORY}/README.md`, file(`---\nbase_model: Base/Model\n---\n${"words ".repeat(2 * MEGABYTE)}`));
  hub.files.set("/Base/Model/resolve/main/tokenizer.json", file("{}"));
  expect((await pulling("owner/repo/x.rkllm")).sidecars).toEqual(["tokenizer.json"]);
});

test("a hub that does not stop answering is no hub", async () => {
  hub.files.set("/api/models/owner/repo/revision/main", file(" ".repeat(17 * MEGABYTE)));
  expect(await refusal(pulling("owner/repo"))).toEqual([
    "download_failed",
    `${hub.url}/api/models/owner/repo/revision/main?blobs=true answered more than was asked for.`,
  ]);
});

test("a models folder that nothing can be put into is told with who can", async () => {
  await folder.put("given/x.rkllm");
  // Nobody may make a folder there, the superuser included.
  const closed = pull(folder.path("given/x.rkllm"), {
    modelsDir: "/sys",
    endpoint: hub.url,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  expect(await refusal(closed)).toEqual([
    "config_invalid",
    expect.stringMatching(
      /^Nothing can be put into the models folder \/sys: (?:this user may not write there|it is mounted read-only) \(user \d+\)\. `rockchip-llama doctor` says whose it is/,
    ) as unknown as string,
  ]);
});

test("of a local model nothing is taken that is too large to belong to it", async () => {
  await folder.put("given/x.rkllm");
  await folder.put("given/config.json", `{${" ".repeat(5 * MEGABYTE)}}`);
  await folder.put("given/tokenizer.json", "{}");
  expect((await pulling(folder.path("given/x.rkllm"))).sidecars).toEqual(["tokenizer.json"]);
});
