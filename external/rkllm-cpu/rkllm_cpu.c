/* The RKLLM C ABI on the CPU: GGUF models through llama.cpp's shared libraries.
 *
 * One translation unit in parts, so that a bare TinyCC can build it in one go (see README.md):
 *
 *   rkllm.h        the ABI                          sampling.h   the next token
 *   libc.h         the C library                    template.h   prompt text
 *   log.h          log lines                        prompt.h     the input of a run, checked
 *   moods.h        misbehaviour on demand           run.h        a run's options and state
 *   llama_abi.h    llama.cpp                        deliver.h    results to the callback
 *   model_check.h  GGUF files                       generate.h   prefill and decode
 *   handle.h       what a handle is                 execute.h    a run from start to end, threads
 *   sequence.h     the KV cache                     model.h      opening and closing
 *   settings.h     the calls that change a handle between runs
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, sched_getaffinity */
#endif

#include "rkllm.h"

#include "execute.h"
#include "model.h"
#include "settings.h"

/* ---- loading llama.cpp ---- */

/* Loads the library `library` (LLAMA_LIBRARY when NULL) and all it needs from the folder `folder`; 0, or -1 (see rkllm_cpu_error). */
int rkllm_cpu_load(const char *folder, const char *library)
{
    int status;
    if (libc_load()) return -1;
    log_read_level();
    if (!folder) return -1;
    pthread_mutex_lock(&handles_lock);
    status = llama_open(folder, library ? library : LLAMA_LIBRARY);
    pthread_mutex_unlock(&handles_lock);
    return status;
}

/* The last error logged, "" when there was none. */
const char *rkllm_cpu_error(void) { return last_error; }

/* Replaces all moods (a comma list); from now on RKLLM_CPU_MOODS is not read. */
void rkllm_cpu_set_moods(const char *list)
{
    if (libc_load()) return;
    moods_set_by_call = 1;
    moods_parse(list);
}

/* Without rkllm_cpu_load: the folder in RKLLM_CPU_LIBDIR, else the one this library lies in. */
static int load_by_default(void)
{
    char folder[1024];
    const char *named = getenv("RKLLM_CPU_LIBDIR");
    char *slash;
    Dl_info self;
    if (llama.loaded) return 0;
    if (named) return rkllm_cpu_load(named, NULL);
    if (!dladdr((const void *)rkllm_cpu_marker, &self) || !self.dli_fname || strlen(self.dli_fname) >= sizeof folder) {
        LOG_ERROR("llama.cpp is not loaded: call rkllm_cpu_load or set RKLLM_CPU_LIBDIR");
        return -1;
    }
    memcpy(folder, self.dli_fname, strlen(self.dli_fname) + 1);
    slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    return rkllm_cpu_load(slash ? folder : ".", NULL);
}

/* ---- the ABI ---- */

RKLLMParam rkllm_createDefaultParam(void)
{
    RKLLMParam param;
    memset(&param, 0, sizeof param);
    param.max_context_len = DEFAULT_CONTEXT_TOKENS;
    param.max_new_tokens = -1;
    param.top_k = 40;
    param.top_p = 0.9f;
    param.temperature = 0.8f;
    param.repeat_penalty = 1.1f;
    param.mirostat_tau = 5.0f;
    param.mirostat_eta = 0.1f;
    param.skip_special_token = 1;
#if RKLLM_ABI < 130
    param.img_start = param.img_end = param.img_content = "";
#endif
    param.extend_param.n_batch = 1;
    return param;
}

/* The moods of rkllm_init; non-zero when it is to fail. */
static int init_moods(const RKLLMParam *param)
{
    int batch_mood = mood(MOOD_CRASH_BATCH) / 1000;
    if (mood(MOOD_FAIL_INIT)) return -1;
    if (mood(MOOD_CRASH_INIT) || (batch_mood && param->extend_param.n_batch >= batch_mood)) crash();
    hang_while(MOOD_HANG_INIT);
    sleep_us(mood(MOOD_SLOW_INIT));
    if (mood(MOOD_FALSE_ALARM)) LOG_ERROR("failed to load what it needs");
    if (mood(MOOD_STRICT_CONTEXT) && param->max_context_len % 32) {
        LOG_ERROR("max_context_len %d is no multiple of 32", param->max_context_len);
        return -1;
    }
#if RKLLM_ABI < 130
    if (!param->img_start || !param->img_end || !param->img_content) {
        if (mood(MOOD_CRASH_NULL_IMG)) crash();
        if (mood(MOOD_FAIL_NULL_IMG)) return -1;
    }
#endif
    return 0;
}

static Handle *init_handle(const RKLLMParam *param)
{
    Handle *handle = model_new(param);
    if (handle && model_open(handle, param) == 0) return handle;
    if (handle) model_close(handle);
    return NULL;
}

#if RKLLM_ABI >= 130
int rkllm_init(LLMHandle *out, RKLLMParam *param, RKLLMCallback *callback)
#else
int rkllm_init(LLMHandle *out, RKLLMParam *param, LLMResultCallback callback)
#endif
{
    Handle *handle;
    int unknown_mood;
    if (!out || !param || !callback || libc_load()) return -1;
    *out = NULL;
    log_read_level();
    unknown_mood = moods_read();
    LOG_INFO("rkllm-runtime version: %s, rknpu driver version: none, platform: CPU", RKLLM_VERSION);
    if (unknown_mood || init_moods(param)) return -1;
    if (mood(MOOD_INIT_NULL)) return 0;
    if (!param->model_path) {
        LOG_ERROR("model_path is NULL");
        return -1;
    }
    if (load_by_default()) return -1;
    handle = init_handle(param);
    if (!handle) return -1;
#if RKLLM_ABI >= 130
    handle->result_callback = callback->result_callback;
    handle->result_userdata = callback->result_userdata;
    handle->tokenizer_callback = callback->tokenizer_callback;
    handle->tokenizer_userdata = callback->tokenizer_userdata;
    handle->lent_callback = mood(MOOD_BORROW_CALLBACK) ? callback : NULL;
#else
    handle->result_callback = callback;
#endif
    handle->lent_path = mood(MOOD_BORROW_STRINGS) ? param->model_path : NULL;
    handle->path = copy_text(param->model_path);
    handles_add(handle);
    *out = handle;
    return 0;
}

int rkllm_destroy(LLMHandle wanted)
{
    Handle *handle;
    if (mood(MOOD_FAIL_DESTROY)) return -1;
    handle = handles_take(wanted);
    if (!handle) return -1;
    if (mood(MOOD_CRASH_DESTROY)) crash();
    hang_while(MOOD_HANG_DESTROY);
    llama_quiet = 1;
    handle->aborted = 1;
    while (handle->running) sleep_us(200);
    model_close(handle);
    return 0;
}

int rkllm_run(LLMHandle wanted, RKLLMInput *input, RKLLMInferParam *options, void *userdata)
{
    Handle *handle;
    Run *run;
    int status;
    if (!input || mood(MOOD_FAIL_RUN)) return -1;
    be_loud(MOOD_LOUD_LINES, "I rkllm: one of many lines, as if it were debugged\n");
    be_loud(MOOD_LOUD_BLOB, "one of many words, as if somebody printed a tensor ");
    handle = handle_begin(wanted);
    if (!handle) return -1;
    run = run_prepare(handle, input, options, userdata);
    status = run ? run_and_wait(run) : -1;
    if (run) run_free(run);
    handle_end(handle);
    return status;
}

int rkllm_run_async(LLMHandle wanted, RKLLMInput *input, RKLLMInferParam *options, void *userdata)
{
    Handle *handle;
    Run *run;
    if (!input || mood(MOOD_FAIL_RUN_ASYNC)) return -1;
    handle = handle_begin(wanted);
    if (!handle) return -1;
    run = run_prepare(handle, input, options, userdata);
    if (run && run_in_background(run) == 0) return 0;
    if (run) run_free(run);
    handle_end(handle);
    return -1;
}

int rkllm_abort(LLMHandle wanted)
{
    Handle *handle;
    if (mood(MOOD_FAIL_ABORT) || !wanted || !handles) return -1;
    pthread_mutex_lock(&handles_lock);
    handle = handle_find(wanted);
    if (handle && handle->running) {
        llama_quiet = 1;
        handle->aborted = handle->ever_aborted = 1;
    } else if (handle && mood(MOOD_STICKY_ABORT)) {
        handle->abort_waits = 1;
    }
    pthread_mutex_unlock(&handles_lock);
    return handle ? 0 : -1;
}

/* The published headers contradict each other: 1.2 documents 0 while a task runs, 1.3.0 documents 1. */
int rkllm_is_running(LLMHandle wanted)
{
    Handle *handle;
    int running;
    if (mood(MOOD_FAIL_IS_RUNNING) || !wanted || !handles) return -1;
    pthread_mutex_lock(&handles_lock);
    handle = handle_find(wanted);
    running = handle ? handle->running : 0;
    pthread_mutex_unlock(&handles_lock);
    if (!handle) return -1;
    return RKLLM_ABI >= 130 ? running : !running;
}

/* ---- addresses ---- */

#define EXPORTS(X)                                                                                                                     \
    X(rkllm_createDefaultParam) X(rkllm_init) X(rkllm_destroy) X(rkllm_run) X(rkllm_run_async) X(rkllm_abort) X(rkllm_is_running)      \
    X(rkllm_clear_kv_cache) X(rkllm_get_kv_cache_size) X(rkllm_set_chat_template) X(rkllm_set_function_tools)                          \
    X(rkllm_set_cross_attn_params) X(rkllm_load_lora) X(rkllm_load_prompt_cache) X(rkllm_release_prompt_cache)                         \
    X(rkllm_cpu_load) X(rkllm_cpu_error) X(rkllm_cpu_set_moods)

/* The address of a function by its name, NULL when there is none: a program that compiles this file in memory has no dlsym for it. */
void *rkllm_cpu_symbol(const char *name)
{
    static const struct {
        const char *name;
        void *address;
    } exports[] = {
#define X(function) { #function, (void *)function },
        EXPORTS(X)
#undef X
    };
    size_t i;
    if (libc_load() || !name) return NULL;
    for (i = 0; i < sizeof exports / sizeof exports[0]; i++)
        if (strcmp(exports[i].name, name) == 0) return exports[i].address;
    return NULL;
}
