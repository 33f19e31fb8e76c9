/* The part of llama.cpp's C ABI that is used, release v0.5.0, and the loading of its shared libraries.
 *
 * These structs drift from release to release, so the version and a few default values are checked before anything else is called. */
#ifndef RKLLM_CPU_LLAMA_ABI_H
#define RKLLM_CPU_LLAMA_ABI_H

#include "log.h"

#define LLAMA_VERSION "0.5.0"
#define LLAMA_LIBRARY "libllama.v0.5.0.so"
#define LLAMA_LAYERS_MAX 512   /* more makes libllama end the process */
#define LLAMA_EXPERTS_MAX 1024 /* the same */
#define GGML_TYPES 43
#define GGML_NAME_BYTES_MAX 64
#define GGML_DIMENSIONS_MAX 4
#define GGML_THREADS_MAX 512

typedef struct {
    void *devices;
    const void *tensor_buft_overrides;
    int32_t n_gpu_layers, split_mode, load_mode, lazy_mode, main_gpu;
    const float *tensor_split;
    void *progress_callback, *progress_callback_user_data;
    const void *kv_overrides;
    _Bool vocab_only, check_tensors, use_extra_bufts, no_host, no_alloc, load_mtp;
} LlamaModelParams;

typedef struct {
    uint32_t n_ctx, n_batch, n_ubatch, n_seq_max, n_rs_seq, n_outputs_max, n_outputs_max_per_seq;
    int32_t n_threads, n_threads_batch;
    int32_t ctx_type, rope_scaling_type, pooling_type, attention_type, flash_attn_type;
    float rope_freq_base, rope_freq_scale, yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
    uint32_t yarn_orig_ctx;
    float defrag_thold;
    void *cb_eval, *cb_eval_user_data;
    int32_t type_k, type_v;
    _Bool (*abort_callback)(void *);
    void *abort_callback_data;
    _Bool embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
    void *samplers;
    size_t n_samplers;
    void *ctx_other;
} LlamaContextParams;

typedef struct {
    int32_t n_tokens;
    int32_t *token;
    float *embd;
    int32_t *pos;
    int32_t *n_seq_id;
    int32_t **seq_id;
    int8_t *logits;
} LlamaBatch;

typedef struct {
    _Bool no_perf;
} LlamaSamplerChainParams;

typedef struct {
    const char *role, *content;
} LlamaChatMessage;

typedef struct {
    _Bool cpumask[GGML_THREADS_MAX];
    int n_threads;
    int32_t prio;
    uint32_t poll;
    _Bool strict_cpu, paused;
} GgmlThreadpoolParams;

/* X(result, field, symbol, arguments): handles are plain pointers. All are found in libllama or in the libraries it pulls in. */
#define LLAMA_FUNCTIONS(X)                                                                                                             \
    X(const char *, version, "llama_version", (void))                                                                                  \
    X(void, backend_init, "llama_backend_init", (void))                                                                                \
    X(void, backends_load, "ggml_backend_load_all_from_path", (const char *))                                                          \
    X(void *, backend_by_name, "ggml_backend_reg_by_name", (const char *))                                                             \
    X(void *, backend_proc, "ggml_backend_reg_get_proc_address", (void *, const char *))                                               \
    X(void, log_set, "llama_log_set", (void (*)(int, const char *, void *), void *))                                                   \
    X(LlamaModelParams, model_default_params, "llama_model_default_params", (void))                                                    \
    X(LlamaContextParams, context_default_params, "llama_context_default_params", (void))                                              \
    X(LlamaSamplerChainParams, chain_default_params, "llama_sampler_chain_default_params", (void))                                     \
    X(void *, model_load, "llama_model_load_from_file", (const char *, LlamaModelParams))                                              \
    X(void, model_free, "llama_model_free", (void *))                                                                                  \
    X(const void *, model_vocab, "llama_model_get_vocab", (const void *))                                                              \
    X(int32_t, model_context_limit, "llama_model_n_ctx_train", (const void *))                                                         \
    X(int32_t, model_embd_in, "llama_model_n_embd_inp", (const void *))                                                                \
    X(int32_t, model_embd_out, "llama_model_n_embd_out", (const void *))                                                               \
    X(int32_t, model_rope_type, "llama_model_rope_type", (const void *))                                                               \
    X(int32_t, model_ftype, "llama_model_ftype", (const void *))                                                                       \
    X(const char *, ftype_name, "llama_ftype_name", (int32_t))                                                                         \
    X(_Bool, model_has_encoder, "llama_model_has_encoder", (const void *))                                                             \
    X(_Bool, model_has_decoder, "llama_model_has_decoder", (const void *))                                                             \
    X(_Bool, model_is_diffusion, "llama_model_is_diffusion", (const void *))                                                           \
    X(const char *, model_chat_template, "llama_model_chat_template", (const void *, const char *))                                    \
    X(int32_t, chat_apply_template, "llama_chat_apply_template",                                                                       \
      (const char *, const LlamaChatMessage *, size_t, _Bool, char *, int32_t))                                                        \
    X(int32_t, vocab_size, "llama_vocab_n_tokens", (const void *))                                                                     \
    X(int32_t, vocab_type, "llama_vocab_type", (const void *))                                                                         \
    X(_Bool, vocab_is_end, "llama_vocab_is_eog", (const void *, int32_t))                                                              \
    X(int32_t, tokenize, "llama_tokenize", (const void *, const char *, int32_t, int32_t *, int32_t, _Bool, _Bool))                    \
    X(int32_t, token_to_piece, "llama_token_to_piece", (const void *, int32_t, char *, int32_t, int32_t, _Bool))                       \
    X(void *, context_new, "llama_init_from_model", (void *, LlamaContextParams))                                                      \
    X(void, context_free, "llama_free", (void *))                                                                                      \
    X(void, threadpool_attach, "llama_attach_threadpool", (void *, void *, void *))                                                    \
    X(int32_t, decode, "llama_decode", (void *, LlamaBatch))                                                                           \
    X(void, set_embeddings, "llama_set_embeddings", (void *, _Bool))                                                                   \
    X(float *, embeddings, "llama_get_embeddings", (void *))                                                                           \
    X(float *, logits, "llama_get_logits", (void *))                                                                                   \
    X(float *, logits_of, "llama_get_logits_ith", (void *, int32_t))                                                                   \
    X(void *, memory, "llama_get_memory", (const void *))                                                                              \
    X(_Bool, memory_remove, "llama_memory_seq_rm", (void *, int32_t, int32_t, int32_t))                                                \
    X(void, memory_shift, "llama_memory_seq_add", (void *, int32_t, int32_t, int32_t, int32_t))                                        \
    X(int32_t, memory_last, "llama_memory_seq_pos_max", (void *, int32_t))                                                             \
    X(int32_t, memory_first, "llama_memory_seq_pos_min", (void *, int32_t))                                                            \
    X(_Bool, memory_can_shift, "llama_memory_can_shift", (void *))                                                                     \
    X(size_t, sequence_save, "llama_state_seq_save_file", (void *, const char *, int32_t, const int32_t *, size_t))                    \
    X(size_t, sequence_load, "llama_state_seq_load_file", (void *, const char *, int32_t, int32_t *, size_t, size_t *))                \
    X(void *, lora_load, "llama_adapter_lora_init", (void *, const char *))                                                            \
    X(int32_t, lora_use, "llama_set_adapters_lora", (void *, void **, size_t, float *))                                                \
    X(void, lora_free, "llama_adapter_lora_free", (void *))                                                                            \
    X(void *, chain_new, "llama_sampler_chain_init", (LlamaSamplerChainParams))                                                        \
    X(void, chain_add, "llama_sampler_chain_add", (void *, void *))                                                                    \
    X(void, sampler_free, "llama_sampler_free", (void *))                                                                              \
    X(int32_t, sample, "llama_sampler_sample", (void *, void *, int32_t))                                                              \
    X(void *, sampler_greedy, "llama_sampler_init_greedy", (void))                                                                     \
    X(void *, sampler_random, "llama_sampler_init_dist", (uint32_t))                                                                   \
    X(void *, sampler_top_k, "llama_sampler_init_top_k", (int32_t))                                                                    \
    X(void *, sampler_top_p, "llama_sampler_init_top_p", (float, size_t))                                                              \
    X(void *, sampler_temperature, "llama_sampler_init_temp", (float))                                                                 \
    X(void *, sampler_penalties, "llama_sampler_init_penalties", (int32_t, int32_t, float, float, float))                              \
    X(void *, sampler_mirostat, "llama_sampler_init_mirostat", (int32_t, uint32_t, float, float, int32_t))                             \
    X(void *, sampler_mirostat_v2, "llama_sampler_init_mirostat_v2", (uint32_t, float, float))                                         \
    X(size_t, type_bytes, "ggml_type_size", (int32_t))                                                                                 \
    X(int64_t, type_block, "ggml_blck_size", (int32_t))                                                                                \
    X(void, threadpool_params_init, "ggml_threadpool_params_init", (GgmlThreadpoolParams *, int))

static struct {
    void *library;
    int loaded;
#define X(result, field, symbol, arguments) result(*field) arguments;
    LLAMA_FUNCTIONS(X)
#undef X
    /* these two live in the CPU back end, which is a plug-in */
    void *(*threadpool_new)(GgmlThreadpoolParams *);
    void (*threadpool_free)(void *);
} llama;

/* An abort makes libllama log errors; that is no news. */
static volatile int llama_quiet;

static void llama_log(int level, const char *text, void *userdata)
{
    char line[512];
    size_t length = strlen(text);
    (void)userdata;
    if (level != 4 /* error */ || llama_quiet) return;
    if (length >= sizeof line) length = sizeof line - 1;
    memcpy(line, text, length);
    while (length && line[length - 1] == '\n') length--;
    line[length] = 0;
    if (length) LOG_WARNING("llama.cpp: %s", line);
}

/* Default values that stand at both ends of the structs: when they are right, so is the layout in between. */
static int llama_layout_is_known(void)
{
    LlamaModelParams model = llama.model_default_params();
    LlamaContextParams context = llama.context_default_params();
    return model.split_mode == 1 && model.main_gpu == 0 && model.use_extra_bufts && !model.vocab_only && !model.kv_overrides &&
           context.n_ctx == 512 && context.n_batch == 2048 && context.n_ubatch == 512 && context.n_seq_max == 1 &&
           context.type_k == 1 && context.type_v == 1 && context.offload_kqv && !context.kv_unified && context.n_samplers == 0;
}

static int llama_find_functions(void)
{
    int missing = 0;
#define X(result, field, symbol, arguments)                                                                                            \
    *(void **)&llama.field = dlsym(llama.library, symbol);                                                                             \
    if (!llama.field) {                                                                                                                \
        LOG_ERROR("the llama.cpp library lacks %s", symbol);                                                                           \
        missing = 1;                                                                                                                   \
    }
    LLAMA_FUNCTIONS(X)
#undef X
    return missing ? -1 : 0;
}

static int llama_find_cpu_backend(const char *folder)
{
    void *backend;
    llama.backend_init();
    llama.backends_load(folder);
    backend = llama.backend_by_name("CPU");
    if (!backend) {
        LOG_ERROR("no libggml-cpu-*.so in %s suits this processor", folder);
        return -1;
    }
    *(void **)&llama.threadpool_new = llama.backend_proc(backend, "ggml_threadpool_new");
    *(void **)&llama.threadpool_free = llama.backend_proc(backend, "ggml_threadpool_free");
    if (llama.threadpool_new && llama.threadpool_free) return 0;
    LOG_ERROR("the CPU back end of llama.cpp in %s has no thread pools", folder);
    return -1;
}

/* Loads libllama and all beside it from one folder; 0, or -1 with the reason logged. The caller holds the lock of all handles. */
static int llama_open(const char *folder, const char *library)
{
    char path[768]; /* shorter than a log line */
    if (llama.loaded) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, library);
    /* Local: nothing leaks into, or is taken from, a real librkllmrt.so in the same process (that one brings its own ggml). */
    llama.library = dlopen(path, RTLD_NOW);
    if (!llama.library) {
        LOG_ERROR("cannot load llama.cpp (glibc 2.34 and GLIBCXX_3.4.29 or newer are needed): %s", dlerror());
        return -1;
    }
    if (llama_find_functions()) return -1;
    if (strncmp(llama.version(), LLAMA_VERSION, strlen(LLAMA_VERSION)) != 0 || !llama_layout_is_known()) {
        LOG_ERROR("%s is llama.cpp %s, but this runtime needs %s exactly", path, llama.version(), LLAMA_VERSION);
        return -1;
    }
    llama.log_set(llama_log, NULL);
    if (llama_find_cpu_backend(folder)) return -1;
    llama.loaded = 1;
    return 0;
}

#endif
