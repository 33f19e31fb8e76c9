/* The KV cache: which tokens it holds, how it is cut, shifted, saved and read back, and the one call that extends it. */
#ifndef RKLLM_CPU_SEQUENCE_H
#define RKLLM_CPU_SEQUENCE_H

#include "handle.h"

static void sequence_forget(Handle *handle, int member)
{
    Sequence *sequence = &handle->sequences[member];
    llama.memory_remove(handle->memory, member, -1, -1);
    sequence->count = 0;
    sequence->system_count = 0;
    sequence->undecoded = NO_TOKEN;
}

/* Keeps the first `count` tokens of a member; returns how many are left, because a model with recurrent layers can only forget all. */
static int sequence_cut(Handle *handle, int member, int count)
{
    Sequence *sequence = &handle->sequences[member];
    sequence->undecoded = NO_TOKEN;
    if (count >= sequence->count) return sequence->count;
    if (count == 0 || !llama.memory_remove(handle->memory, member, count, -1)) {
        sequence_forget(handle, member);
        return 0;
    }
    sequence->count = count;
    if (sequence->system_count > count) sequence->system_count = count;
    return count;
}

static void sequences_clear(Handle *handle)
{
    int member;
    for (member = 0; member < handle->members; member++) sequence_forget(handle, member);
    if (log_level >= 2) LOG_INFO("All kv caches have been deleted!");
}

/* Removes the tokens of [from, to) and moves the rest forward. */
static int sequence_remove(Handle *handle, int member, int from, int to)
{
    Sequence *sequence = &handle->sequences[member];
    if (to > sequence->count) to = sequence->count;
    if (from < 0 || from >= to) return -1;
    if (to < sequence->count && !llama.memory_can_shift(handle->memory)) return -1;
    if (!llama.memory_remove(handle->memory, member, from, to)) return -1;
    if (to < sequence->count) llama.memory_shift(handle->memory, member, to, -1, from - to);
    memmove(sequence->tokens + from, sequence->tokens + to, sizeof(int32_t) * (size_t)(sequence->count - to));
    sequence->count -= to - from;
    if (sequence->system_count > from) sequence->system_count = from;
    return 0;
}

/* Makes room when the context is full: forgets the older half of what follows the n_keep first tokens. -1 when the model cannot. */
static int sequence_shift(Handle *handle, int member)
{
    Sequence *sequence = &handle->sequences[member];
    int keep = handle->keep_tokens < 0 ? 0 : handle->keep_tokens, drop;
    if (keep > sequence->count / 2) keep = sequence->count / 2;
    drop = (sequence->count - keep) / 2;
    if (drop < 1 || sequence_remove(handle, member, keep, keep + drop)) return -1;
    if (log_level >= 1) LOG_INFO("context is full: forgot %d tokens after the first %d", drop, keep);
    return 0;
}

static int sequence_common_prefix(const Sequence *sequence, const int32_t *tokens, int count)
{
    int common = 0;
    while (common < sequence->count && common < count && sequence->tokens[common] == tokens[common]) common++;
    return common;
}

static void chunk_init(Chunk *chunk)
{
    int i;
    for (i = 0; i < CHUNK_TOKENS_MAX; i++) {
        chunk->member_counts[i] = 1;
        chunk->member_lists[i] = &chunk->members[i];
    }
}

static void chunk_start(Chunk *chunk)
{
    chunk->count = 0;
    chunk->rows = NULL;
}

static void chunk_add(Chunk *chunk, int member, int32_t token, int position, int wanted)
{
    int i = chunk->count++;
    chunk->tokens[i] = token;
    chunk->positions[i] = position;
    chunk->members[i] = member;
    chunk->wanted[i] = (int8_t)wanted;
}

typedef enum { DECODED, DECODE_STOPPED, DECODE_FAILED } Decoded;

/* Computes the chunk. Only what was computed to its end enters the sequences: libllama takes a stopped or failed chunk back as a whole. */
static Decoded chunk_decode(Handle *handle)
{
    Chunk *chunk = &handle->chunk;
    LlamaBatch batch;
    int status, i;
    batch.n_tokens = chunk->count;
    batch.token = chunk->rows ? NULL : chunk->tokens;
    batch.embd = chunk->rows;
    batch.pos = chunk->positions;
    batch.n_seq_id = chunk->member_counts;
    batch.seq_id = chunk->member_lists;
    batch.logits = chunk->wanted;
    status = llama.decode(handle->context, batch);
    if (status != 0) {
        for (i = 0; i < handle->members; i++)
            if (llama.memory_last(handle->memory, i) + 1 != handle->sequences[i].count) sequence_forget(handle, i);
        return status == 2 ? DECODE_STOPPED : DECODE_FAILED;
    }
    for (i = 0; i < chunk->count; i++) {
        Sequence *sequence = &handle->sequences[chunk->members[i]];
        sequence->tokens[sequence->count++] = chunk->tokens[i];
        sequence->undecoded = NO_TOKEN;
    }
    return DECODED;
}

/* Prompt cache files hold the first member, as the closed library's do. */
static void prompt_cache_save(Handle *handle, const char *path)
{
    Sequence *sequence = &handle->sequences[0];
    sleep_us(mood(MOOD_SLOW_STORAGE));
    if (llama.sequence_save(handle->context, path, 0, sequence->tokens, (size_t)sequence->count)) return;
    LOG_ERROR("cannot save the prompt cache to %s", path);
    /* half a file would end the process that reads it */
    unlink(path);
}

static int prompt_cache_load(Handle *handle, const char *path)
{
    Sequence *sequence = &handle->sequences[0];
    size_t count = 0;
    int good;
    sleep_us(mood(MOOD_SLOW_STORAGE));
    sequence_forget(handle, 0);
    good = llama.sequence_load(handle->context, path, 0, sequence->tokens, (size_t)handle->context_tokens, &count) != 0;
    /* a damaged file can restore positions that are not the tokens' own: nothing may be built on those */
    good = good && llama.memory_last(handle->memory, 0) == (int32_t)count - 1 && (count == 0 || llama.memory_first(handle->memory, 0) == 0);
    sequence->count = (int)count;
    if (good) return 0;
    sequence_forget(handle, 0);
    LOG_ERROR("cannot load the prompt cache %s", path);
    return -1;
}

#endif
