/** What a server's replies hold, as far as the commands read it. Fields that only some servers send are optional. */

/** What /api/tags and /api/show say of a model's weights. */
export interface ModelDetails {
  readonly format?: string;
  readonly family?: string;
  readonly parameter_size?: string;
  readonly quantization_level?: string;
}

/** One model of /api/tags. */
export interface ListedModel {
  readonly name: string;
  /** ISO 8601. */
  readonly modified_at: string;
  /** Bytes. */
  readonly size: number;
  readonly digest: string;
  readonly details?: ModelDetails;
}

/** One model of /v1/models/available. */
export interface AvailableModel {
  readonly id: string;
  readonly bytes: number;
  readonly runnable: boolean;
  readonly unrunnable_reason: string | null;
}

/** One model of /api/ps. */
export interface RunningModel extends Omit<ListedModel, "modified_at"> {
  /** ISO 8601. */
  readonly expires_at: string;
  /** Bytes of `size` that an accelerator holds. */
  readonly size_vram: number;
  /** Tokens. */
  readonly context_length?: number;
}

/** A turn of a conversation. */
export interface ChatTurn {
  readonly role: string;
  readonly content: string;
  readonly thinking?: string;
}

/** The reply of /api/show. */
export interface ShownModel {
  readonly license?: string;
  readonly modelfile?: string;
  readonly parameters?: string;
  readonly template?: string;
  readonly system?: string;
  readonly requires?: string;
  readonly details?: ModelDetails;
  readonly messages?: readonly ChatTurn[];
  readonly model_info?: Readonly<Record<string, unknown>>;
  readonly tensors?: readonly { readonly name: string; readonly type: string; readonly shape: readonly number[] }[];
  readonly capabilities?: readonly string[];
}

/** How long an answer took; the last line of one has it. Durations are nanoseconds. */
export interface AnswerFigures {
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
  readonly prompt_eval_duration?: number;
  readonly eval_count?: number;
  readonly eval_duration?: number;
}

/** One line of /api/chat. */
export interface ChatLine extends AnswerFigures {
  /** It went wrong on the way; the last line then. */
  readonly error?: string;
  readonly message?: ChatTurn;
  readonly done?: boolean;
  readonly done_reason?: string;
}

/** One line of /api/pull, /api/create and /api/push. */
export interface StatusLine {
  readonly error?: string;
  readonly status?: string;
  readonly digest?: string;
  /** Bytes. */
  readonly total?: number;
  readonly completed?: number;
}
