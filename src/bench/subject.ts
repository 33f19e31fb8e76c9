/** What a server says of itself and of the model that is to be measured. */
import { AppError } from "../core/errors.ts";
import { askJson, type ServerAddress } from "./ask.ts";

/** The model under the measurement, and the settings it runs with. */
export interface Subject {
  readonly model: string;
  readonly digest: string;
  readonly format: string;
  readonly quantization: string;
  readonly contextTokens: number;
  readonly threads: number;
  readonly nBatch: number;
  readonly version: string;
  readonly runtimeVersion: string;
}

interface Listed {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly format: string;
  readonly quantization: string;
}

interface Loaded {
  readonly id: string;
  readonly base_id: string;
  readonly context_length: number;
  readonly n_batch: number;
  readonly cpu_count: number;
  readonly runtime_version: string;
}

/**
 * Loads the model and reads its facts.
 * @param wanted a name of the model; undefined is the server's default
 * @throws AppError model_not_found where the server has none of that name, and whatever the server refuses
 */
export async function readSubject(server: ServerAddress, wanted: string | undefined): Promise<Subject> {
  const listed = (await askJson<{ data: readonly Listed[] }>(server, "/v1/models/available")).data;
  const name = wanted?.toLowerCase();
  const model = name === undefined ? listed[0] : listed.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (model === undefined) {
    const names = listed.map(({ id }) => id).join(", ");
    throw new AppError("model_not_found", `${wanted ?? "Any model"}: ${server.url} has no such model. It has ${names || "none"}.`);
  }
  await askJson(server, "/v1/models/load", { model: model.id });
  const loaded = (await askJson<{ data: readonly Loaded[] }>(server, "/v1/models/loaded")).data;
  const open = loaded.find(({ id }) => id === model.id) ?? loaded.find(({ base_id }) => base_id === model.id) ?? loaded[0];
  const tags = await askJson<{ models: readonly { name: string; digest: string }[] }>(server, "/api/tags");
  // Ollama's API may call it by another of its names: qwen3:0.6b.
  const names = new Set([model.id, `${model.id}:latest`, ...model.aliases]);
  const digest = tags.models.find((each) => names.has(each.name))?.digest ?? "";
  const { version } = await askJson<{ version: string }>(server, "/health");
  return {
    model: model.id,
    digest,
    format: model.format,
    quantization: model.quantization,
    contextTokens: open?.context_length ?? 0,
    threads: open?.cpu_count ?? 0,
    nBatch: open?.n_batch ?? 0,
    version,
    runtimeVersion: open?.runtime_version ?? "",
  };
}
