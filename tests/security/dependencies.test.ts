/** The audit of dependencies in the gate: what it does with each answer of a registry. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, "../..");
/** How Bun is told of a registry: the first that is set counts. */
const VARIABLES = ["BUN_CONFIG_REGISTRY", "NPM_CONFIG_REGISTRY", "npm_config_registry"];
const advisory = (severity: string) => ({
  id: 1,
  url: "https://example.com/advisory",
  title: "A hole",
  severity,
  vulnerable_versions: "<99.0.0",
  cwe: [],
  cvss: { score: 9, vectorString: "" },
});

/** Exit code and everything that is printed with this answer. */
async function audit(answer: () => Response): Promise<readonly [exitCode: number, text: string]> {
  const registry = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  try {
    const child = Bun.spawn([process.execPath, join(ROOT, "config/deploy/audit.ts")], {
      env: { ...process.env, ...Object.fromEntries(VARIABLES.map((name) => [name, registry.url.href])) },
      stdout: "pipe",
      stderr: "pipe",
    });
    const texts = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return [await child.exited, texts.join("")];
  } finally {
    await registry.stop(true);
  }
}

test.each([
  ["no hole", () => Response.json({}), 0, "No hole of level high or critical"],
  ["a small hole", () => Response.json({ elysia: [advisory("low")] }), 0, "No hole of level high or critical"],
  ["a hole", () => Response.json({ elysia: [advisory("high")] }), 1, "elysia <99.0.0: high: A hole"],
  ["a registry that does not tell", () => new Response("no", { status: 405 }), 0, "could not be asked"],
  ["something else", () => new Response("<html>"), 0, "could not be asked"],
])("%s", async (_, answer, exitCode, words) => {
  expect(await audit(answer)).toEqual([exitCode, expect.stringContaining(words)]);
});
