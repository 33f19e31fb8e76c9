import { describe, expect, test } from "bun:test";
import type { ChatMessage, GenerationRequest } from "../../../src/core/generation.ts";
import type { ModelPreset } from "../../../src/core/model.ts";
import { contextTokensOf, presetRequest } from "../../../src/engine/preset-request.ts";

const PRESET: ModelPreset = {
  system: "You are Mario.",
  messages: [
    { role: "user", content: "Who?" },
    { role: "assistant", content: "Me!" },
  ],
  parameters: { temperature: 0.5, top_k: 5, num_predict: 9, num_ctx: 512, stop: "END", seed: 1 },
  licenses: [],
};
const ASKED: ChatMessage = { role: "user", content: "Hello" };

function request(messages: readonly ChatMessage[], change: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    id: "1",
    model: "m",
    input: { kind: "chat", messages, tools: [] },
    reasoning: { mode: "auto" },
    sampling: {},
    stop: [],
    ...change,
  };
}

function messagesOf({ input }: GenerationRequest): readonly ChatMessage[] {
  return input.kind === "chat" ? input.messages : [];
}

describe("a model's own words", () => {
  test("stand in front of the conversation, the system text first", () => {
    expect(messagesOf(presetRequest(request([ASKED]), PRESET))).toEqual([
      { role: "system", content: "You are Mario." },
      ...PRESET.messages,
      ASKED,
    ]);
  });

  test("yield to a system message that the conversation begins with", () => {
    const own: ChatMessage = { role: "system", content: "You are Luigi." };
    expect(messagesOf(presetRequest(request([own, ASKED]), PRESET))).toEqual([own, ...PRESET.messages, ASKED]);
    expect(messagesOf(presetRequest(request([ASKED, own]), PRESET))[0]?.content).toBe("You are Mario.");
  });

  test("are kept out of a text that is to be continued", () => {
    const input = { kind: "completion", prompt: "Once" } as const;
    expect(presetRequest(request([], { input }), PRESET).input).toEqual(input);
  });
});

describe("a model's own values", () => {
  test("hold where the request is silent", () => {
    const { sampling, tokensMax, stop } = presetRequest(request([ASKED]), PRESET);
    expect({ sampling, tokensMax, stop }).toEqual({ sampling: { temperature: 0.5, topK: 5 }, tokensMax: 9, stop: ["END"] });
  });

  test("yield to the request's, one by one", () => {
    const asked = request([ASKED], { sampling: { topK: 1 }, tokensMax: 0, stop: ["###"] });
    const { sampling, tokensMax, stop } = presetRequest(asked, PRESET);
    expect({ sampling, tokensMax, stop }).toEqual({ sampling: { temperature: 0.5, topK: 1 }, tokensMax: 0, stop: ["###"] });
  });

  test("a negative number of tokens is as many as fit, and stops may be several", () => {
    const { tokensMax, stop } = presetRequest(request([ASKED]), { ...PRESET, parameters: { num_predict: -1, stop: ["a", "", "b"] } });
    expect([tokensMax, stop]).toEqual([undefined, ["a", "b"]]);
  });

  test("shorten the context, and never lengthen it", () => {
    expect([contextTokensOf(4096, PRESET), contextTokensOf(256, PRESET), contextTokensOf(4096, undefined)]).toEqual([512, 256, 4096]);
  });
});

test("a model without a preset leaves the request as it is", () => {
  const asked = request([ASKED]);
  expect(presetRequest(asked, undefined)).toBe(asked);
});
