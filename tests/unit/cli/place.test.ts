import { expect, test } from "bun:test";
import { serverPlace } from "../../../src/cli/client/place.ts";
import { AppError } from "../../../src/core/errors.ts";
import { type Given, load } from "../config/temporary-config.ts";

const place = (given: Given) => serverPlace(load(given));

test.each<[Given, string, boolean]>([
  [{}, "http://127.0.0.1:8080", true],
  [{ argv: ["--host=0.0.0.0", "--port=9000"] }, "http://127.0.0.1:9000", true],
  [{ argv: ["--host=::"] }, "http://[::1]:8080", true],
  [{ argv: ["--host=fd00::7"] }, "http://[fd00::7]:8080", false],
  [{ env: { OLLAMA_HOST: "board:11434" } }, "http://board:11434", false],
  [{ env: { OLLAMA_HOST: "http://localhost:11434/" } }, "http://localhost:11434", true],
  [{ env: { OLLAMA_HOST: "https://models.example.org/llama/" } }, "https://models.example.org/llama", false],
  [{ files: { "config/server.json": { port: 9001 } } }, "http://127.0.0.1:9001", true],
  // Who names a server by its URL wants that one.
  [{ argv: ["--server-url=http://0.0.0.0:9000"] }, "http://127.0.0.1:9000", false],
])("with %j the server is at %s", (given, url, isHere) => {
  expect(place(given)).toEqual({ url, key: null, isHere });
});

test("the key that is configured is the one to send", () => {
  expect(place({ env: { ROCKCHIP_LLAMA_API_KEY: "rl-12345678" } }).key).toBe("rl-12345678");
});

test("what is no address is refused with the flags that mend it", () => {
  const thrown = (() => {
    try {
      return place({ argv: ["--host=a b"] });
    } catch (error) {
      return AppError.from(error);
    }
  })();
  expect(thrown).toMatchObject({
    code: "config_invalid",
    message: "http://a b:8080 is no address of a server. Mend --host, --port or --server-url.",
  });
});
