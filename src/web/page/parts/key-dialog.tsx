/** Asks for the API key of a server that wants one. */
import { useSignal } from "@preact/signals";
import { answerKeyQuestion, keyQuestion } from "../server/api-key.ts";
import { Dialog } from "./dialog.tsx";

/** Shown while a request waits for a key. */
export function KeyDialog() {
  const key = useSignal("");
  const remember = useSignal(false);
  if (keyQuestion.value === null) return null;
  return (
    <Dialog title="API key" onClose={() => keyQuestion.value !== null && answerKeyQuestion(null, false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          answerKeyQuestion(key.value.trim(), remember.value);
          key.value = "";
        }}
      >
        <p>{keyQuestion}</p>
        <label class="field">
          Key
          <input
            type="password"
            autocomplete="off"
            required
            autofocus
            value={key}
            onInput={(event) => (key.value = event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={remember} onChange={(event) => (remember.value = event.currentTarget.checked)} />
          Remember it in this browser
        </label>
        <div class="actions">
          <button type="submit" class="primary">
            Use the key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
