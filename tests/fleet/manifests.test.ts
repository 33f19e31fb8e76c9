/** What the examples for Kubernetes and LiteLLM say of the server is true of it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { YAML } from "bun";
import { loadConfig } from "../../src/config/load.ts";
import { ask } from "../support/scripted-engine.ts";
import { EXAMPLES } from "./fleet.ts";

const DEPLOY = join(import.meta.dir, "../../config/deploy");
const LABELS = { "app.kubernetes.io/name": "rockchip-llama" };

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface BoardPod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly [
      {
        readonly env: readonly { readonly name: string; readonly value?: string }[];
        readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        readonly startupProbe: Probe;
        readonly readinessProbe: Probe;
        readonly livenessProbe: Probe;
      },
    ];
  };
}

const read = async (path: string): Promise<unknown> => YAML.parse(await Bun.file(join(DEPLOY, path)).text());
const { template } = ((await read("kubernetes/boards.yaml")) as { spec: { template: BoardPod } }).spec;
const [container] = template.spec.containers;

test("every file that is to be applied is there", async () => {
  for (const folder of ["kubernetes", "kubernetes/gateway"]) {
    const { resources } = (await read(`${folder}/kustomization.yaml`)) as { resources: string[] };
    for (const resource of resources) expect(await read(`${folder}/${resource}`)).toHaveProperty("kind");
  }
});

test("the probes ask what the server answers without a key, before and while it serves", async () => {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const paths = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path);
  const access = { keys: { current: () => [{ name: "laptop", sha256: new Uint8Array(32) }] }, allow: [], rateLimit: null };
  const statuses = async (stage: "starting" | "serving") =>
    Promise.all(paths.map(async (path) => (await ask({}, path, {}, { access, stage: () => stage })).status));
  expect([await statuses("starting"), await statuses("serving")]).toEqual([
    [503, 503, 200],
    [200, 200, 200],
  ]);
});

test("the variables are the server's, and it is given the time to drain that they grant", () => {
  const env = Object.fromEntries(container.env.map(({ name, value = "a-key-of-some-length" }) => [name, value]));
  // It refuses variables that it does not know.
  const { config } = loadConfig({ argv: [], env: { HOME: "/home/user", ...env }, cwd: "/" });
  const { drain_delay_s, shutdown_timeout_s, abort_timeout_s } = config.server;
  expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain_delay_s + shutdown_timeout_s + abort_timeout_s);
});

test("service, disruption budget and inference pool choose the boards' pods, and their ports", async () => {
  const service = await read("kubernetes/service.yaml");
  const names = container.ports.map(({ name }) => name);
  expect(template.metadata.labels).toEqual(LABELS);
  expect(service).toMatchObject({ spec: { selector: LABELS, ports: names.map((targetPort) => ({ targetPort })) } });
  expect(await read("kubernetes/disruption-budget.yaml")).toMatchObject({ spec: { selector: { matchLabels: LABELS } } });
  expect(await read("kubernetes/gateway/inference-pool.yaml")).toMatchObject({
    spec: { selector: { matchLabels: LABELS }, targetPorts: [{ number: container.ports[0]?.containerPort }] },
  });
});

test("all examples are of the same three boards", async () => {
  const boards = ["192.168.1.11:8080", "192.168.1.12:8080", "192.168.1.13:8080"];
  for (const path of [...Object.values(EXAMPLES), join(DEPLOY, "litellm/config.yaml")]) {
    const named = (await Bun.file(path).text()).match(/\d+\.\d+\.\d+\.\d+:\d+/g);
    expect([...new Set(named)]).toEqual(boards);
  }
  const { model_list } = (await read("litellm/config.yaml")) as { model_list: { litellm_params: { api_base: string } }[] };
  expect(model_list.map(({ litellm_params }) => litellm_params.api_base)).toEqual(boards.map((board) => `http://${board}/v1`));
});
