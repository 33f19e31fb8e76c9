/**
 * Memory layouts of the RKLLM structs, as data: size, alignment, and every field's offset and type, per ABI.
 * Source: rkllm.h of Rockchip's releases 1.2.1, 1.2.2, 1.2.3 (equal) and 1.3.0, on LP64 (aarch64 and x86-64 agree).
 * `tests/abi/` compares these tables with C compilers, in both directions.
 */

/** What a field holds. `size` is size_t, `ptr` any pointer, `bool` one byte that is 0 or 1; enums are `i32`. */
export type ScalarType = "i8" | "u8" | "bool" | "i32" | "u32" | "f32" | "size" | "ptr";

/** Structs by their names in C. */
export type StructName =
  | "RKLLMExtendParam"
  | "RKLLMParam"
  | "RKLLMLoraAdapter"
  | "RKLLMEmbedInput"
  | "RKLLMTokenInput"
  | "RKLLMMultiModalInput"
  | "RKLLMInput"
  | "RKLLMLoraParam"
  | "RKLLMPromptCacheParam"
  | "RKLLMCrossAttnParam"
  | "RKLLMSamplingParam"
  | "RKLLMInferParam"
  | "RKLLMResultLastHiddenLayer"
  | "RKLLMResultLogits"
  | "RKLLMPerfStat"
  | "RKLLMResult"
  | "RKLLMCallback";

/** A scalar, a struct inside the struct, or an array of bytes. */
type FieldType = ScalarType | StructName | { readonly bytes: number };

/** Offset in bytes, then type. */
export type FieldLayout = readonly [offset: number, type: FieldType];

/** One struct. A field inside an unnamed inner struct has a dotted name; members of the unnamed union share an offset. */
export interface StructLayout {
  readonly size: number;
  readonly align: number;
  readonly fields: Readonly<Record<string, FieldLayout>>;
}

/** Every struct one ABI has. */
export type StructLayouts = Readonly<Partial<Record<StructName, StructLayout>>>;

const COMMON = {
  RKLLMExtendParam: {
    size: 120,
    align: 4,
    fields: {
      base_domain_id: [0, "i32"],
      embed_flash: [4, "i8"],
      enabled_cpus_num: [5, "i8"],
      enabled_cpus_mask: [8, "u32"],
      n_batch: [12, "u8"],
      use_cross_attn: [13, "i8"],
      reserved: [14, { bytes: 104 }],
    },
  },
  RKLLMLoraAdapter: {
    size: 24,
    align: 8,
    fields: { lora_adapter_path: [0, "ptr"], lora_adapter_name: [8, "ptr"], scale: [16, "f32"] },
  },
  RKLLMEmbedInput: { size: 16, align: 8, fields: { embed: [0, "ptr"], n_tokens: [8, "size"] } },
  RKLLMTokenInput: { size: 16, align: 8, fields: { input_ids: [0, "ptr"], n_tokens: [8, "size"] } },
  RKLLMLoraParam: { size: 8, align: 8, fields: { lora_adapter_name: [0, "ptr"] } },
  RKLLMPromptCacheParam: { size: 16, align: 8, fields: { save_prompt_cache: [0, "i32"], prompt_cache_path: [8, "ptr"] } },
  RKLLMCrossAttnParam: {
    size: 40,
    align: 8,
    fields: {
      encoder_k_cache: [0, "ptr"],
      encoder_v_cache: [8, "ptr"],
      encoder_mask: [16, "ptr"],
      encoder_pos: [24, "ptr"],
      num_tokens: [32, "i32"],
    },
  },
  RKLLMResultLastHiddenLayer: {
    size: 16,
    align: 8,
    fields: { hidden_states: [0, "ptr"], embd_size: [8, "i32"], num_tokens: [12, "i32"] },
  },
  RKLLMResultLogits: { size: 16, align: 8, fields: { logits: [0, "ptr"], vocab_size: [8, "i32"], num_tokens: [12, "i32"] } },
  RKLLMPerfStat: {
    size: 20,
    align: 4,
    fields: {
      prefill_time_ms: [0, "f32"],
      prefill_tokens: [4, "i32"],
      generate_time_ms: [8, "f32"],
      generate_tokens: [12, "i32"],
      memory_usage_mb: [16, "f32"],
    },
  },
  RKLLMResult: {
    size: 72,
    align: 8,
    fields: {
      text: [0, "ptr"],
      token_id: [8, "i32"],
      last_hidden_layer: [16, "RKLLMResultLastHiddenLayer"],
      logits: [32, "RKLLMResultLogits"],
      perf: [48, "RKLLMPerfStat"],
    },
  },
} as const satisfies StructLayouts;

/** Start of RKLLMParam: the same in both ABIs. top_k is an integer although its neighbours are floats. */
const PARAM_HEAD = {
  model_path: [0, "ptr"],
  max_context_len: [8, "i32"],
  max_new_tokens: [12, "i32"],
  top_k: [16, "i32"],
  n_keep: [20, "i32"],
  top_p: [24, "f32"],
  temperature: [28, "f32"],
  repeat_penalty: [32, "f32"],
  frequency_penalty: [36, "f32"],
  presence_penalty: [40, "f32"],
  mirostat: [44, "i32"],
  mirostat_tau: [48, "f32"],
  mirostat_eta: [52, "f32"],
  skip_special_token: [56, "bool"],
} as const satisfies StructLayout["fields"];

/** RKLLMInput's fields: only the size of the union's largest member differs between the ABIs. */
const INPUT_FIELDS = {
  role: [0, "ptr"],
  enable_thinking: [8, "bool"],
  input_type: [12, "i32"],
  prompt_input: [16, "ptr"],
  embed_input: [16, "RKLLMEmbedInput"],
  token_input: [16, "RKLLMTokenInput"],
  multimodal_input: [16, "RKLLMMultiModalInput"],
} as const satisfies StructLayout["fields"];

/** Start of RKLLMInferParam: the same in both ABIs. */
const INFER_HEAD = {
  mode: [0, "i32"],
  lora_params: [8, "ptr"],
  prompt_cache_params: [16, "ptr"],
} as const satisfies StructLayout["fields"];

/** Layouts of 1.2.1, 1.2.2 and 1.2.3. */
export const LAYOUTS_1_2 = {
  ...COMMON,
  RKLLMParam: {
    size: 208,
    align: 8,
    fields: {
      ...PARAM_HEAD,
      is_async: [57, "bool"],
      img_start: [64, "ptr"],
      img_end: [72, "ptr"],
      img_content: [80, "ptr"],
      extend_param: [88, "RKLLMExtendParam"],
    },
  },
  RKLLMMultiModalInput: {
    size: 48,
    align: 8,
    fields: {
      prompt: [0, "ptr"],
      image_embed: [8, "ptr"],
      n_image_tokens: [16, "size"],
      n_image: [24, "size"],
      image_width: [32, "size"],
      image_height: [40, "size"],
    },
  },
  RKLLMInput: { size: 64, align: 8, fields: INPUT_FIELDS },
  RKLLMInferParam: { size: 32, align: 8, fields: { ...INFER_HEAD, keep_history: [24, "i32"] } },
} as const satisfies StructLayouts;

/** Layouts of 1.3.0. */
export const LAYOUTS_1_3 = {
  ...COMMON,
  RKLLMParam: {
    size: 184,
    align: 8,
    fields: { ...PARAM_HEAD, ignore_eos_token: [57, "bool"], is_async: [58, "bool"], extend_param: [60, "RKLLMExtendParam"] },
  },
  RKLLMMultiModalInput: {
    size: 144,
    align: 8,
    fields: {
      prompt: [0, "ptr"],
      "image.image_embed": [8, "ptr"],
      "image.n_image_tokens": [16, "size"],
      "image.n_image": [24, "size"],
      "image.image_start": [32, "ptr"],
      "image.image_end": [40, "ptr"],
      "image.image_content": [48, "ptr"],
      "image.image_width": [56, "size"],
      "image.image_height": [64, "size"],
      "video.video_embed": [72, "ptr"],
      "video.n_frame_tokens": [80, "size"],
      "video.n_frame_per_video": [88, "size"],
      "video.n_video": [96, "size"],
      "video.video_start": [104, "ptr"],
      "video.video_end": [112, "ptr"],
      "video.video_content": [120, "ptr"],
      "video.frame_width": [128, "size"],
      "video.frame_height": [136, "size"],
    },
  },
  RKLLMInput: { size: 160, align: 8, fields: INPUT_FIELDS },
  RKLLMSamplingParam: {
    size: 36,
    align: 4,
    fields: {
      top_k: [0, "i32"],
      top_p: [4, "f32"],
      temperature: [8, "f32"],
      repeat_penalty: [12, "f32"],
      frequency_penalty: [16, "f32"],
      presence_penalty: [20, "f32"],
      mirostat: [24, "i32"],
      mirostat_tau: [28, "f32"],
      mirostat_eta: [32, "f32"],
    },
  },
  RKLLMInferParam: {
    size: 40,
    align: 8,
    fields: { ...INFER_HEAD, sampling_params: [24, "ptr"], keep_history: [32, "i32"], max_new_tokens: [36, "i32"] },
  },
  RKLLMCallback: {
    size: 48,
    align: 8,
    fields: {
      result_callback: [0, "ptr"],
      result_userdata: [8, "ptr"],
      tokenizer_callback: [16, "ptr"],
      tokenizer_userdata: [24, "ptr"],
      embed_callback: [32, "ptr"],
      embed_userdata: [40, "ptr"],
    },
  },
} as const satisfies StructLayouts;
