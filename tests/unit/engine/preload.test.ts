import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { preload } from "../../../src/engine/preload.ts";
import { MODEL, scriptedEngine, SLASHED } from "../../support/scripted-engine.ts";

const plain = (model: string) => ({ model, systemPrompts: [] });

test("preload() computes the system prompts of a model, which loads it", async () => {
  const engine = scriptedEngine();
  await preload(engine, [{ model: MODEL.id, systemPrompts: ["Be kind.", "Be brief."] }], () => {});
  const messages = engine.requests.map(({ request: { model, input } }) => [model, input.kind === "chat" ? input.messages : null]);
  expect([messages, engine.residence]).toEqual([["Be kind.", "Be brief."].map((content) => [MODEL.id, [{ role: "system", content }]]), []]);
});

test("preload() loads one after another, and tells of what cannot be loaded without giving up", async () => {
  const engine = scriptedEngine();
  const faults: string[] = [];
  await preload(engine, ["nobody", MODEL.id, SLASHED.id].map(plain), (name, { code }) => faults.push(`${name}: ${code}`));
  expect([faults, engine.residence]).toEqual([
    ["nobody: model_not_found"],
    [
      { load: "nobody", options: {} },
      { load: MODEL.id, options: {} },
      { load: SLASHED.id, options: {} },
    ],
  ]);
});

test("preload() goes on behind a system prompt that is refused, and not behind a model that cannot run", async () => {
  const faults: string[] = [];
  const warmed: string[] = [];
  const engine = {
    ...scriptedEngine(),
    warm: async ({ model }: { readonly model: string }) => {
      warmed.push(model);
      throw new AppError(model === MODEL.id ? "invalid_request" : "model_load_failed", "No");
    },
  };
  const wanted = [SLASHED.id, MODEL.id].map((model) => ({ model, systemPrompts: ["Be kind.", "Be brief."] }));
  await preload(engine, wanted, (name, { code }) => faults.push(`${name}: ${code}`));
  expect([warmed, faults]).toEqual([
    [SLASHED.id, MODEL.id, MODEL.id],
    [`${SLASHED.id}: model_load_failed`, `${MODEL.id}: invalid_request`, `${MODEL.id}: invalid_request`],
  ]);
});

test("preload() ends without a word when the engine closes", async () => {
  const faults: string[] = [];
  const engine = {
    ...scriptedEngine(),
    load: async () => {
      throw new AppError("shutting_down", "The server is shutting down");
    },
  };
  await preload(engine, [MODEL.id, SLASHED.id].map(plain), (name) => faults.push(name));
  expect(faults).toEqual([]);
});
