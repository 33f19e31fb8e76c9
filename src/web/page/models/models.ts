/** Which models there are, which one answers, and loading them. */
import { computed, signal } from "@preact/signals";
import { messageOf } from "../server/api-error.ts";
import { requestJson } from "../server/request.ts";

interface Runnable {
  readonly id: string;
  readonly runnable: boolean;
  /** Why it cannot run here. */
  readonly unrunnable_reason: string | null;
}

/** A model as GET /v1/models/available lists it. */
export interface Model extends Runnable {
  readonly format: string;
  readonly runtime: "npu" | "cpu";
  readonly bytes: number;
  readonly context_length: number | null;
  readonly parameter_size: string | null;
  readonly quantization: string | null;
  readonly loaded: boolean;
  readonly adapters: readonly (Runnable & { readonly name: string })[];
}

const CHOSEN_AS = "rockchip-llama.model";
/** The model that comes with the program. */
export const DEMONSTRATION_MODEL = "tiny-chat";

/** In the server's order: the default model first. */
export const models = signal<readonly Model[]>([]);
/** Why the list could not be read; null where it could. */
export const modelsFault = signal<string | null>(null);
/** What is being done to models, by id. */
export const modelWork = signal<ReadonlyMap<string, "loading" | "unloading">>(new Map());
/** What went wrong with a model, by id. */
export const modelFaults = signal<ReadonlyMap<string, string>>(new Map());

const wanted = signal(localStorage.getItem(CHOSEN_AS) ?? "");

/** Names that can be asked for an answer. */
export const answerers = computed(() => models.value.flatMap((model) => [model, ...model.adapters].filter(({ runnable }) => runnable)));

/** The model that answers: the person's choice while it is there, else the server's default. */
export const chosenModel = computed(() =>
  answerers.value.some(({ id }) => id === wanted.value) ? wanted.value : (answerers.value[0]?.id ?? ""),
);

/** The model whose weights a name stands for. */
export const chosenBase = computed(() =>
  models.value.find(({ id, adapters }) => id === chosenModel.value || adapters.some((each) => each.id === chosenModel.value)),
);

/** Chooses who answers, and remembers it. */
export function chooseModel(id: string): void {
  wanted.value = id;
  localStorage.setItem(CHOSEN_AS, id);
}

/** Reads the list anew. `askKey` false: nobody is asked for a key, because nobody did anything. */
export async function refreshModels(askKey = true): Promise<void> {
  try {
    models.value = (await requestJson<{ data: Model[] }>("/v1/models/available", { askKey })).data;
    modelsFault.value = null;
  } catch (error) {
    modelsFault.value = messageOf(error);
  }
}

function put<V>(target: { value: ReadonlyMap<string, V> }, id: string, value: V | undefined): void {
  const map = new Map(target.value);
  if (value === undefined) map.delete(id);
  else map.set(id, value);
  target.value = map;
}

async function workOn(id: string, what: "loading" | "unloading"): Promise<void> {
  put(modelWork, id, what);
  put(modelFaults, id, undefined);
  try {
    await requestJson(what === "loading" ? "/v1/models/load" : "/v1/models/unload", { body: { model: id } });
  } catch (error) {
    put(modelFaults, id, messageOf(error));
  }
  put(modelWork, id, undefined);
  await refreshModels();
}

/** Loads a model; resolves when it is loaded or has failed. */
export const loadModel = (id: string): Promise<void> => workOn(id, "loading");

/** Unloads a model, when what it is doing is done. */
export const unloadModel = (id: string): Promise<void> => workOn(id, "unloading");
