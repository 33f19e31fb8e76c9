/* One run: what was asked, and how far each member of the batch is. */
#ifndef RKLLM_CPU_RUN_H
#define RKLLM_CPU_RUN_H

#include "prompt.h"
#include "sampling.h"

#define PIECE_BYTES_MAX 1024 /* text of one token, plus what waits for the rest of its character */

typedef struct {
    Prompt prompt;
    int next;      /* prompt entries before this one are in the KV cache or need not be */
    int prefilled; /* of these, newly computed in this run */
    int first_row; /* where its output starts in handle->rows */
    int stale;     /* the KV cache held a part of the prompt already */
    int alive;
    int32_t token;
    void *sampler;
    char piece[PIECE_BYTES_MAX];
    int piece_length;
    int delivered;
} Member;

typedef struct {
    Handle *handle;
    RKLLMInferMode mode;
    int continues, keep_history, adapter, new_tokens_max;
    Sampling sampling;
    char *cache_path;
    void *userdata;
    int64_t started_us, prefilled_us;
    int steps; /* deliveries so far */
    int status;
    RKLLMResult results[MEMBERS_MAX];
    Member members[MEMBERS_MAX];
} Run;

static void run_free(Run *run)
{
    int i;
    for (i = 0; i < run->handle->members; i++) {
        prompt_free(&run->members[i].prompt);
        if (run->members[i].sampler) llama.sampler_free(run->members[i].sampler);
    }
    free(run->cache_path);
    free(run);
}

static int run_take_adapter(Run *run, const RKLLMLoraParam *lora)
{
    Handle *handle = run->handle;
    run->adapter = NO_ADAPTER;
    if (!lora || !lora->lora_adapter_name) return 0;
    for (run->adapter = handle->adapter_count - 1; run->adapter >= 0; run->adapter--)
        if (strcmp(handle->adapters[run->adapter].name, lora->lora_adapter_name) == 0) return 0;
    LOG_ERROR("no LoRA adapter named %s is loaded", lora->lora_adapter_name);
    return -1;
}

static int run_take_options(Run *run, const RKLLMInferParam *options)
{
    Handle *handle = run->handle;
    run->sampling = handle->sampling;
    run->new_tokens_max = handle->new_tokens_max;
    run->adapter = NO_ADAPTER;
    if (!options) return 0;
    run->mode = options->mode;
    run->keep_history = options->keep_history != 0;
#if RKLLM_ABI >= 130
    if (options->sampling_params) SAMPLING_COPY(run->sampling, *options->sampling_params);
    if (options->max_new_tokens > 0) run->new_tokens_max = options->max_new_tokens;
#endif
    if (options->prompt_cache_params && options->prompt_cache_params->save_prompt_cache)
        run->cache_path = strdup(options->prompt_cache_params->prompt_cache_path ? options->prompt_cache_params->prompt_cache_path
                                                                                 : "./prompt_cache.bin");
    return run_take_adapter(run, options->lora_params);
}

static int run_check_options(const Run *run)
{
    int mode = (int)run->mode;
    if (mode < RKLLM_INFER_GENERATE || mode > RKLLM_INFER_GET_LOGITS) {
        LOG_ERROR("inference mode %d is unknown", mode);
        return -1;
    }
    if (mood(MOOD_NO_HIDDEN) && mode == RKLLM_INFER_GET_LAST_HIDDEN_LAYER) return -1;
    if (mood(MOOD_NO_LOGITS) && mode == RKLLM_INFER_GET_LOGITS) return -1;
    if (mode == RKLLM_INFER_GET_LOGITS && run->handle->members > 1) {
        LOG_ERROR("logits cannot be had with n_batch above 1");
        return -1;
    }
    if (!sampling_is_valid(&run->sampling)) {
        LOG_ERROR("the sampling values are out of range");
        return -1;
    }
    return 0;
}

/* Of the mood that has not copied the path. */
static int run_check_path(const Handle *handle)
{
    if (!handle->lent_path || !handle->path || strcmp(handle->lent_path, handle->path) == 0) return 0;
    LOG_ERROR("the model's path is another than it was");
    return -1;
}

/* Everything that can fail by the caller's fault, done on the caller's thread before any callback. What the caller passed is copied, so
 * it may be gone as soon as rkllm_run_async returns. NULL with the reason logged. */
static Run *run_prepare(Handle *handle, const RKLLMInput *inputs, const RKLLMInferParam *options, void *userdata)
{
    Run *run = calloc(1, sizeof *run);
    int i, failed, present = 0;
    if (!run) return NULL;
    run->handle = handle;
    run->userdata = userdata ? userdata : handle->result_userdata;
    failed = run_take_options(run, options) || run_check_options(run) || run_check_path(handle);
    run->continues = run->keep_history || handle->paused;
    for (i = 0; i < handle->members && !failed; i++) {
        failed = prompt_build(handle, i, &inputs[i], run->continues, &run->members[i].prompt);
        present += run->members[i].prompt.count > 0;
    }
    if (!failed && !present) LOG_ERROR("no member of the batch has a prompt");
    if (!failed && present) return run;
    run_free(run);
    return NULL;
}

#endif
