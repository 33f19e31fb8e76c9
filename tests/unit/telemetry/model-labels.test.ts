import { expect, test } from "bun:test";
import { ModelLabels } from "../../../src/telemetry/model-labels.ts";

test("there are only so many labels, however many models are made; those that had one keep it", () => {
  const labels = new ModelLabels();
  const values = Array.from({ length: 1000 }, (_, number) => labels.of(`model-${number}`));
  expect(new Set(values).size).toBe(201);
  expect([labels.of("model-0"), labels.of("model-999"), labels.of(null)]).toEqual(["model-0", "other", ""]);
});
