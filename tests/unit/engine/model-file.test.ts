import { expect, test } from "bun:test";
import { readModelFile } from "../../../src/engine/model-file.ts";

test("a model whose file has gone is refused by its path, and is no fault of the server's", () => {
  expect(() => readModelFile({ format: "gguf", path: "/models/gone.gguf" })).toThrow(
    expect.objectContaining({ code: "model_file_invalid", message: expect.stringContaining("Cannot read /models/gone.gguf: ") }),
  );
});

test("a format that says nothing of itself is not even opened", () => {
  expect(readModelFile({ format: "rkllm", path: "/models/gone.rkllm" })).toBeNull();
});
