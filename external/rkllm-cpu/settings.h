/* The calls of the ABI that look at or change a handle between runs: KV cache, chat template, tools, adapters. */
#ifndef RKLLM_CPU_SETTINGS_H
#define RKLLM_CPU_SETTINGS_H

#include "model.h"

/* Ranges are legal only after a pause of a run without keep_history, so says the published header. */
static int clear_ranges(Handle *handle, const int *from, const int *to)
{
    int i, failed = 0;
    if (!handle->paused || handle->paused_keep_history) {
        LOG_ERROR("ranges of the kv cache can be cleared only while a run without keep_history is paused");
        return -1;
    }
    for (i = 0; i < handle->members; i++)
        if (from[i] < to[i]) failed |= sequence_remove(handle, i, from[i], to[i]);
    return failed;
}

int rkllm_clear_kv_cache(LLMHandle wanted, int keep_system_prompt, int *start_pos, int *end_pos)
{
    Handle *handle = mood(MOOD_FAIL_CLEAR_KV_CACHE) ? NULL : handle_begin(wanted);
    int i, status = 0;
    if (!handle) return -1;
    if (start_pos && end_pos) {
        status = clear_ranges(handle, start_pos, end_pos);
    } else {
        for (i = 0; i < handle->members; i++) sequence_cut(handle, i, keep_system_prompt ? handle->sequences[i].system_count : 0);
        handle->paused = 0;
    }
    handle_end(handle);
    return status;
}

int rkllm_get_kv_cache_size(LLMHandle wanted, int *cache_sizes)
{
    Handle *handle;
    int i;
    if (mood(MOOD_FAIL_GET_KV_CACHE_SIZE) || !cache_sizes || !wanted || !handles) return -1;
    pthread_mutex_lock(&handles_lock);
    handle = handle_find(wanted);
    for (i = 0; handle && i < handle->members; i++) cache_sizes[i] = handle->sequences[i].count;
    pthread_mutex_unlock(&handles_lock);
    return handle ? 0 : -1;
}

int rkllm_set_chat_template(LLMHandle wanted, const char *system_prompt, const char *prompt_prefix, const char *prompt_postfix)
{
    Handle *handle = mood(MOOD_FAIL_SET_CHAT_TEMPLATE) ? NULL : handle_begin(wanted);
    if (!handle) return -1;
    template_set(&handle->template, system_prompt, prompt_prefix, prompt_postfix);
    sequences_clear(handle);
    handle->paused = 0;
    handle_end(handle);
    return 0;
}

int rkllm_set_function_tools(LLMHandle wanted, const char *system_prompt, const char *tools, const char *tool_response_str)
{
    Handle *handle = mood(MOOD_FAIL_SET_FUNCTION_TOOLS) ? NULL : handle_begin(wanted);
    int status;
    if (!handle) return -1;
    status = template_set_tools(&handle->template, system_prompt, tools, tool_response_str);
    if (status) {
        LOG_ERROR("function tools need a chat template");
    } else {
        sequences_clear(handle);
        handle->paused = 0;
    }
    handle_end(handle);
    return status;
}

/* No GGUF model that runs here has cross attention: only detaching succeeds. */
int rkllm_set_cross_attn_params(LLMHandle wanted, RKLLMCrossAttnParam *cross_attn_params)
{
    Handle *handle = mood(MOOD_FAIL_SET_CROSS_ATTN_PARAMS) ? NULL : handle_begin(wanted);
    if (!handle) return -1;
    if (cross_attn_params) LOG_ERROR("cross attention is not supported on the CPU");
    handle_end(handle);
    return cross_attn_params ? -1 : 0;
}

int rkllm_load_lora(LLMHandle wanted, RKLLMLoraAdapter *lora_adapter)
{
    Handle *handle = mood(MOOD_FAIL_LOAD_LORA) || !lora_adapter || !lora_adapter->lora_adapter_path || !lora_adapter->lora_adapter_name
                         ? NULL
                         : handle_begin(wanted);
    int status;
    if (!handle) return -1;
    status = model_add_adapter(handle, lora_adapter);
    handle_end(handle);
    return status;
}

int rkllm_load_prompt_cache(LLMHandle wanted, const char *prompt_cache_path)
{
    Handle *handle = mood(MOOD_FAIL_LOAD_PROMPT_CACHE) || !prompt_cache_path ? NULL : handle_begin(wanted);
    int status;
    if (!handle) return -1;
    if (mood(MOOD_CRASH_CACHE) && handle->ever_aborted) crash();
    status = prompt_cache_load(handle, prompt_cache_path);
    handle->paused = 0;
    handle_end(handle);
    return status;
}

int rkllm_release_prompt_cache(LLMHandle wanted)
{
    Handle *handle = mood(MOOD_FAIL_RELEASE_PROMPT_CACHE) ? NULL : handle_begin(wanted);
    if (!handle) return -1;
    sequence_forget(handle, 0);
    handle->paused = 0;
    handle_end(handle);
    return 0;
}

#endif
