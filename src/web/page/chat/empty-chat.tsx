/** What a new conversation shows: where one is, and how to come to a real model. */
import { chosenModel, DEMONSTRATION_MODEL, models, modelsFault } from "../models/models.ts";
import { sendMessage } from "./answering.ts";

/** Questions that the demonstration has learnt to answer. */
const QUESTIONS = ["What can you do?", "What is the capital of France?", "Tell me a short story about a dog."];

/** In place of messages. */
export function EmptyChat() {
  return (
    <div class="empty">
      <h2>Talk with a model on this machine</h2>
      {modelsFault.value === null && models.value.length === 0 && <p>There is no model yet. Pull one in the status view.</p>}
      {chosenModel.value === DEMONSTRATION_MODEL && <Demonstration />}
      <p class="hint">Enter sends, Shift and Enter make a line, Escape stops an answer.</p>
    </div>
  );
}

function Demonstration() {
  return (
    <>
      <p>
        <strong>{DEMONSTRATION_MODEL}</strong> comes with the program and is a demonstration: it knows a few facts and how to chat, think,
        call functions and write JSON. It is no assistant.
      </p>
      <p>
        For a real model, <a href="#/status">pull one in the status view</a> or with <code>rockchip-llama pull &lt;model&gt;</code>.
      </p>
      <p id="try">Try it:</p>
      <ul class="questions" aria-labelledby="try">
        {QUESTIONS.map((question) => (
          <li>
            <button type="button" onClick={() => sendMessage(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
