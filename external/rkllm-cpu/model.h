/* Opening and closing a model. */
#ifndef RKLLM_CPU_MODEL_H
#define RKLLM_CPU_MODEL_H

#include "model_check.h"
#include "sampling.h"
#include "sequence.h"
#include "template.h"

#if RKLLM_ABI >= 130
#define RKLLM_VERSION "1.3.0"
#else
#define RKLLM_VERSION "1.2.3"
#endif

#define DEFAULT_CONTEXT_TOKENS 512
#define DEFAULT_CPUS 4
#define CPUS_MAX 1024

/* Host programs search library files for these texts: the first names the ABI, as in the closed library, the second tells the two apart. */
const char rkllm_cpu_marker[] = "RKLLM SDK (version: " RKLLM_VERSION "), RKLLM CPU runtime";

static int cpus_available(void)
{
    unsigned long bits[CPUS_MAX / 64];
    int count = 0, i;
    memset(bits, 0, sizeof bits);
    if (cpu_affinity(sizeof bits, bits) >= 0)
        for (i = 0; i < CPUS_MAX; i++) count += (int)(bits[i / 64] >> (i % 64) & 1);
    if (count == 0) count = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count;
}

/* More threads than cores wait for one another at every operation, so there are never more. */
static int model_threads(const RKLLMParam *param)
{
    int wanted = param->extend_param.enabled_cpus_num > 0 ? param->extend_param.enabled_cpus_num : DEFAULT_CPUS;
    int available = cpus_available();
    return wanted < available ? wanted : available;
}

static void model_log_cpus(const RKLLMParam *param, int threads)
{
    char list[64];
    int i, length = 0;
    list[0] = 0;
    for (i = 0; i < 8; i++)
        if (param->extend_param.enabled_cpus_mask >> i & 1) length += snprintf(list + length, 8, length ? ", %d" : "%d", i);
    LOG_INFO("Enabled cpus: [%s]", list);
    LOG_INFO("Enabled cpus num: %d", threads);
}

/* What rkllm_init was given, as this ABI reads it: a caller with another layout shows at once. */
static void model_log_param(const RKLLMParam *param)
{
    const RKLLMExtendParam *extend = &param->extend_param;
    if (log_level < 1) return;
    LOG_INFO("parameters: max_context_len %d, n_keep %d, base_domain_id %d, embed_flash %d, enabled_cpus_num %d, enabled_cpus_mask 0x%x, "
             "n_batch %d, temperature %.2f, top_k %d, top_p %.2f, repeat_penalty %.2f, skip_special_token %d",
             param->max_context_len, param->n_keep, extend->base_domain_id, extend->embed_flash, extend->enabled_cpus_num,
             extend->enabled_cpus_mask, extend->n_batch, param->temperature, param->top_k, param->top_p, param->repeat_penalty,
             param->skip_special_token);
}

/* These builds of ggml have no OpenMP, so without a pool they start and join threads at every decode. It does not poll: waiting by
 * spinning collapses as soon as anything else wants a core. */
static int model_add_threadpool(Handle *handle, int threads)
{
    GgmlThreadpoolParams params;
    llama.threadpool_params_init(&params, threads);
    params.poll = 0;
    handle->threadpool = llama.threadpool_new(&params);
    if (!handle->threadpool) return -1;
    llama.threadpool_attach(handle->context, handle->threadpool, handle->threadpool);
    return 0;
}

static int model_add_context(Handle *handle, const RKLLMParam *param)
{
    LlamaContextParams params = llama.context_default_params();
    int threads = model_threads(param);
    params.n_ctx = (uint32_t)handle->context_tokens * (uint32_t)handle->members;
    params.n_batch = CHUNK_TOKENS_MAX;
    params.n_ubatch = CHUNK_TOKENS_MAX; /* the same, so that a stopped decode is taken back as a whole */
    params.n_seq_max = (uint32_t)handle->members;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.pooling_type = 0;
    params.abort_callback = handle_stops_decode;
    params.abort_callback_data = handle;
    model_log_cpus(param, threads);
    handle->context = llama.context_new(handle->model, params);
    handle->memory = handle->context ? llama.memory(handle->context) : NULL;
    if (!handle->memory || model_add_threadpool(handle, threads)) {
        LOG_ERROR("failed to malloc memory for a context of %d tokens", handle->context_tokens);
        return -1;
    }
    return 0;
}

/* What the model is decides whether it can run here at all, and how long its context may be. */
static int model_check_kind(Handle *handle)
{
    int limit = llama.model_context_limit(handle->model);
    const char *type = llama.ftype_name(llama.model_ftype(handle->model));
    handle->vocab = llama.model_vocab(handle->model);
    handle->vocab_size = llama.vocab_size(handle->vocab);
    handle->row_in = llama.model_embd_in(handle->model);
    handle->row_out = llama.model_embd_out(handle->model);
    LOG_INFO("rkllm-toolkit version: unknown, max_context_limit: %d, npu_core_num: 0, target_platform: CPU, model_dtype: %s", limit,
             strncmp(type, "all ", 4) == 0 ? type + 4 : type);
    if (llama.vocab_type(handle->vocab) == 0 || llama.model_has_encoder(handle->model) || !llama.model_has_decoder(handle->model) ||
        llama.model_is_diffusion(handle->model)) {
        LOG_ERROR("this kind of model cannot generate text token by token");
        return -1;
    }
    if (handle->context_tokens <= limit) return 0;
    LOG_ERROR("max_context[%d] must be less than the model's max_context_limit[%d]", handle->context_tokens, limit);
    return -1;
}

static int model_add_sequences(Handle *handle)
{
    int i;
    for (i = 0; i < handle->members; i++) {
        handle->sequences[i].tokens = malloc(sizeof(int32_t) * (size_t)handle->context_tokens);
        if (!handle->sequences[i].tokens) return -1;
        handle->sequences[i].undecoded = NO_TOKEN;
    }
    return 0;
}

static int model_open(Handle *handle, const RKLLMParam *param)
{
    LlamaModelParams params = llama.model_default_params();
    LOG_INFO("loading rkllm model from %s", param->model_path);
    model_log_param(param);
    if (model_check(param->model_path, GGUF_MODEL)) return -1;
    params.n_gpu_layers = 0;
    handle->model = llama.model_load(param->model_path, params);
    if (!handle->model) {
        LOG_ERROR("failed to load the model %s", param->model_path);
        return -1;
    }
    if (model_check_kind(handle) || model_add_context(handle, param) || model_add_sequences(handle)) return -1;
    template_of_model(&handle->template, handle->model);
    chunk_init(&handle->chunk);
    return 0;
}

/* Frees a handle in whatever state it got to. */
static void model_close(Handle *handle)
{
    int i;
    if (handle->context) llama.context_free(handle->context);
    if (handle->threadpool) llama.threadpool_free(handle->threadpool);
    for (i = 0; i < handle->adapter_count; i++) {
        llama.lora_free(handle->adapters[i].adapter);
        free(handle->adapters[i].name);
    }
    if (handle->model) llama.model_free(handle->model);
    for (i = 0; i < MEMBERS_MAX; i++) free(handle->sequences[i].tokens);
    template_free(&handle->template);
    free(handle->rows);
    free(handle->path);
    free(handle);
}

/* A handle with the options of the load, its model yet to be opened; NULL when they make no sense. */
static Handle *model_new(const RKLLMParam *param)
{
    Handle *handle = calloc(1, sizeof *handle);
    if (!handle) return NULL;
    handle->context_tokens = param->max_context_len > 0 ? param->max_context_len : DEFAULT_CONTEXT_TOKENS;
    handle->new_tokens_max = param->max_new_tokens;
    handle->keep_tokens = param->n_keep;
    handle->members = param->extend_param.n_batch > 0 ? param->extend_param.n_batch : 1;
    handle->skip_special = param->skip_special_token;
#if RKLLM_ABI >= 130
    handle->ignore_end = param->ignore_eos_token;
#endif
    handle->adapter_in_use = NO_ADAPTER;
    SAMPLING_COPY(handle->sampling, *param);
    if (handle->members <= MEMBERS_MAX && handle->context_tokens > CONTEXT_RESERVE &&
        handle->context_tokens <= 0x7fffffff / MEMBERS_MAX && sampling_is_valid(&handle->sampling))
        return handle;
    LOG_ERROR("the parameters are out of range (max_context_len %d, n_batch %d)", handle->context_tokens, handle->members);
    free(handle);
    return NULL;
}

static int model_add_adapter(Handle *handle, const RKLLMLoraAdapter *lora)
{
    Adapter *adapter = &handle->adapters[handle->adapter_count];
    if (handle->adapter_count == ADAPTERS_MAX) {
        LOG_ERROR("no more than %d LoRA adapters can be loaded", ADAPTERS_MAX);
        return -1;
    }
    if (model_check(lora->lora_adapter_path, GGUF_ADAPTER)) return -1;
    adapter->adapter = llama.lora_load(handle->model, lora->lora_adapter_path);
    if (!adapter->adapter) {
        LOG_ERROR("failed to load the LoRA adapter %s", lora->lora_adapter_path);
        return -1;
    }
    adapter->name = copy_text(lora->lora_adapter_name);
    adapter->scale = lora->scale;
    handle->adapter_count++;
    return 0;
}

#endif
