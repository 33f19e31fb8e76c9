import { describe, expect, test } from "bun:test";
import { LiveSettings } from "../../../src/config/live-settings.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function started(argv: readonly string[] = [], env: Record<string, string> = {}) {
  return new LiveSettings(loadConfig({ argv, env: { HOME: "/home/user", ...env }, cwd: temporaryFolder() }));
}

const entry = (settings: LiveSettings, name: string) => settings.list().find((each) => each.name === name);

describe("what is shown", () => {
  test("is every value with its source", () => {
    const settings = started(["--port", "9000"], { OLLAMA_KEEP_ALIVE: "5m", ROCKCHIP_LLAMA_TEMPERATURE: "0.5" });
    expect(["port", "keep_alive_s", "temperature", "queue_depth_max"].map((name) => entry(settings, name))).toEqual([
      { name: "port", value: 9000, source: "--port", changeable: false },
      { name: "keep_alive_s", value: 300, source: "OLLAMA_KEEP_ALIVE", changeable: true },
      { name: "temperature", value: 0.5, source: "ROCKCHIP_LLAMA_TEMPERATURE", changeable: false },
      { name: "queue_depth_max", value: 256, source: "default", changeable: true },
    ]);
  });

  test("is of a secret only whether there is one", () => {
    const settings = started([], { ROCKCHIP_LLAMA_API_KEY: "very-secret-key" });
    expect([entry(settings, "api_key"), entry(settings, "hf_token")]).toEqual([
      { name: "api_key", value: null, isSet: true, source: "ROCKCHIP_LLAMA_API_KEY", changeable: false },
      { name: "hf_token", value: null, isSet: false, source: "default", changeable: false },
    ]);
    expect(JSON.stringify(settings.list())).not.toContain("very-secret-key");
  });

  test("is networks as people write them", () => {
    expect(entry(started(["--allow", "10.0.0.0/8,fd00::/8,192.168.1.7"]), "allow")?.value).toEqual([
      "10.0.0.0/8",
      "fd00:0:0:0:0:0:0:0/8",
      "192.168.1.7/32",
    ]);
  });
});

describe("changing settings", () => {
  test("takes values as a file spells them, and says so", () => {
    const settings = started();
    expect(settings.change({ keep_alive_s: "10m", log_level: "debug" })).toEqual([
      { name: "keep_alive_s", value: 600, source: "changed while running", changeable: true },
      { name: "log_level", value: "debug", source: "changed while running", changeable: true },
    ]);
    expect([settings.server.keep_alive_s, settings.server.log_level, settings.server.queue_depth_max]).toEqual([600, "debug", 256]);
  });

  test.each([
    [{ queue_depht_max: 1 }, "queue_depht_max", 'There is no setting "queue_depht_max". Did you mean queue_depth_max?'],
    [
      { port: 1 },
      "port",
      "port cannot be changed while the server runs. Set it with --port, ROCKCHIP_LLAMA_PORT or in a file, and restart the server.",
    ],
    [
      { api_key: "x" },
      "api_key",
      "api_key cannot be changed while the server runs. Set it with --api-key, ROCKCHIP_LLAMA_API_KEY, and restart the server.",
    ],
    [{ queue_depth_max: 0 }, "queue_depth_max", "The request: queue_depth_max cannot be 0; it takes a whole number from 1 to 65536."],
  ])("refuses %j with the reason, and changes nothing", (values, field, message) => {
    const settings = started();
    expect(() => settings.change({ log_level: "debug", ...values })).toThrow(
      expect.objectContaining({ code: "invalid_request", message, details: { field, fault: "value" } }),
    );
    expect(settings.server.log_level).toBe("info");
  });
});
