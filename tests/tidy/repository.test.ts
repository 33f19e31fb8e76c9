/** What may lie in the repository. */
import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { linesWhere, PATHS, readText, ROOT } from "./repository.ts";

const FILE_BYTES_MAX = 1 << 20;
/** Larger files, each with the reason. */
const LARGE_FILES: Readonly<Record<string, string>> = {
  "models/tiny-chat/tiny-chat.gguf": "the built-in model: the first answer needs no download",
};

const TOP_LEVEL = ["src", "models", "config", "tests", "bench", "docs", "external"];
const TOP_LEVEL_FILES = ["package.json", "bunfig.toml", "tsconfig.json", "bun.lock", "Dockerfile", "README.md", "LICENSE", "NOTICE"];

/** Text that belongs to somebody's machine or to a piece of work not done. */
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  "a path of one machine": /(?<![\w.])\/(?:work|root|opt\/bun)\/|\.\.\/shared\b/,
  "a package registry's host": /\bregistry\.npmjs\.org|\b(?:files\.)?pythonhosted\.org|\bpypi\.org|\bdeb\.debian\.org|\bcrates\.io/,
  "work left over": /\b(?:TODO|FIXME|XXX|HACK)\b/,
};

const textFiles = PATHS.filter((path) => path !== "tests/tidy/repository.test.ts" && !/\.(?:gguf|png|ico|zst|bin|woff2)$/.test(path));

test("the top level holds what the layout names, and nothing else", () => {
  const unknown = PATHS.filter((path) =>
    path.includes("/") ? !TOP_LEVEL.includes(dirname(path).split("/")[0] ?? "") : !TOP_LEVEL_FILES.includes(path),
  );
  expect(unknown.filter((path) => !path.startsWith("."))).toEqual([]);
});

test("no file is larger than 1 MiB", () => {
  expect(PATHS.filter((path) => statSync(join(ROOT, path)).size > FILE_BYTES_MAX && !(path in LARGE_FILES))).toEqual([]);
});

test.each(Object.entries(FORBIDDEN))("no file holds %s", (_, pattern) => {
  expect(linesWhere(textFiles, (line) => pattern.test(line))).toEqual([]);
});

test("links between documents lead somewhere", () => {
  const broken = PATHS.filter((path) => path.endsWith(".md")).flatMap((path) =>
    [...readText(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !existsSync(join(ROOT, dirname(path), link)))
      .map((link) => `${path} links to ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every script of package.json runs a file that exists", async () => {
  const { scripts } = (await Bun.file(join(ROOT, "package.json")).json()) as { scripts: Record<string, string> };
  const files = Object.values(scripts).flatMap((script) => script.match(/\b[\w./-]+\.ts\b/g) ?? []);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test("Bun is pinned to one version everywhere", async () => {
  const manifest = (await Bun.file(join(ROOT, "package.json")).json()) as {
    packageManager: string;
    devDependencies: { bun: string };
  };
  expect(manifest.packageManager).toBe(`bun@${manifest.devDependencies.bun}`);
});

test("every dependency is pinned to one exact version", async () => {
  const manifest = (await Bun.file(join(ROOT, "package.json")).json()) as Record<string, Record<string, string> | undefined>;
  const all = { ...manifest["dependencies"], ...manifest["optionalDependencies"], ...manifest["devDependencies"] };
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("docs/dependencies.md names every dependency with its version", async () => {
  const manifest = (await Bun.file(join(ROOT, "package.json")).json()) as Record<string, Record<string, string> | undefined>;
  const all = { ...manifest["dependencies"], ...manifest["optionalDependencies"], ...manifest["devDependencies"] };
  const rows = readText("docs/dependencies.md").split("\n");
  const missing = Object.entries(all).filter(
    ([name, version]) => !rows.some((row) => row.includes(`\`${name}\``) && row.includes(version)),
  );
  expect(missing.map(([name, version]) => `${name} ${version} has no row in docs/dependencies.md`)).toEqual([]);
});
