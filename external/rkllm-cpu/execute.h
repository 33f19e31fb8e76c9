/* A prepared run from its first decode to its last callback, on the caller's thread or on one of its own. */
#ifndef RKLLM_CPU_EXECUTE_H
#define RKLLM_CPU_EXECUTE_H

#include "generate.h"

/* The npu-lock mood: one run at a time on this machine, as if all handles of all processes shared one NPU. The kernel drops the lock of
 * a process that dies. Returns the descriptor to close, or -1. */
static int npu_lock(void)
{
    const char *path = getenv("RKLLM_CPU_NPU_LOCK");
    int descriptor;
    if (!mood(MOOD_NPU_LOCK)) return -1;
    descriptor = open(path ? path : "/tmp/rkllm-cpu-npu.lock", O_RDWR | O_CREAT, 0666);
    if (descriptor >= 0) flock(descriptor, LOCK_EX);
    return descriptor;
}

/* Two NORMAL callbacks, the first without data, as the closed library does. Whatever part of the prompt the KV cache held already was not
 * computed again, and the closed library then returns zeros: callers have to clear the cache before every embedding. */
static Ending deliver_hidden_layer(Run *run)
{
    Handle *handle = run->handle;
    size_t row_bytes = (size_t)handle->row_out * sizeof(float);
    int i;
    results_clear(run);
    if (results_deliver(run, RKLLM_RUN_NORMAL) == CALLBACK_PAUSE) return RUN_PAUSED;
    results_clear(run);
    for (i = 0; i < handle->members; i++) {
        Member *member = &run->members[i];
        RKLLMResultLastHiddenLayer *layer = &run->results[i].last_hidden_layer;
        if (member->prompt.count == 0) continue;
        char *rows = (char *)handle->rows + (size_t)member->first_row * row_bytes;
        if (member->stale) memset(rows, 0, (size_t)member->prompt.count * row_bytes);
        layer->hidden_states = (const float *)rows;
        layer->embd_size = handle->row_out;
        layer->num_tokens = member->prompt.count;
    }
    return results_deliver(run, RKLLM_RUN_NORMAL) == CALLBACK_PAUSE ? RUN_PAUSED : RUN_ENDED;
}

static Ending run_to_ending(Run *run)
{
    Handle *handle = run->handle;
    int hidden = run->mode == RKLLM_INFER_GET_LAST_HIDDEN_LAYER;
    Decoded outcome;
    if (hidden) llama.set_embeddings(handle->context, 1);
    outcome = prefill(run);
    if (hidden) llama.set_embeddings(handle->context, 0);
    run->prefilled_us = clock_us();
    if (outcome == DECODE_FAILED) return RUN_BROKEN;
    if (outcome == DECODE_STOPPED) return RUN_ENDED;
    if (run->cache_path) prompt_cache_save(handle, run->cache_path);
    if (handle_stops(handle) && !mood(MOOD_LATE_TOKEN)) return RUN_ENDED;
    return hidden ? deliver_hidden_layer(run) : generate(run);
}

/* After a pause the KV cache stays and the next run continues it; what was sampled last is the caller's to keep or to replace. */
static void run_pause(Run *run)
{
    Handle *handle = run->handle;
    int i;
    for (i = 0; i < handle->members; i++) handle->sequences[i].undecoded = NO_TOKEN;
    handle->paused = 1;
    handle->paused_keep_history = run->keep_history;
}

/* The leak mood: memory that is used and never given back. */
static void keep_memory(size_t bytes)
{
    char *kept = bytes ? malloc(bytes) : NULL;
    if (kept) memset(kept, 1, bytes);
}

static int run_execute(Run *run)
{
    Handle *handle = run->handle;
    int lock = npu_lock(), i;
    Ending ending;
    run->started_us = clock_us();
    handle->paused = 0;
    handle->aborted |= handle->abort_waits;
    handle->abort_waits = 0;
    keep_memory((size_t)mood(MOOD_LEAK) * 1000);
    if (run->mode != RKLLM_INFER_GENERATE && run_reserve_rows(run)) {
        ending = RUN_BROKEN;
    } else {
        run_use_adapter(run);
        for (i = 0; i < handle->members; i++) member_begin(run, i);
        ending = run_to_ending(run);
    }
    if (lock >= 0) close(lock);
    if (ending == RUN_PAUSED) {
        run_pause(run);
    } else if (ending == RUN_ENDED) {
        deliver_finish(run);
    } else {
        LOG_ERROR("the run failed");
        results_clear(run);
        results_deliver(run, RKLLM_RUN_ERROR);
    }
    return ending == RUN_BROKEN || (mood(MOOD_FAIL_ABORTED) && handle->aborted) ? -1 : 0;
}

static void *run_thread(void *argument)
{
    Run *run = argument;
    run->status = run_execute(run);
    return NULL;
}

/* Runs to the end; the foreign-thread mood lets the callbacks come from a thread that the caller has never seen. */
static int run_and_wait(Run *run)
{
    pthread_t thread;
    if (!mood(MOOD_FOREIGN_THREAD)) return run_execute(run);
    if (pthread_create(&thread, NULL, run_thread, run) != 0) return -1;
    pthread_join(thread, NULL);
    return run->status;
}

static void *run_async_thread(void *argument)
{
    Run *run = argument;
    Handle *handle = run->handle;
    run_execute(run);
    run_free(run);
    handle_end(handle);
    return NULL;
}

static int run_in_background(Run *run)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_async_thread, run) != 0) return -1;
    pthread_detach(thread);
    return 0;
}

#endif
