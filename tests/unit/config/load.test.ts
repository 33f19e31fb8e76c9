import { describe, expect, test } from "bun:test";
import { parseNetwork } from "../../../src/core/network.ts";
import { load } from "./temporary-config.ts";

describe("defaults", () => {
  test("a server without flags, variables and files has every key at its default", () => {
    const { config, cwd } = load({});
    expect(config).toEqual({
      server: {
        host: "127.0.0.1",
        port: 8080,
        ollama_port: null,
        server_url: null,
        cors_origins: config.server.cors_origins,
        body_bytes_max: 64 * 1024 * 1024,
        header_wait_ms: 2000,
        keep_alive_comment_s: 10,
        idle_timeout_s: 60,
        keys_file: "/home/user/.local/share/rockchip-llama/keys.json",
        api_key: null,
        allow: [],
        host_names: [],
        insecure: false,
        rate_limit_per_minute: 0,
        rate_limit_burst: null,
        models_dir: [`${cwd}/models`],
        cache_dir: "/home/user/.cache/rockchip-llama",
        builtin_model: true,
        default_model: null,
        models_loaded_max: 2,
        memory_budget_bytes: null,
        preload: [],
        keep_alive_s: -1,
        queue_depth_max: 256,
        runs_at_once: null,
        batch_window_ms: 20,
        runtime: null,
        runtime_version: null,
        cpu_runtime_version: "1.3.0",
        isolation: "process",
        exec_prefix: [],
        sampling_mismatch: "run",
        host_growth_bytes_max: 536_870_912,
        native_log_level: 0,
        repetition_guard: true,
        answer_retries_max: 2,
        queue_timeout_s: null,
        load_timeout_s: null,
        prefill_stall_timeout_s: 120,
        prefill_stall_per_token_s: 0.25,
        decode_stall_timeout_s: 60,
        abort_timeout_s: 10,
        host_ping_timeout_s: 10,
        drain_delay_s: 0,
        shutdown_timeout_s: 30,
        prompt_cache: "auto",
        prompt_cache_bytes_max: 1_073_741_824,
        prompt_cache_age_max_s: 604_800,
        prompt_cache_bytes_per_day_max: 8_589_934_592,
        responses_max: 1000,
        responses_bytes_max: 67_108_864,
        responses_age_max_s: 2_592_000,
        log_level: "info",
        log_format: "text",
        log_prompts: false,
        metrics: "on",
        otlp_endpoint: null,
        otlp_headers: null,
        otlp_service_name: "rockchip-llama",
        huggingface_endpoint: "https://huggingface.co",
        hf_token: null,
      },
      inference: {
        temperature: 0.6,
        top_k: 20,
        top_p: 0.95,
        repeat_penalty: 1,
        frequency_penalty: 0,
        presence_penalty: 0,
        mirostat: 0,
        mirostat_tau: 5,
        mirostat_eta: 0.1,
        max_context_len: 4096,
        max_new_tokens: null,
        n_keep: 0,
        skip_special_token: true,
        cpu_count: 4,
        cpu_mask: null,
        embed_flash: true,
        n_batch: 1,
        slots: 1,
        runtime_library: null,
        base_domain_id: 0,
        system_prompts: [],
        models: {},
      },
    });
  });

  test("pages served by this machine may call the server, others may not", () => {
    const { cors_origins: origins } = load({}).config.server;
    expect(origins).toContain("http://localhost:*");
    expect(origins).toContain("vscode-webview://*");
    expect(origins).not.toContain("*");
  });
});

describe("precedence", () => {
  const files = { "config/server.json": { port: 1001, log_level: "debug", host: "0.0.0.0" } };

  test("a flag goes before a variable, that before a file, that before the default", () => {
    const env = { ROCKCHIP_LLAMA_PORT: "1002", ROCKCHIP_LLAMA_LOG_LEVEL: "warn" };
    const { config, sources, cwd } = load({ argv: ["--port", "1003"], env, files });
    const { port, log_level, host, isolation } = config.server;
    expect({ port, log_level, host, isolation }).toEqual({ port: 1003, log_level: "warn", host: "0.0.0.0", isolation: "process" });
    expect({ port: sources.port, log_level: sources.log_level, host: sources.host, isolation: sources.isolation }).toEqual({
      port: { kind: "flag", name: "--port" },
      log_level: { kind: "environment", name: "ROCKCHIP_LLAMA_LOG_LEVEL" },
      host: { kind: "file", name: `${cwd}/config/server.json` },
      isolation: { kind: "default", name: "" },
    });
  });

  test("our own variable goes before Ollama's", () => {
    const { config, sources } = load({ env: { OLLAMA_MAX_QUEUE: "7", ROCKCHIP_LLAMA_QUEUE_DEPTH_MAX: "8" } });
    expect(config.server.queue_depth_max).toBe(8);
    expect(sources.queue_depth_max).toEqual({ kind: "environment", name: "ROCKCHIP_LLAMA_QUEUE_DEPTH_MAX" });
  });

  test("an empty variable counts as not set", () => {
    expect(load({ env: { ROCKCHIP_LLAMA_PORT: "", OLLAMA_HOST: "" } }).sources.port.kind).toBe("default");
  });

  test("null by flag undoes what a file says", () => {
    expect(
      load({ argv: ["--load-timeout-s=null"], files: { "config/server.json": { load_timeout_s: 9 } } }).config.server.load_timeout_s,
    ).toBeNull();
  });
});

describe("flags", () => {
  test("a switch is on, off, or spelled out", () => {
    const embedFlash = (...argv: string[]) => load({ argv }).config.inference.embed_flash;
    expect([
      embedFlash("--embed-flash"),
      embedFlash("--no-embed-flash"),
      embedFlash("--embed-flash=false"),
      embedFlash("--embed-flash=true"),
    ]).toEqual([true, false, false, true]);
  });

  test("a list is comma-separated or repeated", () => {
    const { cwd, config } = load({
      argv: ["--models-dir", "a,/b", "--models-dir=~/c", "--exec-prefix=taskset", "--exec-prefix", "-c", "--exec-prefix=4-7"],
    });
    expect(config.server.models_dir).toEqual([`${cwd}/a`, "/b", "/home/user/c"]);
    expect(config.server.exec_prefix).toEqual(["taskset", "-c", "4-7"]);
  });

  test("of another flag given twice the last one counts", () => {
    expect(load({ argv: ["--port=1", "--port=2"] }).config.server.port).toBe(2);
  });

  test("a negative number is a value, not a flag", () => {
    expect(load({ argv: ["--presence-penalty", "-0.5"] }).config.inference.presence_penalty).toBe(-0.5);
  });
});

describe("values", () => {
  test("a CPU mask may be hexadecimal", () => {
    const inFile = load({ files: { "config/inference_config.json": { cpu_mask: "0x0F" } } }).config.inference.cpu_mask;
    const byFlag = load({ argv: ["--cpu-mask=0xF0"] }).config.inference.cpu_mask;
    const byNumber = load({ argv: ["--cpu-mask=240"] }).config.inference.cpu_mask;
    expect([inFile, byFlag, byNumber]).toEqual([0x0f, 0xf0, 0xf0]);
  });

  test.each([
    ["5m", 300],
    ["1h30m", 5400],
    ["90", 90],
    ["0", 0],
    ["-1", -1],
    ["-5m", -1],
    ["9000h", -1],
  ])("keep_alive_s %p is %p seconds", (text, seconds) => {
    expect(load({ argv: ["--keep-alive-s", text] }).config.server.keep_alive_s).toBe(seconds);
  });

  test("the cache folder follows XDG_CACHE_HOME, unless it is named", () => {
    const env = { XDG_CACHE_HOME: "/var/cache/user" };
    expect(load({ env }).config.server.cache_dir).toBe("/var/cache/user/rockchip-llama");
    expect(load({ env, argv: ["--cache-dir=/mnt/cache"] }).config.server.cache_dir).toBe("/mnt/cache");
  });

  test("the keys file follows XDG_DATA_HOME, unless it is named", () => {
    const named = load({ env: { ROCKCHIP_LLAMA_KEYS_FILE: "keys.json" } });
    expect(load({ env: { XDG_DATA_HOME: "/data" } }).config.server.keys_file).toBe("/data/rockchip-llama/keys.json");
    expect(named.config.server.keys_file).toBe(`${named.cwd}/keys.json`);
  });

  test("networks are read from every source", () => {
    const networks = [parseNetwork("192.168.0.0/16"), parseNetwork("::1")];
    const given = [
      load({ argv: ["--allow", "192.168.0.0/16", "--allow=::1"] }),
      load({ env: { ROCKCHIP_LLAMA_ALLOW: "192.168.0.0/16, ::1" } }),
      load({ files: { "config/server.json": { allow: ["192.168.0.0/16", "::1"] } } }),
    ];
    for (const { config } of given) expect([...config.server.allow]).toEqual(networks.filter((network) => network !== null));
  });

  test("models_dir in a file is one path or a list", () => {
    const one = load({ files: { "config/server.json": { models_dir: "/models" } } });
    const two = load({ files: { "config/server.json": { models_dir: ["/models", "more"] } } });
    expect(one.config.server.models_dir).toEqual(["/models"]);
    expect(two.config.server.models_dir).toEqual(["/models", `${two.cwd}/more`]);
  });
});
