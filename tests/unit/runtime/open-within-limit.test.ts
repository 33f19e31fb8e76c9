import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import type { HostedSlotOptions } from "../../../src/runtime/hosted-slot.ts";
import { LoadLog } from "../../../src/runtime/load-log.ts";
import { openWithinLimit } from "../../../src/runtime/open-within-limit.ts";
import type { HostCommand, HostEvent, OpenSpec } from "../../../src/runtime/protocol.ts";
import { refusal } from "../../support/models-folder.ts";

const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 60_000,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};
const REFUSAL = "E rkllm: max_context[16384] must be less than the model's max_context_limit[4090]";

/** Hosts of a library that prints a line for each loading, and opens a model or does not. */
function library(line: string, opens: (contextTokens: number) => boolean) {
  const loadLog = new LoadLog();
  const asked: number[] = [];
  const lowered: number[] = [];
  const launch = (say: (event: HostEvent) => void) => {
    const end = Promise.withResolvers<string>();
    return {
      send: (command: HostCommand) => {
        if (command.kind === "close") say({ kind: "closed" });
        if (command.kind !== "open") return;
        const { contextTokens } = command.spec.options;
        asked.push(contextTokens);
        loadLog.read(line);
        if (opens(contextTokens))
          say({ kind: "opened", capabilities: { version: "1.3.0", perRunSampling: true, contextTokens, lanes: 1, threads: 1 } });
        else say({ kind: "open_failed", error: new AppError("model_load_failed", "rkllm_init returned -1").toRecord() });
      },
      ended: end.promise,
      kill: () => end.resolve("signal SIGKILL"),
      memory: () => null,
      outputTail: () => [line],
    };
  };
  const spec = { model: { id: "tiny" }, options: { contextTokens: 16_384 } } as OpenSpec;
  const options: HostedSlotOptions = { spec, launch, limits: LIMITS, onLost: () => {} };
  const open = async () => openWithinLimit(options, loadLog, new AbortController().signal, (tokens) => lowered.push(tokens));
  return { open, asked, lowered };
}

test("a model that is refused for its context is opened with what it allows, in the library's steps", async () => {
  const { open, asked, lowered } = library(REFUSAL, (contextTokens) => contextTokens <= 4090);
  const slot = await open();
  expect([slot.capabilities.contextTokens, asked, lowered]).toEqual([4064, [16_384, 4064], [4064]]);
});

test("a model that opens with more context than it allows is opened again with what it allows", async () => {
  const { open, asked, lowered } = library("I rkllm: max_context_limit: 4096", () => true);
  const slot = await open();
  expect([slot.capabilities.contextTokens, asked, lowered]).toEqual([4096, [16_384, 4096], [4096]]);
});

test("a model that allows as much as is asked is opened once", async () => {
  const { open, asked, lowered } = library("I rkllm: max_context_limit: 16384", () => true);
  await open();
  expect([asked, lowered]).toEqual([[16_384], []]);
});

test("a model that does not open for another reason is not tried again", async () => {
  const { open, asked } = library("E rkllm: invalid magic characters", () => false);
  expect(await refusal(open())).toEqual(["model_load_failed", "rkllm_init returned -1. It said: E rkllm: invalid magic characters"]);
  expect(asked).toEqual([16_384]);
});

test("a model that does not open with less context either says why", async () => {
  const { open, asked } = library(REFUSAL, () => false);
  expect(await refusal(open())).toEqual(["model_load_failed", `rkllm_init returned -1. It said: ${REFUSAL}`]);
  expect(asked).toEqual([16_384, 4064]);
});
