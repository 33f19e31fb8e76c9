/** Who answers, and whether it is loaded. */
import { useEffect } from "preact/hooks";
import {
  chooseModel,
  chosenBase,
  chosenModel,
  loadModel,
  type Model,
  modelFaults,
  models,
  modelsFault,
  modelWork,
  refreshModels,
} from "./models.ts";

/** A choice with the state of what is chosen. */
export function ModelChoice() {
  useEffect(() => {
    void refreshModels();
  }, []);
  const base = chosenBase.value;
  const loadFault = base === undefined ? undefined : modelFaults.value.get(base.id);
  const fault = modelsFault.value ?? loadFault;
  const tryAgain = (): Promise<void> => (base === undefined || loadFault === undefined ? refreshModels() : loadModel(base.id));
  return (
    <div class="model-choice">
      <label for="model" class="unseen">
        Model
      </label>
      <select
        id="model"
        value={chosenModel}
        disabled={chosenModel.value === ""}
        onFocus={() => void refreshModels(false)}
        onChange={(event) => chooseModel(event.currentTarget.value)}
      >
        {chosenModel.value === "" && <option value="">No model</option>}
        {models.value.flatMap((model) =>
          [model, ...model.adapters].map(({ id, runnable }) => (
            <option key={id} value={id} disabled={!runnable}>
              {id}
              {optionNote(id, runnable, model.loaded)}
            </option>
          )),
        )}
      </select>
      {base !== undefined && <LoadState model={base} />}
      {fault !== undefined && (
        <p class="fault" role="alert">
          {fault}{" "}
          <button type="button" class="quiet" onClick={() => void tryAgain()}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

/** The chosen model's state stands beside the choice already. */
function optionNote(id: string, isRunnable: boolean, isLoaded: boolean): string {
  if (!isRunnable) return " (cannot run here)";
  return isLoaded && id !== chosenModel.value ? " (loaded)" : "";
}

function LoadState({ model }: { readonly model: Model }) {
  const work = modelWork.value.get(model.id);
  if (work !== undefined) return <span class="badge busy">{work}…</span>;
  if (model.loaded) return <span class="badge good">loaded</span>;
  return (
    <button type="button" class="quiet" title="It is loaded with the first message, too." onClick={() => void loadModel(model.id)}>
      Load
    </button>
  );
}
