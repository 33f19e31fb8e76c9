/** Downloads a model and shows how far it is. */
import { useSignal } from "@preact/signals";
import { bytes } from "../parts/format.ts";
import { Panel } from "./panel.tsx";
import { type Pull, pullModel, pulls } from "./pulls.ts";

/** A name to type, and the downloads of this page. */
export function PullPanel() {
  const name = useSignal("");
  return (
    <Panel title="Pull a model">
      <form
        class="pull-form"
        onSubmit={(event) => {
          event.preventDefault();
          void pullModel(name.value.trim());
          name.value = "";
        }}
      >
        <label class="field">
          Name, or owner/repository on Hugging Face
          <input
            required
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            value={name}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit">Pull</button>
      </form>
      <ul class="rows">
        {pulls.value.map((pull) => (
          <PullRow key={pull.name} pull={pull} />
        ))}
      </ul>
    </Panel>
  );
}

function PullRow({ pull: { name, doing, completed, total, state, stop } }: { readonly pull: Pull }) {
  return (
    <li class="model-row">
      <div class="model-head">
        <h3>{name}</h3>
        {state === "running" && (
          <button type="button" aria-label={`Stop pulling ${name}`} onClick={() => stop.abort()}>
            Stop
          </button>
        )}
        {(state === "failed" || state === "stopped") && (
          <button type="button" aria-label={`Try to pull ${name} again`} onClick={() => void pullModel(name)}>
            Try again
          </button>
        )}
      </div>
      <p class={state === "failed" ? "fault" : "hint"} role={state === "failed" ? "alert" : "status"}>
        {doing}
      </p>
      {state === "running" && (
        <p class="hint">
          <progress aria-label={`Pulling ${name}`} {...(total === undefined ? {} : { max: total, value: completed ?? 0 })} />
          {total !== undefined && ` ${bytes(completed ?? 0)} of ${bytes(total)}`}
        </p>
      )}
    </li>
  );
}
