/** Keys of server.json for what the server says of itself: log, metrics, traces. */
import { debugLevel } from "./ollama-variables.ts";
import { setting } from "./setting.ts";
import { boolean, choice, nullable, patternText, text } from "./value-type.ts";

/** Where OpenTelemetry's collectors take traces, below the endpoint. */
const TRACES_PATH = "/v1/traces";

/** The log, metrics and traces. */
export const TELEMETRY = {
  log_level: setting(choice("error", "warn", "info", "debug"), "info", {
    group: "Logging",
    about: "Least important kind of line that is logged.",
    aliases: [{ name: "OLLAMA_DEBUG", pick: debugLevel, note: "anything but 0 and `false` is `debug`" }],
  }),
  log_format: setting(choice("text", "json"), "text", { group: "Logging", about: "How log lines look: for people or for programs." }),
  log_prompts: setting(boolean(), false, {
    group: "Logging",
    about: "Logs what clients ask, word for word, at level `info`; for finding faults only, and the server warns of it at the start.",
  }),
  metrics: setting(choice("on", "open", "off"), "on", {
    group: "Metrics and traces",
    about: "Who may read `/metrics`: `on` whoever may use the server, `open` everybody, also without a key, `off` nobody.",
  }),
  otlp_endpoint: setting(
    nullable(patternText("^https?://[^\\s@]+$", "a URL that starts with http:// or https://, without a password in it", "url")),
    null,
    {
      group: "Metrics and traces",
      about: "OpenTelemetry collector that traces are sent to, by OTLP over HTTP in JSON, at `/v1/traces` below this URL; null sends none.",
      aliases: [
        { name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", pick: endpointOf, note: "the whole URL, with `/v1/traces` at its end" },
        { name: "OTEL_EXPORTER_OTLP_ENDPOINT" },
      ],
    },
  ),
  otlp_headers: setting(nullable(text("headers such as `name=value,name=value`", "headers")), null, {
    group: "Metrics and traces",
    about: "Headers that traces are sent with, as `name=value,name=value`, for a collector that wants a token; prefer the variable.",
    aliases: [{ name: "OTEL_EXPORTER_OTLP_HEADERS" }],
    secret: true,
  }),
  otlp_service_name: setting(text("a name", "name"), "rockchip-llama", {
    group: "Metrics and traces",
    about: "Name that this server has in traces.",
    aliases: [{ name: "OTEL_SERVICE_NAME" }],
  }),
};

/** Only what ends where we send can be meant; another path is not understood. */
function endpointOf(url: string): string | undefined {
  return url.endsWith(TRACES_PATH) ? url.slice(0, -TRACES_PATH.length) : undefined;
}
