/* The run itself: prefill, then token after token. */
#ifndef RKLLM_CPU_GENERATE_H
#define RKLLM_CPU_GENERATE_H

#include "deliver.h"

typedef enum { RUN_ENDED, RUN_PAUSED, RUN_BROKEN } Ending;

/* Decides what of the prompt the KV cache already holds: nothing is kept that differs, and one token at least must be computed anew. */
static void member_begin(Run *run, int index)
{
    Handle *handle = run->handle;
    Member *member = &run->members[index];
    const Prompt *prompt = &member->prompt;
    int common = 0;
    if (prompt->count == 0) return; /* what its KV cache holds is kept for another run */
    member->alive = 1;
    if (!run->continues) {
        int fresh = mood(MOOD_NO_REUSE) || (mood(MOOD_FRESH_ROWS) && run->mode == RKLLM_INFER_GET_LAST_HIDDEN_LAYER);
        if (prompt->tokens && run->mode != RKLLM_INFER_GET_LOGITS && !fresh)
            common = sequence_common_prefix(&handle->sequences[index], prompt->tokens, prompt->count - 1);
        member->next = sequence_cut(handle, index, common);
        member->stale = member->next > 0;
    }
    if (prompt->system_count) handle->sequences[index].system_count = prompt->system_count;
    member->sampler = sampler_new(handle, &run->sampling, index);
    if (log_level >= 2) LOG_INFO("current kv cache size: %d, prompt tokens: %d", handle->sequences[index].count, prompt->count);
}

/* Rows of another adapter are not this one's: unless the caller insists on the history, they are dropped. */
static void run_use_adapter(Run *run)
{
    Handle *handle = run->handle;
    Adapter *adapter = run->adapter == NO_ADAPTER ? NULL : &handle->adapters[run->adapter];
    if (run->adapter == handle->adapter_in_use) return;
    if (!run->continues) sequences_clear(handle);
    llama.lora_use(handle->context, adapter ? &adapter->adapter : NULL, adapter ? 1 : 0, adapter ? &adapter->scale : NULL);
    handle->adapter_in_use = run->adapter;
}

static size_t run_row_floats(const Run *run)
{
    return (size_t)(run->mode == RKLLM_INFER_GET_LOGITS ? run->handle->vocab_size : run->handle->row_out);
}

/* Room for one output row of every prompt token. */
static int run_reserve_rows(Run *run)
{
    Handle *handle = run->handle;
    size_t rows = 0, bytes;
    int i;
    for (i = 0; i < handle->members; i++) {
        run->members[i].first_row = (int)rows;
        rows += (size_t)run->members[i].prompt.count;
    }
    bytes = rows * run_row_floats(run) * sizeof(float);
    if (bytes <= handle->rows_bytes) return 0;
    rows_free(handle);
    handle->rows = malloc(bytes);
    if (!handle->rows) {
        LOG_ERROR("no memory for %lu MB of output rows", (unsigned long)(bytes >> 20));
        return -1;
    }
    handle->rows_bytes = bytes;
    return 0;
}

/* Queues prompt entries of all members until the chunk is full; embedding rows share a chunk with nothing else. */
static void prefill_fill(Run *run)
{
    Handle *handle = run->handle;
    Chunk *chunk = &handle->chunk;
    int i;
    chunk_start(chunk);
    for (i = 0; i < handle->members; i++) {
        Member *member = &run->members[i];
        const Prompt *prompt = &member->prompt;
        int position = handle->sequences[i].count;
        if (member->next == prompt->count) continue;
        if (chunk->rows || (prompt->rows && chunk->count)) return;
        if (prompt->rows) chunk->rows = prompt->rows + (size_t)member->next * (size_t)handle->row_in;
        while (member->next < prompt->count && chunk->count < CHUNK_TOKENS_MAX) {
            int last = member->next == prompt->count - 1;
            int32_t token = prompt->tokens ? prompt->tokens[member->next] : NO_TOKEN;
            chunk_add(chunk, i, token, position++, last || run->mode != RKLLM_INFER_GENERATE);
            member->next++;
        }
    }
}

/* Takes what a computed chunk gave: output rows where they are asked for, and the first token of members whose prompt ended in it. */
static void prefill_take(Run *run)
{
    Handle *handle = run->handle;
    const Chunk *chunk = &handle->chunk;
    size_t row_floats = run_row_floats(run);
    const float *rows = run->mode == RKLLM_INFER_GENERATE ? NULL
                        : run->mode == RKLLM_INFER_GET_LOGITS ? llama.logits(handle->context)
                                                              : llama.embeddings(handle->context);
    int i;
    for (i = 0; i < chunk->count; i++) {
        int index = chunk->members[i];
        Member *member = &run->members[index];
        int entry = chunk->positions[i] - (handle->sequences[index].count - member->next); /* its place in the prompt */
        member->prefilled++;
        if (rows)
            memcpy(handle->rows + ((size_t)member->first_row + (size_t)entry) * row_floats, rows + (size_t)i * row_floats,
                   row_floats * sizeof(float));
        if (entry == member->prompt.count - 1 && run->mode != RKLLM_INFER_GET_LAST_HIDDEN_LAYER)
            member->token = llama.sample(member->sampler, handle->context, i);
    }
}

static Decoded prefill(Run *run)
{
    Handle *handle = run->handle;
    Decoded outcome = DECODED;
    handle->prefilling = 1;
    for (;;) {
        prefill_fill(run);
        if (handle->chunk.count == 0) break;
        outcome = handle_stops(handle) ? DECODE_STOPPED : chunk_decode(handle);
        if (outcome != DECODED) break;
        prefill_take(run);
        handle_linger(handle, (int64_t)handle->chunk.count * mood(MOOD_SLOW_PREFILL));
    }
    handle->prefilling = 0;
    return outcome;
}

/* Queues the delivered tokens, computes them and samples the next; members without room in their context end. */
static Decoded decode_step(Run *run)
{
    Handle *handle = run->handle;
    Chunk *chunk = &handle->chunk;
    Decoded outcome;
    int i;
    chunk_start(chunk);
    for (i = 0; i < handle->members; i++) {
        Member *member = &run->members[i];
        if (!member->alive) continue;
        if (handle->sequences[i].count >= handle->context_tokens - 1 && (mood(MOOD_FULL_STOPS) || sequence_shift(handle, i)))
            member->alive = 0;
        else
            chunk_add(chunk, i, member->token, handle->sequences[i].count, 1);
    }
    if (chunk->count == 0) return DECODED;
    handle_linger(handle, mood(MOOD_SLOW_DECODE));
    outcome = handle_stops(handle) ? DECODE_STOPPED : chunk_decode(handle);
    if (outcome != DECODED) return outcome;
    for (i = 0; i < chunk->count; i++) {
        Member *member = &run->members[chunk->members[i]];
        member->token = llama.sample(member->sampler, handle->context, i);
    }
    return DECODED;
}

/* A logits run hands out the rows of the whole prompt with the first token, then one row with each. */
static void results_add_logits(Run *run)
{
    Handle *handle = run->handle;
    RKLLMResultLogits *logits = &run->results[0].logits;
    logits->num_tokens = 1;
    logits->vocab_size = handle->vocab_size;
    if (run->steps == 0) {
        logits->num_tokens = run->members[0].prompt.count;
    } else if (run_reserve_rows(run) == 0) { /* a callback may have freed them */
        memcpy(handle->rows, llama.logits_of(handle->context, 0), (size_t)handle->vocab_size * sizeof(float));
    }
    logits->logits = handle->rows;
}

/* The moods that strike after the first token; non-zero when the run is to break off. */
static int strike(Run *run)
{
    if (run->steps != 1) return 0;
    if (mood(MOOD_CRASH_RUN)) crash();
    hang_while(MOOD_HANG_RUN);
    return mood(MOOD_ERROR_RUN);
}

static int any_alive(const Run *run)
{
    int i, alive = 0;
    for (i = 0; i < run->handle->members; i++) alive += run->members[i].alive;
    return alive;
}

/* The thought-ends mood: an answer is over where its thought is, as was reported of 1.3.0. */
static void end_thoughts(Run *run)
{
    int i;
    if (!mood(MOOD_THOUGHT_ENDS)) return;
    for (i = 0; i < run->handle->members; i++)
        if (run->results[i].text && strstr(run->results[i].text, "</think>")) run->members[i].alive = 0;
}

static Ending generate(Run *run)
{
    Handle *handle = run->handle;
    Decoded outcome = DECODED;
    int waits, verdict, stopped;
    for (;;) {
        stopped = outcome == DECODE_STOPPED || handle_stops(handle);
        if (stopped && !(mood(MOOD_LATE_TOKEN) && run->steps)) return RUN_ENDED;
        if (!stopped && deliver_oddities(run) == CALLBACK_PAUSE) return RUN_PAUSED;
        if (!results_take_tokens(run, &waits)) return RUN_ENDED;
        if (run->mode == RKLLM_INFER_GET_LOGITS) results_add_logits(run);
        end_thoughts(run); /* the texts are gone once they are delivered */
        verdict = results_deliver(run, waits ? RKLLM_RUN_WAITING : RKLLM_RUN_NORMAL);
        run->steps++;
        if (verdict == CALLBACK_PAUSE) return RUN_PAUSED;
        if (strike(run)) return RUN_BROKEN;
        if (stopped || !any_alive(run) || (run->new_tokens_max > 0 && run->steps >= run->new_tokens_max)) return RUN_ENDED;
        outcome = decode_step(run);
        if (outcome == DECODE_FAILED) return RUN_BROKEN;
        if (!any_alive(run)) return RUN_ENDED;
    }
}

#endif
