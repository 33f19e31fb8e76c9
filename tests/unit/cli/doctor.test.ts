import { expect, test } from "bun:test";
import { effectiveValues, reportJson, reportText } from "../../../src/cli/doctor.ts";
import { KEYS } from "../../../src/config/known-keys.ts";
import { load } from "../config/temporary-config.ts";

const REPORT = {
  level: "failure",
  sections: [
    {
      title: "NPU",
      findings: [
        { check: "npu-driver", level: "ok", text: "The NPU driver is rknpu 0.9.8." },
        { check: "npu-device", level: "failure", text: "The user pi may not open it.", fix: "sudo usermod -aG render pi" },
      ],
    },
    { title: "Speed", findings: [{ check: "npu-clock", level: "warning", text: "It is slow.", fix: "echo fast" }] },
  ],
} as const;
const VALUES = [{ key: "port", value: "9000", source: "--port" }];

test("a report for people has a line for each finding, and below it what mends it", () => {
  expect(reportText(REPORT, null, false)).toBe(`NPU
  ok       The NPU driver is rknpu 0.9.8.
  failure  The user pi may not open it.
           -> sudo usermod -aG render pi

Speed
  warning  It is slow.
           -> echo fast

1 failure, 1 warning. docs/doctor.md in the repository explains every check.`);
});

test("levels have colours where they are wanted, and nothing else has", () => {
  const painted = reportText(REPORT, null, true);
  expect(painted).toContain("\u001b[31mfailure\u001b[0m  The user pi");
  expect(painted.replaceAll(/\u001b\[\d+m/g, "")).toBe(reportText(REPORT, null, false));
});

test("values are listed where they are asked for", () => {
  expect(reportText(REPORT, VALUES, false)).toContain("\n\nValues\n  port  --port  9000\n\n1 failure");
});

test("a report for programs is the same as JSON", () => {
  expect(JSON.parse(reportJson(REPORT, null))).toEqual(REPORT);
  expect(JSON.parse(reportJson(REPORT, VALUES))).toEqual({ ...REPORT, config: VALUES });
});

test("every key is told with its value and where that comes from", () => {
  const loaded = load({
    argv: ["--port=9000", "--allow", "192.168.0.0/16,fd00::/8"],
    env: { OLLAMA_KEEP_ALIVE: "5m" },
    files: { "config/server.json": { log_level: "debug" }, "config/inference_config.json": { models: { Qwen: { top_k: 3 } } } },
  });
  const values = effectiveValues(loaded);
  const told = Object.fromEntries(values.map(({ key, ...rest }) => [key, rest]));
  expect(values.map(({ key }) => key)).toEqual([...KEYS.map(({ name }) => name as string), "models.qwen.top_k"]);
  expect([told["port"], told["allow"], told["keep_alive_s"], told["log_level"], told["isolation"], told["models.qwen.top_k"]]).toEqual([
    { value: "9000", source: "--port" },
    { value: '["192.168.0.0/16","fd00:0:0:0:0:0:0:0/8"]', source: "--allow" },
    { value: "300", source: "OLLAMA_KEEP_ALIVE" },
    { value: '"debug"', source: `${loaded.cwd}/config/server.json` },
    { value: '"process"', source: "default" },
    { value: "3", source: "inference_config.json" },
  ]);
});

test("secrets are told only as set or unset", () => {
  const values = effectiveValues(load({ env: { ROCKCHIP_LLAMA_API_KEY: "rl-12345678", HF_TOKEN: "" } }));
  expect(values.filter(({ key }) => ["api_key", "hf_token"].includes(key))).toEqual([
    { key: "api_key", value: "set", source: "ROCKCHIP_LLAMA_API_KEY" },
    { key: "hf_token", value: "unset", source: "default" },
  ]);
});
