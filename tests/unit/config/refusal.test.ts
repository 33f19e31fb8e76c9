import { describe, expect, test } from "bun:test";
import { load, refusal } from "./temporary-config.ts";

test("all problems of all sources are reported at once", () => {
  expect(
    refusal({
      argv: ["--prot=9000", "--port", "80a", "--top-k=1.5", "--no-embed-flash=1", "--host", "--isolation=fork", "stray"],
      env: { ROCKCHIP_LLAMA_TEMPERATURE: "hot", OLLAMA_MAX_QUEUE: "0" },
      files: {
        "config/server.json": '{\n  "queueDepthMax": 3,\n  "port": "8080",\n  "temperature": 1\n}\n',
        "config/inference_config.json": { models: { "Qwen3-0.6B": { top_p: 2, port: 1 }, other: 3 } },
      },
    }),
  ).toEqual([
    "config_invalid",
    "The configuration has 15 problems:",
    "- --prot: unknown flag. Did you mean --port?",
    "- --no-embed-flash: this flag takes no value.",
    "- --host: its value is missing; it takes an address.",
    "- stray: this argument is not expected here.",
    '- config/server.json:2: unknown key "queueDepthMax". Did you mean queue_depth_max?',
    "- config/server.json:4: temperature does not belong here but in inference_config.json.",
    "- config/inference_config.json:5: port does not belong here but in server.json.",
    "- config/inference_config.json:7: models.other must be an object in braces: { … }.",
    '- --port: port cannot be "80a"; it takes a whole number from 0 to 65535.',
    "- --top-k: top_k cannot be 1.5; it takes a whole number from 0 to 1000000.",
    '- --isolation: isolation cannot be "fork"; it takes "process" or "thread".',
    "- OLLAMA_MAX_QUEUE: queue_depth_max cannot be 0; it takes a whole number from 1 to 65536.",
    '- ROCKCHIP_LLAMA_TEMPERATURE: temperature cannot be "hot"; it takes a number from 0 to 2.',
    '- config/server.json:3: port cannot be "8080"; it takes a whole number from 0 to 65535.',
    "- config/inference_config.json:4: top_p cannot be 2; it takes a number from 0 to 1.",
  ]);
});

test("a bad value is refused even where a flag overrides it", () => {
  expect(refusal({ argv: ["--port=1"], files: { "config/server.json": { port: -1 } } })[1]).toStartWith(
    "config/server.json:2: port cannot be -1;",
  );
});

describe("files", () => {
  test("broken JSON is named with its line", () => {
    expect(refusal({ files: { "config/server.json": '{\n  "port": 1,\n  "host": local\n}\n' } })).toEqual([
      "config_invalid",
      "config/server.json:3: the file cannot be read: this is not JSON: local.",
    ]);
  });

  test("a file that holds no object is refused", () => {
    expect(refusal({ files: { "config/server.json": [1] } })[1]).toBe("config/server.json:1: the file must be an object in braces: { … }.");
  });

  test("a folder that was named must hold one of the files", () => {
    expect(refusal({ configDir: "nowhere" })).toEqual([
      "config_invalid",
      "nowhere: there is neither server.json nor inference_config.json in this configuration folder.",
    ]);
  });

  test("one of the two files is enough", () => {
    const files = { "mine/inference_config.json": { top_k: 3 } };
    expect(load({ configDir: "mine", files }).config.inference.top_k).toBe(3);
  });

  test("two sections for one model are refused", () => {
    const files = { "config/inference_config.json": { models: { Qwen: { top_k: 1 }, qwen: { top_k: 2 } } } };
    expect(refusal({ files })).toEqual([
      "config_invalid",
      'config/inference_config.json:6: the model "qwen" has two sections; make them one.',
    ]);
  });

  test("sections for models belong to inference_config.json", () => {
    expect(refusal({ files: { "config/server.json": { models: {} } } })[1]).toBe(
      "config/server.json:2: models does not belong here but in inference_config.json.",
    );
  });
});

describe("the Hugging Face token", () => {
  test("is refused in a file, and not shown", () => {
    expect(refusal({ files: { "config/server.json": { hf_token: "hf_secret" } } })).toEqual([
      "config_invalid",
      "config/server.json:2: hf_token may not stand in a file; set the variable HF_TOKEN.",
    ]);
  });

  test("is not shown when it is bad", () => {
    expect(refusal({ argv: ["--hf-token="] })).toEqual([
      "config_invalid",
      "--hf-token: hf_token cannot be this (not shown); it takes a token, or null.",
    ]);
  });
});

describe("access", () => {
  test("a network that is none stops the start", () => {
    expect(refusal({ argv: ["--allow=192.168.0.0/16,10.0.0.0/33"] })).toEqual([
      "config_invalid",
      '--allow: allow cannot be ["192.168.0.0/16","10.0.0.0/33"]; it takes a list of networks such as 192.168.0.0/16 or fd00::/8, or of addresses.',
    ]);
  });

  test("an API key is refused in a file, and one that is too short is not shown", () => {
    expect(refusal({ files: { "config/server.json": { api_key: "rl-secret" } } })).toEqual([
      "config_invalid",
      "config/server.json:2: api_key may not stand in a file; set the variable ROCKCHIP_LLAMA_API_KEY.",
    ]);
    expect(refusal({ env: { ROCKCHIP_LLAMA_API_KEY: "secret" } })).toEqual([
      "config_invalid",
      "ROCKCHIP_LLAMA_API_KEY: api_key cannot be this (not shown); it takes a key of 8 to 256 letters, digits and signs, without spaces, or null.",
    ]);
  });
});
