import { expect, test } from "bun:test";
import { secondPort } from "../../../src/config/second-port.ts";
import { load, refusal } from "./temporary-config.ts";

test.each([
  ["nothing is said", [], {}, 11_434],
  ["the port is another", ["--port=9000"], {}, 11_434],
  ["the port is Ollama's already", ["--port=11434"], {}, null],
  ["the port is a free one", ["--port=0"], {}, null],
  ["the port is a free one, and the second one is asked for", ["--port=0", "--ollama-port=11500"], {}, 11_500],
  ["both are free ones", ["--port=0", "--ollama-port=0"], {}, 0],
  ["it is off", ["--ollama-port=off"], {}, null],
  ["it is off by its variable", [], { ROCKCHIP_LLAMA_OLLAMA_PORT: "off" }, null],
  ["both are the same", ["--port=9000", "--ollama-port=9000"], {}, null],
  ["OLLAMA_HOST names a port", [], { OLLAMA_HOST: "0.0.0.0:11500" }, null],
  ["OLLAMA_HOST names only an address", [], { OLLAMA_HOST: "0.0.0.0" }, 11_434],
  ["a flag goes before OLLAMA_HOST", ["--port=9000"], { OLLAMA_HOST: ":11500" }, 11_434],
] as const)("where %s", (_, argv, env, port) => {
  expect(secondPort(load({ argv, env }))).toBe(port);
});

test("in a file it is a number or a word", () => {
  const inFile = (ollama_port: unknown) => ({ files: { "config/server.json": { ollama_port } } });
  expect([secondPort(load(inFile(11_500))), secondPort(load(inFile("off")))]).toEqual([11_500, null]);
  expect(refusal(inFile("on"))).toEqual([
    "config_invalid",
    'config/server.json:2: ollama_port cannot be "on"; it takes a whole number from 0 to 65535, or "off", or null.',
  ]);
});
