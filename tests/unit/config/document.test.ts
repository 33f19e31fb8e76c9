import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configDocuments } from "../../../src/config/document.ts";
import { KEYS } from "../../../src/config/known-keys.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { load } from "./temporary-config.ts";

const ROOT = join(import.meta.dir, "../../..");

interface EditorSchema {
  readonly additionalProperties: boolean;
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

describe("generated files", () => {
  test.each(Object.entries(configDocuments()))("%s is what bun src/config/generate.ts writes", (path, text) => {
    expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
  });

  test("the default files load and change nothing", () => {
    const fromFiles = loadConfig({ argv: [], env: { HOME: "/home/user" }, configDir: "config", cwd: ROOT });
    const { config, cwd } = load({});
    expect(fromFiles.config).toEqual({ ...config, server: { ...config.server, models_dir: [join(ROOT, "models")] } });
    expect(cwd).not.toBe(ROOT);
    expect(fromFiles.sources.port).toEqual({ kind: "file", name: join(ROOT, "config/server.json") });
  });

  test.each(["server", "inference_config"])("the schema of %s.json knows each of its keys and no other", (name) => {
    const file = read(`config/${name}.json`) as Readonly<Record<string, unknown>>;
    const schema = read(`config/${name}.schema.json`) as EditorSchema;
    expect(file["$schema"]).toBe(`./${name}.schema.json`);
    expect(Object.keys(schema.properties)).toEqual(Object.keys(file));
    expect(schema.additionalProperties).toBe(false);
  });

  test("no file and no schema knows the Hugging Face token", () => {
    const { "docs/config.md": page, ...files } = configDocuments();
    expect(page).toContain("HF_TOKEN");
    expect(Object.values(files).join("")).not.toContain("hf_token");
  });
});

describe("the table of keys", () => {
  test("no name means two keys", () => {
    const names = KEYS.flatMap((key) => [key.name, key.flag, key.variable]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("every key is explained in one sentence", () => {
    for (const key of KEYS) expect(key.about).toMatch(/^[A-Z].*[^.]\.$/);
  });

  test("every key can be set by its variable and by its flag", () => {
    for (const key of KEYS) {
      const text = Array.isArray(key.initial) ? "10.0.0.1" : typeof key.initial === "string" ? key.initial : JSON.stringify(key.initial);
      expect([key.name, load({ env: { [key.variable]: text } }).sources[key.name]]).toEqual([
        key.name,
        { kind: "environment", name: key.variable },
      ]);
      expect([key.name, load({ argv: [`${key.flag}=${text}`] }).sources[key.name]]).toEqual([key.name, { kind: "flag", name: key.flag }]);
    }
  });
});
