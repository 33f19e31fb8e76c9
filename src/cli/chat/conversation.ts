/** A conversation with a model: what was said, and how the next answer is to be made. */
import type { ChatTurn, ShownModel } from "../client/replies.ts";

/** How answers are asked for and shown. All of it can be set in the middle of a chat. */
export interface ChatSettings {
  model: string;
  /** null leaves the model's own. */
  system: string | null;
  options: Record<string, unknown>;
  /** "json" or a JSON Schema; null is free text. */
  format: unknown;
  /** null leaves it to the model. */
  think: boolean | string | null;
  /** A duration or seconds; null leaves it to the server. */
  keepAlive: string | null;
  verbose: boolean;
  wordWrap: boolean;
  hideThinking: boolean;
}

/** What was said so far, under settings that change. */
export class Conversation {
  readonly settings: ChatSettings;
  #turns: ChatTurn[] = [];
  #shown: ShownModel;

  constructor(settings: ChatSettings, shown: ShownModel) {
    this.settings = settings;
    this.#shown = shown;
  }

  /** Turns of people and model, without system messages and without what the model was made with. */
  get turns(): readonly ChatTurn[] {
    return this.#turns;
  }

  /** What the server says of the model. */
  get shown(): ShownModel {
    return this.#shown;
  }

  /** Goes on with another model, from the beginning, as what that one was made to be. */
  load(model: string, shown: ShownModel): void {
    this.settings.model = model;
    this.#shown = shown;
    if (!canThink(shown)) this.settings.think = null;
    this.settings.system = null;
    this.clear();
  }

  /** Forgets what was said. */
  clear(): void {
    this.#turns = [];
  }

  /** Remembers a question with its answer, also one that was cut off. */
  answered(question: string, answer: ChatTurn): void {
    this.#turns.push({ role: "user", content: question }, answer);
  }

  /** The request for the answer to a question; without one, to load the model. */
  request(question: string | null): object {
    const { model, system, options, format, think, keepAlive } = this.settings;
    const messages = question === null ? [] : [...systemTurn(system), ...this.#turns, { role: "user", content: question }];
    return {
      model,
      messages,
      ...(Object.keys(options).length === 0 ? {} : { options }),
      ...(format === null ? {} : { format }),
      ...(think === null ? {} : { think }),
      ...(keepAlive === null ? {} : { keep_alive: keepAlive }),
    };
  }

  /** The request to make a model of all this. */
  recipe(name: string): object {
    const { model, system, options } = this.settings;
    const messages = [...(this.#shown.messages ?? []), ...this.#turns.map(({ role, content }) => ({ role, content }))];
    return {
      model: name,
      from: model,
      ...(system === null ? {} : { system }),
      ...(Object.keys(options).length === 0 ? {} : { parameters: options }),
      ...(messages.length === 0 ? {} : { messages }),
    };
  }
}

/** Whether a model can be told to think. */
export function canThink({ capabilities = [] }: ShownModel): boolean {
  return capabilities.includes("thinking");
}

function systemTurn(system: string | null): ChatTurn[] {
  return system === null || system === "" ? [] : [{ role: "system", content: system }];
}
