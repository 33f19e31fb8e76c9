/** Which models there are, what they take, and loading and unloading them. */
import { loadModel, type Model, modelFaults, models, modelsFault, modelWork, refreshModels, unloadModel } from "../models/models.ts";
import { bytes, count } from "../parts/format.ts";
import { Panel } from "./panel.tsx";
import { type ModelState, serverStatus } from "./server-status.ts";

/** The list, in the server's order. */
export function ModelsPanel() {
  return (
    <Panel title="Models">
      {modelsFault.value !== null && (
        <div class="fault" role="alert">
          <p>{modelsFault}</p>
          <button type="button" class="quiet" onClick={() => void refreshModels()}>
            Try again
          </button>
        </div>
      )}
      <ul class="rows">
        {models.value.map((model) => (
          <ModelRow key={model.id} model={model} state={serverStatus.value?.models.find(({ base_id: base }) => base === model.id)} />
        ))}
      </ul>
    </Panel>
  );
}

function ModelRow({ model, state }: { readonly model: Model; readonly state: ModelState | undefined }) {
  const fault = modelFaults.value.get(model.id);
  const work = modelWork.value.get(model.id) ?? (state?.state === "loading" ? "loading" : undefined);
  const facts = [
    model.runtime === "npu" ? "on the NPU" : "on the CPU",
    bytes(model.bytes),
    ...((model.parameter_size ?? "") === "" ? [] : [`${model.parameter_size ?? ""} weights`]),
    ...((model.quantization ?? "") === "" ? [] : [model.quantization ?? ""]),
    ...(model.context_length === null ? [] : [`${count(model.context_length)} tokens of context`]),
    ...(model.adapters.length === 0 ? [] : [`adapters: ${model.adapters.map(({ name }) => name).join(", ")}`]),
  ];
  return (
    <li class="model-row">
      <div class="model-head">
        <h3>{model.id}</h3>
        <StateBadge model={model} state={state} work={work} />
        <ModelButton model={model} isBusy={work !== undefined} />
      </div>
      <p class="hint">{facts.join(" · ")}</p>
      {state !== undefined && state.state !== "loading" && <p class="hint">{stateText(state)}</p>}
      {work === "loading" && <progress aria-label={`Loading ${model.id}`} />}
      {model.unrunnable_reason !== null && <p class="hint">{model.unrunnable_reason}</p>}
      {fault !== undefined && (
        <div class="fault" role="alert">
          <p>{fault}</p>
        </div>
      )}
    </li>
  );
}

function stateText(state: ModelState): string {
  return [
    ...(state.memory_bytes === null ? [] : [`takes ${bytes(state.memory_bytes)}`]),
    ...(state.context_length === null ? [] : [`opened with ${count(state.context_length)} tokens`]),
    ...(state.context_used === null || state.running === 0 ? [] : [`${Math.round(state.context_used * 100)}% of them used`]),
    ...(state.runtime_version === null ? [] : [`runtime ${state.runtime_version}`]),
    ...(state.pinned === true ? ["pinned"] : []),
    ...(state.expires_at === null ? [] : [`unloaded at ${new Date(state.expires_at).toLocaleTimeString()} if unused`]),
  ].join(" · ");
}

interface StateBadgeParts {
  readonly model: Model;
  readonly state: ModelState | undefined;
  readonly work: "loading" | "unloading" | undefined;
}

function StateBadge({ model, state, work }: StateBadgeParts) {
  if (work !== undefined) return <span class="badge busy">{work}…</span>;
  if (state?.state === "running") return <span class="badge good">answering</span>;
  if (model.loaded) return <span class="badge good">loaded</span>;
  return model.runnable ? <span class="badge">not loaded</span> : <span class="badge bad">cannot run here</span>;
}

function ModelButton({ model, isBusy }: { readonly model: Model; readonly isBusy: boolean }) {
  if (!model.runnable) return null;
  const [label, work] = model.loaded ? (["Unload", unloadModel] as const) : (["Load", loadModel] as const);
  return (
    <button type="button" disabled={isBusy} aria-label={`${label} ${model.id}`} onClick={() => void work(model.id)}>
      {label}
    </button>
  );
}
