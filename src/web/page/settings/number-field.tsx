/** A number that may be left out. */
import { useId } from "preact/hooks";
import { changeSettings, currentSettings } from "../conversation/conversations.ts";

interface NumberFieldParts {
  readonly name: "temperature" | "topP" | "topK" | "repeatPenalty" | "tokensMax";
  readonly label: string;
  readonly hint: string;
  readonly max?: number;
  readonly isWhole?: boolean;
}

/** One of the sampling parameters. */
export function NumberField({ name, label, hint, max, isWhole = false }: NumberFieldParts) {
  const hintId = useId();
  return (
    <label class="field">
      {label}
      <input
        type="number"
        inputMode={isWhole ? "numeric" : "decimal"}
        min={0}
        {...(max === undefined ? {} : { max })}
        step={isWhole ? 1 : "any"}
        placeholder="model's own"
        aria-describedby={hintId}
        value={currentSettings.value[name]}
        onInput={(event) => changeSettings({ [name]: event.currentTarget.value })}
      />
      <span class="hint" id={hintId}>
        {hint}
      </span>
    </label>
  );
}
