import { describe, expect, test } from "bun:test";
import { withoutSecrets } from "../../../src/config/environment.ts";
import { IDLE_VARIABLES } from "../../../src/config/ollama-variables.ts";
import { load, refusal } from "./temporary-config.ts";

describe("OLLAMA_HOST", () => {
  test.each([
    ["0.0.0.0", "0.0.0.0", 8080],
    ["0.0.0.0:11434", "0.0.0.0", 11434],
    [":11434", "127.0.0.1", 11434],
    ["http://board.local:9000/", "board.local", 9000],
    ["https://board.local", "board.local", 8080],
    ["[::1]:11434", "::1", 11434],
    ["[::]", "::", 8080],
    ["::1", "::1", 8080],
    [' "localhost:1" ', "localhost", 1],
  ])("%p listens on %p, port %p", (text, host, port) => {
    const { server } = load({ env: { OLLAMA_HOST: text } }).config;
    expect({ host: server.host, port: server.port }).toEqual({ host, port });
  });

  test("a port that is none stops the start", () => {
    expect(refusal({ env: { OLLAMA_HOST: "localhost:http" } })).toEqual([
      "config_invalid",
      'OLLAMA_HOST: port cannot be "http"; it takes a whole number from 0 to 65535.',
    ]);
  });
});

describe("other variables of Ollama", () => {
  test("are read for the keys that mean the same", () => {
    const { cwd, config } = load({
      env: {
        OLLAMA_MODELS: "weights",
        OLLAMA_KEEP_ALIVE: "10m",
        OLLAMA_MAX_QUEUE: "12",
        OLLAMA_CONTEXT_LENGTH: "8192",
        OLLAMA_LOAD_TIMEOUT: "2m30s",
        OLLAMA_MAX_LOADED_MODELS: "3",
      },
    });
    const { models_dir, keep_alive_s, queue_depth_max, load_timeout_s, models_loaded_max } = config.server;
    expect({
      models_dir,
      keep_alive_s,
      queue_depth_max,
      load_timeout_s,
      models_loaded_max,
      context: config.inference.max_context_len,
    }).toEqual({
      models_dir: [`${cwd}/weights`],
      keep_alive_s: 600,
      queue_depth_max: 12,
      load_timeout_s: 150,
      models_loaded_max: 3,
      context: 8192,
    });
  });

  test.each([
    ["1", "debug"],
    ["2", "debug"],
    ["true", "debug"],
    ["sure", "debug"],
    ["0", "info"],
    ["false", "info"],
    ["", "info"],
  ])("OLLAMA_DEBUG=%s logs from %s on", (text, level) => {
    expect(load({ env: { OLLAMA_DEBUG: text } }).config.server.log_level).toBe(level as "debug" | "info");
  });

  test("those that mean nothing here are no error, and change nothing", () => {
    const idle = Object.fromEntries(Object.keys(IDLE_VARIABLES).map((name) => [name, "4"]));
    expect(load({ env: idle }).config.server).toEqual({ ...load({}).config.server, models_dir: expect.anything() });
  });

  test("0 means automatic where Ollama means it so", () => {
    const { sources } = load({ env: { OLLAMA_CONTEXT_LENGTH: "0", OLLAMA_MAX_LOADED_MODELS: "0" } });
    expect([sources.max_context_len.kind, sources.models_loaded_max.kind]).toEqual(["default", "default"]);
  });

  test("a load timeout of 0 is the longest there is", () => {
    expect(load({ env: { OLLAMA_LOAD_TIMEOUT: "0" } }).config.server.load_timeout_s).toBe(86_400);
  });

  test("origins are added to the default ones, ours replace them", () => {
    const byDefault = load({}).config.server.cors_origins;
    expect(load({ env: { OLLAMA_ORIGINS: "chrome-extension://*, https://me.example" } }).config.server.cors_origins).toEqual([
      ...byDefault,
      "chrome-extension://*",
      "https://me.example",
    ]);
    expect(load({ env: { ROCKCHIP_LLAMA_CORS_ORIGINS: "https://me.example" } }).config.server.cors_origins).toEqual(["https://me.example"]);
  });
});

describe("variables of our own", () => {
  test("an unknown one stops the start and names the nearest", () => {
    expect(refusal({ env: { ROCKCHIP_LLAMA_QUEUE_DEPHT_MAX: "1" } })).toEqual([
      "config_invalid",
      "ROCKCHIP_LLAMA_QUEUE_DEPHT_MAX: unknown variable. Did you mean ROCKCHIP_LLAMA_QUEUE_DEPTH_MAX?",
    ]);
  });

  test("what Kubernetes sets for a Service of this name is left alone", () => {
    const env = {
      ROCKCHIP_LLAMA_SERVICE_HOST: "10.0.0.1",
      ROCKCHIP_LLAMA_SERVICE_PORT: "8080",
      ROCKCHIP_LLAMA_SERVICE_PORT_HTTP: "8080",
      ROCKCHIP_LLAMA_PORT: "tcp://10.0.0.1:8080",
      ROCKCHIP_LLAMA_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      ROCKCHIP_LLAMA_PORT_8080_TCP_ADDR: "10.0.0.1",
    };
    expect(load({ env }).sources.port).toEqual({ kind: "default", name: "" });
  });

  test("the Hugging Face token comes from HF_TOKEN", () => {
    expect(load({ env: { HF_TOKEN: "hf_secret" } }).config.server.hf_token).toBe("hf_secret");
  });

  test("the folder of the files can be named", () => {
    const files = { "elsewhere/server.json": { port: 7 } };
    expect(load({ env: { ROCKCHIP_LLAMA_CONFIG_DIR: "elsewhere" }, files }).config.server.port).toBe(7);
    expect(load({ env: { ROCKCHIP_LLAMA_CONFIG_DIR: "nowhere" }, configDir: "elsewhere", files }).config.server.port).toBe(7);
  });
});

test("other programs get the environment without keys and tokens", () => {
  const env = { PATH: "/bin", HOME: undefined, ROCKCHIP_LLAMA_PORT: "1", RKLLM_LOG_LEVEL: "2" };
  const secrets = { ROCKCHIP_LLAMA_API_KEY: "rl-secret", ROCKCHIP_LLAMA_HF_TOKEN: "hf_secret", HF_TOKEN: "hf_secret" };
  expect(withoutSecrets({ ...env, ...secrets })).toEqual(env);
});

describe("OpenTelemetry's variables", () => {
  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" }, "http://a:4318"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b:4318/v1/traces", OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" }, "http://b:4318"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b:4318/other", OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" }, "http://a:4318"],
    [{ ROCKCHIP_LLAMA_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" }, "http://c"],
  ] as const)("%j sends traces to %s", (env, endpoint) => {
    expect(load({ env }).config.server.otlp_endpoint).toBe(endpoint);
  });

  test("what names a password is not taken, and headers are not handed to other processes", () => {
    expect(refusal({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://me:word@a" } })[0]).toBe("config_invalid");
    expect(withoutSecrets({ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer x", PATH: "/bin" })).toEqual({ PATH: "/bin" });
  });
});
