/** The recorder of `doctor --probe` declares RKLLMResult for itself; it must read where the library writes. */
import { expect, test } from "bun:test";
import { abiById, type AbiId } from "../../src/runtime/native/abi.ts";
import { ProbeRecorder } from "../../src/runtime/native/probe-recorder.ts";
import { fieldLayout } from "../../src/runtime/native/struct-writer.ts";

const FIELDS_READ = [
  "text",
  "token_id",
  "perf.prefill_time_ms",
  "perf.prefill_tokens",
  "perf.generate_time_ms",
  "perf.generate_tokens",
  "perf.memory_usage_mb",
  "last_hidden_layer.hidden_states",
  "last_hidden_layer.embd_size",
  "last_hidden_layer.num_tokens",
  "logits.logits",
  "logits.vocab_size",
  "logits.num_tokens",
];

test.each<AbiId>(["1.2", "1.3"])("the recorder reads a result of ABI %s by its layout", (id) => {
  const { structs } = abiById(id);
  const offsets = FIELDS_READ.map((path) => fieldLayout(structs, "RKLLMResult", path)[0]);
  const recorder = new ProbeRecorder(new URL("../../src/runtime/native/probe.c", import.meta.url).pathname);
  expect(recorder.resultLayout()).toEqual([structs.RKLLMResult!.size, ...offsets]);
});
