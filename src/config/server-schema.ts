/** Every key of server.json: how the server listens, what it loads and how long it waits. */
import { type Static, Type } from "@sinclair/typebox";
import { TIMEOUT_S_MAX, durationAsSeconds, ollamaHost, ollamaPort, ollamaUrl, zeroIsUnset } from "./ollama-variables.ts";
import { setting } from "./setting.ts";
import { STORAGE } from "./storage-schema.ts";
import { TELEMETRY } from "./telemetry-schema.ts";
import {
  boolean,
  cacheDirectory,
  choice,
  dataFile,
  integer,
  keepAlive,
  list,
  networkList,
  nullable,
  number,
  pathList,
  patternText,
  portOrOff,
  text,
} from "./value-type.ts";

/** Origins that Ollama allows unasked, too. */
const LOCAL_ORIGINS: readonly string[] = [
  ...["localhost", "127.0.0.1", "0.0.0.0", "[::1]"].flatMap((host) =>
    ["http", "https"].flatMap((scheme) => [`${scheme}://${host}`, `${scheme}://${host}:*`]),
  ),
  ...["app", "file", "tauri", "vscode-webview", "vscode-file"].map((scheme) => `${scheme}://*`),
];

const seconds = (minimum = 1) => number(minimum, TIMEOUT_S_MAX, "seconds");

const NETWORK = {
  host: setting(text("an address", "address"), "127.0.0.1", {
    group: "Network",
    about: "Address to listen on; 0.0.0.0 is every address of this machine, and needs keys, `allow` or `insecure`.",
    aliases: [{ name: "OLLAMA_HOST", pick: ollamaHost, note: "`host`, `host:port` or a URL" }],
  }),
  port: setting(integer(0, 65_535), 8080, {
    group: "Network",
    about: "Port to listen on; 0 takes a free one and logs it.",
    aliases: [{ name: "OLLAMA_HOST", pick: ollamaPort, note: "only if it names a port" }],
  }),
  ollama_port: setting(nullable(portOrOff()), null, {
    group: "Network",
    about:
      "Second port to listen on, for Ollama's clients; `off` opens none. null is 11434, and none where `port` is 0 or OLLAMA_HOST names it.",
  }),
  server_url: setting(nullable(patternText("^https?://[^\\s]+$", "a URL that starts with http:// or https://", "url")), null, {
    group: "Network",
    about: "Server that the commands talk to, such as one behind a proxy; null is the one that listens on `host` and `port`.",
    aliases: [{ name: "OLLAMA_HOST", pick: ollamaUrl, note: "only a URL that starts with https://" }],
  }),
  cors_origins: setting(list("a list of origins", "origins"), LOCAL_ORIGINS, {
    group: "Network",
    about: "Web origins whose pages may call the server, beside its own; `*` stands for any text, and `*` alone for every origin.",
    aliases: [{ name: "OLLAMA_ORIGINS", pick: (given) => [...LOCAL_ORIGINS, given].join(","), note: "added to the default" }],
  }),
  body_bytes_max: setting(integer(1024, 1_073_741_824, "bytes"), 67_108_864, {
    group: "Network",
    about: "Largest request body that is accepted.",
  }),
  header_wait_ms: setting(integer(0, 60_000, "milliseconds"), 2000, {
    group: "Network",
    about: "How long a streamed reply may wait for its real status before its headers are sent.",
  }),
  keep_alive_comment_s: setting(seconds(), 10, {
    group: "Network",
    about:
      "Silence in a stream after which a comment is sent, or a piece without text to Ollama's clients, so that nobody gives up the connection.",
  }),
  idle_timeout_s: setting(integer(0, 255, "seconds"), 60, {
    group: "Network",
    about:
      "Silence after which a connection is closed; headers have as long in all, and so have each MiB of a body and each piece of an answer that nobody reads. 0 sets no limit.",
  }),
};

const ACCESS = {
  keys_file: setting(dataFile("keys.json"), null, {
    group: "Access",
    about: "File of the API keys that `keys add` makes; null is $XDG_DATA_HOME/rockchip-llama/keys.json, or in ~/.local/share.",
  }),
  api_key: setting(nullable(patternText("^[!-~]{8,256}$", "a key of 8 to 256 letters, digits and signs, without spaces", "key")), null, {
    group: "Access",
    about:
      "One API key more than the file has, and the one that commands send to the server; a flag is visible in the list of processes, so prefer the variable.",
    secret: true,
  }),
  allow: setting(networkList(), [], {
    group: "Access",
    about: "Networks and addresses whose clients need no key; where there is no key, others are refused.",
  }),
  host_names: setting(list("a list of host names", "names"), [], {
    group: "Access",
    about:
      "Names under which clients without a key may call the server, beside addresses and names of this machine and of local networks; `*` stands for any text.",
  }),
  insecure: setting(boolean(), false, {
    group: "Access",
    about: "Starts on an address that other machines can reach with neither keys nor `allow`: everybody is let in.",
  }),
  rate_limit_per_minute: setting(integer(0, 1_000_000), 0, {
    group: "Access",
    about: "POST requests that one key, or one address without a key, may make in a minute; 0 sets no limit.",
  }),
  rate_limit_burst: setting(nullable(integer(1, 1_000_000)), null, {
    group: "Access",
    about: "How many of these may come at once after a pause; null is as many as in a minute.",
  }),
};

const MODELS = {
  models_dir: setting(pathList(), "./models", {
    group: "Models",
    about: "Folder, or list of folders, in which models are found; downloads go to the first.",
    aliases: [{ name: "OLLAMA_MODELS" }],
  }),
  cache_dir: setting(cacheDirectory(), null, {
    group: "Models",
    about:
      "Folder for what can be made again and for stored responses; null is $XDG_CACHE_HOME/rockchip-llama, or ~/.cache/rockchip-llama.",
  }),
  builtin_model: setting(boolean(), true, {
    group: "Models",
    about: "Offers the small demonstration model that comes with the program; it is the default only where there is no other.",
  }),
  default_model: setting(nullable(text("a model's name", "name")), null, {
    group: "Models",
    about: "Model that answers requests that name none; null leaves the choice to the server.",
  }),
  models_loaded_max: setting(integer(1, 16), 2, {
    group: "Models",
    about: "Models that may be open at the same time.",
    aliases: [{ name: "OLLAMA_MAX_LOADED_MODELS", pick: zeroIsUnset, note: "0 counts as not set" }],
  }),
  memory_budget_bytes: setting(nullable(integer(0, Number.MAX_SAFE_INTEGER, "bytes")), null, {
    group: "Models",
    about:
      "Memory that open models may take together, by estimate; null is what the system has free when one is to be opened, less a tenth.",
  }),
  preload: setting(list("a list of model names", "names"), [], {
    group: "Models",
    about: "Models to open at the start, in this order; one that cannot be opened is logged and left out.",
  }),
  keep_alive_s: setting(keepAlive(), -1, {
    group: "Models",
    about: "How long an unused model stays open; -1 keeps it until another one needs its place.",
    aliases: [{ name: "OLLAMA_KEEP_ALIVE" }],
  }),
  queue_depth_max: setting(integer(1, 65_536), 256, {
    group: "Models",
    about:
      "Requests that may wait for a model, for each of its copies where `slots` has several; more are refused until some are done. A quarter as many are let in beyond that, one each from clients of whom none waits.",
    aliases: [{ name: "OLLAMA_MAX_QUEUE" }],
  }),
  runs_at_once: setting(nullable(integer(1, 64)), null, {
    group: "Models",
    about:
      "Runs that may go on at the same time over all models, where opening a model on the NPU counts as one; null is one on the NPU, and any number on the CPU.",
  }),
  batch_window_ms: setting(integer(0, 1000, "milliseconds"), 20, {
    group: "Models",
    about:
      "With `n_batch` above 1: how long a run is held back for one more to join it, while more are on the way or as many ran together before.",
  }),
};

const RUNTIME = {
  runtime: setting(nullable(pathList()), null, {
    group: "Runtime",
    about: "Path of librkllmrt.so, of a folder with several versions of it, or a list of such paths; null searches the usual places.",
  }),
  runtime_version: setting(nullable(patternText("^\\d+\\.\\d+\\.\\d+([-+.].*)?$", 'a version such as "1.2.3"', "version")), null, {
    group: "Runtime",
    about: "Version of librkllmrt.so, for a library that does not tell; null reads it from the library.",
  }),
  cpu_runtime_version: setting(choice("1.3.0", "1.2.3"), "1.3.0", {
    group: "Runtime",
    about: "Version of the RKLLM interface that the built-in CPU runtime speaks.",
  }),
  isolation: setting(choice("process", "thread"), "process", {
    group: "Runtime",
    about: "Where a model runs: `process` survives a crash of the library, `thread` takes less memory.",
  }),
  exec_prefix: setting(list("a list of words", "words"), [], {
    group: "Runtime",
    about: "Command put in front of the process that runs a model, such as taskset, nice or an emulator.",
  }),
  sampling_mismatch: setting(choice("run", "refuse"), "run", {
    group: "Runtime",
    about: "With runtime 1.2, whose sampling is fixed when a model opens: `run` or `refuse` a request that asks for other values.",
  }),
  host_growth_bytes_max: setting(integer(0, 1_099_511_627_776, "bytes"), 536_870_912, {
    group: "Runtime",
    about:
      "How much the memory of the process that runs a model may grow over what it was after its first runs, before it is opened anew between two requests; 0 lets it grow.",
  }),
  native_log_level: setting(integer(0, 2), 0, {
    group: "Runtime",
    about:
      "How much the runtime library itself logs (RKLLM_LOG_LEVEL); with 2 it prints prompts, and what it prints is in the log at `debug` and when a model is lost.",
  }),
};

const ANSWERS = {
  repetition_guard: setting(boolean(), true, {
    group: "Answers",
    about: "Ends an answer that has come to do nothing but repeat itself, as its token limit would.",
  }),
  answer_retries_max: setting(integer(0, 10), 2, {
    group: "Answers",
    about:
      "How often an answer that is not the JSON it must be is asked for again, with its fault shown to the model; a call once at most.",
  }),
};

const TIME_LIMITS = {
  queue_timeout_s: setting(nullable(seconds()), null, {
    group: "Time limits",
    about:
      "How long a request may wait in all, for its model's place and for its turn, apart from the time that loading takes; null is as long as its client does.",
  }),
  load_timeout_s: setting(nullable(seconds()), null, {
    group: "Time limits",
    about: "How long opening a model may take; null is 60 seconds and 45 more for each gigabyte.",
    aliases: [{ name: "OLLAMA_LOAD_TIMEOUT", pick: durationAsSeconds, note: "a duration such as `5m`; 0 or less is a day" }],
  }),
  prefill_stall_timeout_s: setting(seconds(), 120, {
    group: "Time limits",
    about: "How long the runtime may work on a prompt before it counts as hung, apart from what its tokens add.",
  }),
  prefill_stall_per_token_s: setting(number(0, 60, "seconds"), 0.25, {
    group: "Time limits",
    about: "What each token of the prompt adds to `prefill_stall_timeout_s`.",
  }),
  decode_stall_timeout_s: setting(seconds(), 60, {
    group: "Time limits",
    about: "How long the runtime may take for the next token before it counts as hung.",
  }),
  abort_timeout_s: setting(seconds(), 10, {
    group: "Time limits",
    about: "How long the runtime may take to stop an answer before its process is ended.",
  }),
  host_ping_timeout_s: setting(seconds(), 10, {
    group: "Time limits",
    about: "How long the process that runs a model may leave a ping unanswered before it is ended.",
  }),
  drain_delay_s: setting(seconds(0), 0, {
    group: "Time limits",
    about:
      "How long a server that was told to stop goes on taking requests, while `GET /health/ready` already tells load balancers to send no more.",
  }),
  shutdown_timeout_s: setting(seconds(0), 30, {
    group: "Time limits",
    about: "How long running answers may go on after the server was told to stop.",
  }),
};

const DOWNLOADS = {
  huggingface_endpoint: setting(
    patternText("^https?://[^\\s]+$", "a URL that starts with http:// or https://", "url"),
    "https://huggingface.co",
    {
      group: "Downloads",
      about: "Site that `pull` downloads from: Hugging Face or a mirror of it.",
      aliases: [{ name: "HF_ENDPOINT" }],
    },
  ),
  hf_token: setting(nullable(text("a token", "token")), null, {
    group: "Downloads",
    about: "Hugging Face access token, for models that ask for one; a flag is visible in the list of processes, so prefer the variable.",
    aliases: [{ name: "HF_TOKEN" }],
    secret: true,
  }),
};

/** What server.json may hold. */
export const ServerSchema = Type.Object({
  ...NETWORK,
  ...ACCESS,
  ...MODELS,
  ...RUNTIME,
  ...ANSWERS,
  ...TIME_LIMITS,
  ...STORAGE,
  ...TELEMETRY,
  ...DOWNLOADS,
});

/** Server settings as the program works with them: paths are absolute, durations are seconds. */
export type ServerConfig = Readonly<Static<typeof ServerSchema>>;
