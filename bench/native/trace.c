/* A librkllmrt.so that passes every call on to another one and writes down when things happen at the border: RKLLM_TRACE_LIBRARY names the
 * other, RKLLM_TRACE_FILE where the stamps go. Nothing of the program under measurement has to be changed for it, and on a board it stands
 * before Rockchip's own library as well (1.3.0; build without -DTRACE_CPU_RUNTIME). */
#include "stamps.h"

#include <dlfcn.h>
#include <string.h>

#include "../../external/rkllm-cpu/rkllm.h"

/* What the program looks for in a library's file before it loads it. */
__attribute__((used)) static const char version_text[] = "RKLLM SDK (version: 1.3.0 traced)";
#ifdef TRACE_CPU_RUNTIME
__attribute__((used)) static const char cpu_text[] = "RKLLM CPU runtime";
#endif

enum { RUN_BEGIN = 1, RUN_MEMBER = 2, CALLBACK = 3, CALLBACK_END = 4, RUN_END = 5, ABORT = 6, MEMBER_TEXT = 7 };
#define MEMBERS_MAX 32

static void *library;
static LLMResultCallback result_callback;
static int members = 1;
static volatile int run_number;

static void *look_up(const char *name)
{
    void *found = library ? dlsym(library, name) : NULL;
    if (!found) fprintf(stderr, "trace: %s is not there: set RKLLM_TRACE_LIBRARY\n", name);
    return found;
}

__attribute__((constructor)) static void trace_open(void)
{
    const char *path = getenv("RKLLM_TRACE_LIBRARY");
    stamps_open("RKLLM_TRACE_FILE");
    library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (path && !library) fprintf(stderr, "trace: %s\n", dlerror());
}

/* CALLBACK: state, run. MEMBER_TEXT: run, member, bytes of text; of those members only that have a token. The clock is read before all else. */
static int on_result(RKLLMResult *results, void *userdata, LLMCallState state)
{
    int64_t entered = now_ns();
    int verdict, i, run = run_number;
    stamp_at(entered, CALLBACK, (int)state, run, 0);
    for (i = 0; results && i < members && (state == RKLLM_RUN_NORMAL || state == RKLLM_RUN_WAITING); i++)
        if (results[i].token_id >= 0)
            stamp_at(entered, MEMBER_TEXT, run, i, results[i].text ? (int)strlen(results[i].text) : 0);
    verdict = result_callback ? result_callback(results, userdata, state) : 0;
    stamp_at(now_ns(), CALLBACK_END, (int)state, run, 0);
    return verdict;
}

RKLLMParam rkllm_createDefaultParam(void)
{
    RKLLMParam (*next)(void) = look_up("rkllm_createDefaultParam");
    return next();
}

int rkllm_init(LLMHandle *handle, RKLLMParam *param, RKLLMCallback *callback)
{
    int (*next)(LLMHandle *, RKLLMParam *, RKLLMCallback *) = look_up("rkllm_init");
    RKLLMCallback traced;
    if (!next || !param || !callback) return -1;
    traced = *callback;
    result_callback = callback->result_callback;
    traced.result_callback = on_result;
    members = param->extend_param.n_batch ? param->extend_param.n_batch : 1;
    if (members > MEMBERS_MAX) members = MEMBERS_MAX;
    return next(handle, param, &traced);
}

/* RUN_MEMBER: run, member, tokens of its prompt. */
int rkllm_run(LLMHandle handle, RKLLMInput *input, RKLLMInferParam *options, void *userdata)
{
    int (*next)(LLMHandle, RKLLMInput *, RKLLMInferParam *, void *) = look_up("rkllm_run");
    int64_t entered = now_ns();
    int run = ++run_number, status, i;
    stamp_at(entered, RUN_BEGIN, run, members, 0);
    for (i = 0; input && i < members; i++)
        if (input[i].input_type == RKLLM_INPUT_TOKEN) stamp_at(entered, RUN_MEMBER, run, i, (int)input[i].token_input.n_tokens);
    status = next(handle, input, options, userdata);
    stamp_at(now_ns(), RUN_END, run, status, 0);
    return status;
}

int rkllm_abort(LLMHandle handle)
{
    int (*next)(LLMHandle) = look_up("rkllm_abort");
    stamp_at(now_ns(), ABORT, run_number, 0, 0);
    return next(handle);
}

/* The rest goes through as it is. */
#define PASS(name, parameters, arguments)                                                                                              \
    int name parameters                                                                                                                \
    {                                                                                                                                  \
        int (*next) parameters = look_up(#name);                                                                                       \
        return next ? next arguments : -1;                                                                                             \
    }
PASS(rkllm_run_async, (LLMHandle a, RKLLMInput *b, RKLLMInferParam *c, void *d), (a, b, c, d))
PASS(rkllm_load_lora, (LLMHandle a, RKLLMLoraAdapter *b), (a, b))
PASS(rkllm_load_prompt_cache, (LLMHandle a, const char *b), (a, b))
PASS(rkllm_release_prompt_cache, (LLMHandle a), (a))
PASS(rkllm_destroy, (LLMHandle a), (a))
PASS(rkllm_is_running, (LLMHandle a), (a))
PASS(rkllm_clear_kv_cache, (LLMHandle a, int b, int *c, int *d), (a, b, c, d))
PASS(rkllm_get_kv_cache_size, (LLMHandle a, int *b), (a, b))
PASS(rkllm_set_chat_template, (LLMHandle a, const char *b, const char *c, const char *d), (a, b, c, d))
PASS(rkllm_set_function_tools, (LLMHandle a, const char *b, const char *c, const char *d), (a, b, c, d))
PASS(rkllm_set_cross_attn_params, (LLMHandle a, RKLLMCrossAttnParam *b), (a, b))
