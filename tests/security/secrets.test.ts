/** Keys, tokens and prompts stay where they belong: not in the log, not in the processes that run models, not in files that others read. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const KEY = "rl-configured-key-0123456789";
const PROMPT = "The treasure lies under the old oak. ".repeat(12);
const SECRETS: Readonly<Record<string, string>> = {
  ROCKCHIP_LLAMA_API_KEY: KEY,
  HF_TOKEN: "hf_secretsecret",
  HUGGING_FACE_HUB_TOKEN: "hf_oldsecret",
  OPENAI_API_KEY: "sk-somebodys",
  AWS_SECRET_ACCESS_KEY: "aws-somebodys",
  DATABASE_PASSWORD: "db-somebodys",
};

let api: TestServer;
let cacheDir: string;
const asked = async (
  path: string,
  body?: object,
  headers: Record<string, string> = { authorization: `Bearer ${KEY}` },
): Promise<Response> => fetch(api.url + path, { headers, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) });

beforeAll(async () => {
  cacheDir = temporaryFolder();
  api = await startTestServer({ env: SECRETS, moods: "slow-prefill=3", flags: ["--log-level", "debug", "--cache-dir", cacheDir] });
  for (const opening of ["One.", "Two.", "Three."]) {
    const input = `${opening} ${PROMPT}`;
    expect((await asked("/v1/responses", { model: "tiny", input, max_output_tokens: 4, temperature: 0 })).status).toBe(200);
  }
});
afterAll(async () => api?.[Symbol.asyncDispose]());

test("the process that runs a model, whose library is closed, gets no key and no token", () => {
  const [pid = 0] = api.hostPids();
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
  expect(environment).toContain("PATH=");
  expect(Object.values(SECRETS).filter((secret) => environment.includes(secret))).toEqual([]);
  expect(Object.values(SECRETS).filter((secret) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(secret))).toEqual([]);
});

test("what is kept of prompts can be read by its owner alone", async () => {
  const kept = readdirSync(cacheDir, { recursive: true, encoding: "utf8" }).filter((name) => /\.(?:kv|sqlite(?:-wal)?)$/.test(name));
  const open = (path: string): boolean => (statSync(path).mode & 0o077) !== 0;
  // A file that the library wrote has a mode of its own; its folder keeps others out.
  const readable = kept.filter((name) => open(join(cacheDir, name)) && open(join(cacheDir, name, "..")));
  expect([kept.some((name) => name.endsWith("responses.sqlite")), kept.some((name) => name.endsWith(".kv")), readable]).toEqual([
    true,
    true,
    [],
  ]);
});

test("a stranger learns neither paths nor models, versions or names of keys", async () => {
  const telling = new RegExp([api.modelsDir, cacheDir, "tiny", process.version, "node_modules", "\\.ts:"].join("|"));
  const visits = ["/", "/health", "/v1/models", "/api/tags", "/swagger", "/nothing", "/v1/chat/completions", "/api/version"];
  for (const headers of [{}, { authorization: "Bearer rl-wrong-wrong-wrong-wrong" }]) {
    for (const path of visits) {
      const response = await asked(path, undefined, headers);
      expect([path, telling.exec(await response.text()), telling.exec(JSON.stringify([...response.headers]))]).toEqual([path, null, null]);
    }
  }
});

test("a key in an address is none: addresses end up in logs", async () => {
  for (const name of ["key", "api_key", "api-key", "token", "access_token"])
    expect([name, (await asked(`/v1/models?${name}=${KEY}`, undefined, {})).status]).toEqual([name, 401]);
});

test("no reply and no page shows a key or a token, not even to whoever may see the settings", async () => {
  for (const path of ["/v1/health", "/v1/cache", "/v1/models", "/api/ps", "/api/tags", "/swagger/json"]) {
    const text = await (await asked(path)).text();
    expect([path, Object.values(SECRETS).filter((secret) => text.includes(secret))]).toEqual([path, []]);
  }
  const { error } = (await (await asked("/v1/models", undefined, { "x-api-key": `${KEY}x` })).json()) as { error: { message: string } };
  expect(error.message).not.toContain(KEY.slice(0, 12));
});

test("the log has neither prompts nor keys, at no level", async () => {
  await api.server.stop();
  const log = (await api.server.log) + api.server.output;
  expect(log).toContain("request");
  expect([...Object.values(SECRETS), "treasure", "rl-wrong"].filter((secret) => log.includes(secret))).toEqual([]);
});
