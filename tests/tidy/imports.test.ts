/** Who may import whom. The table is the architecture: a line added here is a decision, not a repair. */
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { readText, sources } from "./repository.ts";

/** What the files of a folder (or one file) of src/ may import besides their own folder: folders, or files by their path. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // It sees the program as a client does. Its prompts lie in it, and not in bench/ outside, because the executable carries them.
  bench: ["core"],
  config: ["core"],
  catalog: ["core"],
  chat: ["core"],
  doctor: ["core", "catalog"],
  scheduler: ["core"],
  store: ["core"],
  // What the doctor reads of the machine is shown while the server runs.
  telemetry: ["core", "doctor"],
  web: ["core"],
  tokenizer: ["core", "catalog/gguf"],
  runtime: ["core", "chat", "tokenizer"],
  engine: ["core", "catalog", "chat", "scheduler"],
  api: ["core", "engine", "telemetry"],
  cli: ["core", "bench", "config", "catalog", "telemetry", "app.ts", "checkup.ts", "probe-model.ts", "systemd.ts", "version.ts"],
  "app.ts": [
    "core",
    "config",
    "catalog",
    "chat",
    "scheduler",
    "store",
    "doctor",
    "telemetry",
    "tokenizer",
    "runtime",
    "engine",
    "api",
    "web",
    "open-library.ts",
    "open-model.ts",
    "runtime-libraries.ts",
    "version.ts",
  ],
  "open-library.ts": ["core", "config", "catalog", "engine"],
  "runtime-libraries.ts": ["core", "config", "runtime", "store"],
  "open-model.ts": ["core", "config", "runtime", "engine", "telemetry", "runtime-libraries.ts"],
  "probe-model.ts": ["core", "config", "runtime", "store", "open-model.ts", "runtime-libraries.ts"],
  "checkup.ts": [
    "core",
    "config",
    "catalog",
    "doctor",
    "engine",
    "runtime",
    "store",
    "api/access",
    "open-model.ts",
    "runtime-libraries.ts",
  ],
  "systemd.ts": ["core", "config", "runtime", "telemetry"],
  "version.ts": [],
  "main.ts": ["core", "config", "cli", "runtime"],
};

/** Folders whose subfolders do not know each other; what they share lies in the folder itself or in the subfolders named here. */
const APART: Readonly<Record<string, readonly string[]>> = { api: ["framing"] };

/** Packages and built-in modules that only some places may import. */
const CONFINED: Readonly<Record<string, (path: string) => boolean>> = {
  "bun:ffi": (path) => path.startsWith("src/runtime/native/"),
  elysia: (path) => path.startsWith("src/api/") || path === "src/app.ts",
  "@elysiajs/swagger": (path) => path.startsWith("src/api/") || path === "src/app.ts",
  "prom-client": (path) => path.startsWith("src/telemetry/"),
  "@huggingface/jinja": (path) => path.startsWith("src/chat/"),
  preact: (path) => path.startsWith("src/web/page/"),
};

interface Import {
  readonly from: string;
  readonly specifier: string;
}

const IMPORTS = sources("src").flatMap((from) => specifiers(readText(from)).map((specifier): Import => ({ from, specifier })));

/** Module names in import and export statements, `import()` expressions and `import()` types. */
function specifiers(text: string): string[] {
  const statements = text.matchAll(/^\s*(?:import|export)\b[^;'"]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']/gm);
  const expressions = text.matchAll(/\bimport\(\s*["']([^"']+)["']/g);
  return [...statements, ...expressions].map((match) => match[1] ?? match[2] ?? "");
}

/** The file that a relative import names: `src/catalog/gguf.ts`. */
function pathOf({ from, specifier }: Import): string {
  return join(dirname(from), specifier);
}

/** Its place in src/: `catalog/gguf.ts`. */
function targetOf(each: Import): string {
  return pathOf(each).replace(/^src\//, "");
}

function isWithin(target: string, place: string): boolean {
  return target === place || target.startsWith(`${place}/`) || target.startsWith(`${place}.`) || target.startsWith(`${place}-`);
}

function partOf(path: string): string {
  return path.split("/")[0] ?? path;
}

const relative = IMPORTS.filter(({ specifier }) => specifier.startsWith("."));
const inside = relative.filter((each) => pathOf(each).startsWith("src/"));

test("every folder of src/ has a line in the table of who may import whom", () => {
  const parts = new Set(sources("src").map((path) => partOf(path.replace(/^src\//, ""))));
  expect(
    [...parts].filter((part) => !(part in ALLOWED)).map((part) => `src/${part} is not in the table of tests/tidy/imports.test.ts`),
  ).toEqual([]);
});

test("folders import only what the table allows", () => {
  const broken = inside.filter((each) => {
    const part = partOf(each.from.replace(/^src\//, ""));
    const target = targetOf(each);
    return partOf(target) !== part && !(ALLOWED[part] ?? []).some((place) => isWithin(target, place));
  });
  expect(
    broken.map((each) => `${each.from} must not import ${targetOf(each)}: move what they share to src/core, or pass it in src/app.ts`),
  ).toEqual([]);
});

test("the dialects do not import each other", () => {
  const broken = relative.filter((each) => {
    const [part = "", own, ...rest] = each.from.replace(/^src\//, "").split("/");
    const [targetPart, other, ...targetRest] = targetOf(each).split("/");
    const shared = APART[part];
    if (shared === undefined || targetPart !== part || rest.length === 0 || targetRest.length === 0) return false;
    return own !== other && !shared.includes(other ?? "");
  });
  expect(broken.map((each) => `${each.from} must not import ${targetOf(each)}: what two dialects share lies in src/api itself`)).toEqual(
    [],
  );
});

test("packages stay in the places they are confined to", () => {
  const broken = IMPORTS.filter(({ from, specifier }) => {
    const allowed = Object.entries(CONFINED).find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1];
    return allowed !== undefined && !allowed(from);
  });
  expect(broken.map(({ from, specifier }) => `${from} must not import ${specifier}`)).toEqual([]);
});

test("relative imports name the file with its ending, and src/ imports nothing outside of src/ but package.json", () => {
  const broken = relative.filter(
    (each) => !/\.[a-z]+$/.test(each.specifier) || (!pathOf(each).startsWith("src/") && pathOf(each) !== "package.json"),
  );
  expect(broken.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("the tests of the table can see an import", () => {
  expect(
    specifiers(
      'import type { A } from "./a.ts";\nimport {\n  b,\n} from "../b.ts";\nexport * from "./c.ts";\nimport "./d.ts";\nlet e: import("./e.ts").E;',
    ),
  ).toEqual(["./a.ts", "../b.ts", "./c.ts", "./d.ts", "./e.ts"]);
});
