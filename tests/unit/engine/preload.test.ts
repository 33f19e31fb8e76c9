import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { preload } from "../../../src/engine/preload.ts";
import { MODEL, scriptedEngine, SLASHED } from "../../support/scripted-engine.ts";

test("preload() loads one after another, and tells of what cannot be loaded without giving up", async () => {
  const engine = scriptedEngine();
  const faults: string[] = [];
  await preload(engine, ["nobody", MODEL.id, SLASHED.id], (name, { code }) => faults.push(`${name}: ${code}`));
  expect([faults, engine.residence]).toEqual([
    ["nobody: model_not_found"],
    [
      { load: "nobody", options: {} },
      { load: MODEL.id, options: {} },
      { load: SLASHED.id, options: {} },
    ],
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
  await preload(engine, [MODEL.id, SLASHED.id], (name) => faults.push(name));
  expect(faults).toEqual([]);
});
