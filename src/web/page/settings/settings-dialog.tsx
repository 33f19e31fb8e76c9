/** What shapes the answers of this conversation. */
import type { ChatSettings } from "../conversation/conversation.ts";
import { changeSettings, currentSettings } from "../conversation/conversations.ts";
import { PLAIN_SETTINGS } from "../conversation/conversation.ts";
import { Dialog } from "../parts/dialog.tsx";
import { NumberField } from "./number-field.tsx";
import { ToolsField } from "./tools-field.tsx";

/** The drawer of settings. */
export function SettingsDialog({ onClose }: { onClose(this: void): void }) {
  const settings = currentSettings.value;
  return (
    <Dialog title="Settings of this chat" kind="drawer-end" onClose={onClose}>
      <label class="field">
        System prompt
        <textarea rows={4} value={settings.system} onInput={(event) => changeSettings({ system: event.currentTarget.value })} />
      </label>
      <p class="hint">What is left empty is up to the model.</p>
      <div class="fields">
        <NumberField name="temperature" label="Temperature" hint="0 to 2; 0 always takes the likeliest word" max={2} />
        <NumberField name="topP" label="Top p" hint="0 to 1" max={1} />
        <NumberField name="topK" label="Top k" hint="a whole number" isWhole />
        <NumberField name="repeatPenalty" label="Repeat penalty" hint="above 1 repeats less" max={10} />
        <NumberField name="tokensMax" label="Longest answer" hint="tokens, thoughts included" isWhole />
        <label class="field">
          Thinking
          <select
            value={settings.thinking}
            onChange={(event) => changeSettings({ thinking: event.currentTarget.value as ChatSettings["thinking"] })}
          >
            <option value="auto">auto</option>
            <option value="on">on</option>
            <option value="off">off</option>
          </select>
        </label>
      </div>
      <label class="check">
        <input type="checkbox" checked={settings.json} onChange={(event) => changeSettings({ json: event.currentTarget.checked })} />
        Answer with a JSON object
      </label>
      <ToolsField />
      <div class="actions">
        <button type="button" onClick={() => changeSettings(PLAIN_SETTINGS)}>
          Reset all
        </button>
      </div>
    </Dialog>
  );
}
