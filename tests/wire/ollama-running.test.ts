/** GET /api/ps. */
import { expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { ask, LOADED, MODEL, scriptedEngine, SLASHED } from "../support/scripted-engine.ts";

const details = {
  parent_model: "",
  format: "gguf",
  family: "qwen3",
  families: ["qwen3"],
  parameter_size: "0.6B",
  quantization_level: "Q4_1",
};

test("lists what is loaded, the model that stays longest first; for ever is 292 years", async () => {
  const board = { ...SLASHED, id: "board", aliases: [], format: "rkllm" as const };
  const engine = {
    ...scriptedEngine({
      loaded: [
        LOADED,
        { ...LOADED, id: board.id, baseId: board.id, expiresAtMs: null, memoryBytes: null },
        { ...LOADED, id: "gone", baseId: "gone" },
      ],
    }),
    models: async () => [MODEL, board],
  };
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(await (await ask(engine, "/api/ps")).json()).toEqual({
    models: [
      {
        name: "board:latest",
        model: "board:latest",
        size: 400_000_000,
        digest,
        details: { ...details, format: "rkllm" },
        expires_at: expect.stringMatching(/^231[78]-/),
        size_vram: 400_000_000,
        context_length: 4096,
      },
      {
        name: "qwen3:0.6b",
        model: "qwen3:0.6b",
        size: 500_000_000,
        digest,
        details,
        expires_at: "2026-01-02T03:09:05.000Z",
        size_vram: 0,
        context_length: 4096,
      },
    ],
  });
});

test("leaves out what cannot be read any more, and lists the others", async () => {
  const broken = { ...SLASHED, id: "broken", aliases: [] };
  const engine = scriptedEngine({ loaded: [LOADED, { ...LOADED, id: broken.id, baseId: broken.id }] });
  const facts: Engine["facts"] = async (model) => {
    if (model.id === broken.id) throw new AppError("model_file_invalid", "Gone.");
    return engine.facts(model);
  };
  const reply = await ask({ ...engine, facts, models: async () => [MODEL, broken] }, "/api/ps");
  expect(await reply.json()).toMatchObject({ models: [{ name: "qwen3:0.6b" }] });
});

test("lists what is still being loaded, with what it is thought to take and the time that was said for it", async () => {
  const loading = [
    { id: MODEL.id, memoryBytes: 600_000_000, expiresAtMs: Date.parse("2026-01-02T04:00:00.000Z") },
    { id: SLASHED.id, memoryBytes: 300_000_000, expiresAtMs: null },
    { id: "gone", memoryBytes: 1, expiresAtMs: null },
  ];
  const { models } = (await (await ask({ loaded: [], loading }, "/api/ps")).json()) as { models: object[] };
  expect(models).toMatchObject([
    { name: "org/tiny:1b", size: 300_000_000, size_vram: 0, expires_at: expect.stringMatching(/^231[78]-/), context_length: 4096 },
    { name: "qwen3:0.6b", size: 600_000_000, details, expires_at: "2026-01-02T04:00:00.000Z", context_length: 4096 },
  ]);
});

test("is an empty list where nothing is loaded", async () => {
  expect(await (await ask({ loaded: [] }, "/api/ps")).json()).toEqual({ models: [] });
});
