/** The functions that the model may call. */
import { useId } from "preact/hooks";
import { toolsFault } from "../chat/answer-request.ts";
import { changeSettings, currentSettings } from "../conversation/conversations.ts";

/** One that the demonstration model has learnt to call. */
const EXAMPLE = JSON.stringify(
  [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "Get the current weather in a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    },
  ],
  null,
  2,
);

/** A JSON array, and an example to begin with. */
export function ToolsField() {
  const { tools } = currentSettings.value;
  const fault = toolsFault(tools);
  const hintId = useId();
  return (
    <>
      <label class="field">
        Functions the model may call
        <textarea
          class="source"
          rows={tools === "" ? 2 : 8}
          spellcheck={false}
          aria-describedby={hintId}
          aria-invalid={fault !== null}
          value={tools}
          onInput={(event) => changeSettings({ tools: event.currentTarget.value })}
        />
      </label>
      <p class={fault === null ? "hint" : "fault"} id={hintId}>
        {fault ?? "A JSON array in the form of OpenAI's tools. The page shows the calls; you say what they return."}
      </p>
      <div class="actions">
        <button type="button" onClick={() => changeSettings({ tools: EXAMPLE })}>
          Insert an example
        </button>
      </div>
    </>
  );
}
