/* What stands behind an LLMHandle, and the list of those alive. */
#ifndef RKLLM_CPU_HANDLE_H
#define RKLLM_CPU_HANDLE_H

#include "llama_abi.h"
#include "moods.h"
#include "rkllm.h"

#define MEMBERS_MAX 32       /* n_batch */
#define CHUNK_TOKENS_MAX 512 /* tokens in one llama_decode */
#define ADAPTERS_MAX 16
#define NO_ADAPTER (-1)
#define NO_TOKEN (-1)
#define CONTEXT_RESERVE 4 /* the closed library uses that many positions less than it was given */

/* The nine sampling values: of the load in 1.2, of the load or the run in 1.3. */
typedef struct {
    int32_t top_k;
    float top_p, temperature, repeat_penalty, frequency_penalty, presence_penalty;
    int32_t mirostat;
    float mirostat_tau, mirostat_eta;
} Sampling;

/* What the KV cache of one batch member holds, token by token; rows of an embedding input are NO_TOKEN. */
typedef struct {
    int32_t *tokens;
    int count;
    int system_count;  /* tokens at the front that are the system prompt */
    int32_t undecoded; /* sampled last, but never put into the KV cache: it opens the next run with keep_history */
} Sequence;

typedef struct {
    char *name;
    void *adapter;
    float scale;
} Adapter;

typedef enum { TEMPLATE_NONE, TEMPLATE_OF_MODEL, TEMPLATE_SET } TemplateSource;

/* How a PROMPT input is wrapped. An empty prefix and postfix is the raw prompt. */
typedef struct {
    TemplateSource source;
    char *system, *prefix, *postfix;
    char *system_open, *system_close; /* how the model's own template wraps a system text */
    char *tool_tag;                   /* wraps the text of role "tool" */
} Template;

/* The arrays of a LlamaBatch, filled by chunk_add. */
typedef struct {
    int count;
    float *rows; /* an embedding input instead of tokens: one member's consecutive rows */
    int32_t tokens[CHUNK_TOKENS_MAX], positions[CHUNK_TOKENS_MAX], members[CHUNK_TOKENS_MAX];
    int32_t member_counts[CHUNK_TOKENS_MAX];
    int32_t *member_lists[CHUNK_TOKENS_MAX];
    int8_t wanted[CHUNK_TOKENS_MAX];
} Chunk;

typedef struct Handle {
    struct Handle *next;
    LLMResultCallback result_callback;
    void *result_userdata;
#if RKLLM_ABI >= 130
    LLMTokenizerCallback tokenizer_callback;
    void *tokenizer_userdata;
    const RKLLMCallback *lent_callback; /* the caller's own, in the mood that does not copy it */
#endif
    const char *lent_path; /* likewise */
    char *path;
    /* of the load */
    int context_tokens, new_tokens_max, keep_tokens, members, skip_special, ignore_end;
    Sampling sampling;
    /* llama.cpp's objects */
    void *model, *context, *memory, *threadpool;
    const void *vocab;
    int vocab_size, row_in, row_out;
    /* Volatile, not atomic, because TinyCC has no atomics: single words, one writer each, read again at every token. */
    volatile int running, aborted, prefilling;
    int ever_aborted, abort_waits; /* for the moods that do not forget */
    int paused; /* the last run ended because a callback returned 1 */
    int paused_keep_history;
    int adapter_in_use; /* the KV cache was computed with it */
    Template template;
    Adapter adapters[ADAPTERS_MAX];
    int adapter_count;
    Sequence sequences[MEMBERS_MAX];
    Chunk chunk;
    float *rows; /* output of hidden-layer and logits runs */
    size_t rows_bytes;
} Handle;

static pthread_mutex_t handles_lock;
static Handle *handles;

static void handles_add(Handle *handle)
{
    pthread_mutex_lock(&handles_lock);
    handle->next = handles;
    handles = handle;
    pthread_mutex_unlock(&handles_lock);
}

/* Takes a handle off the list, so that no other call finds it; the second of two callers gets NULL. */
static Handle *handles_take(LLMHandle wanted)
{
    Handle **link, *found = NULL;
    if (!wanted || !handles) return NULL;
    pthread_mutex_lock(&handles_lock);
    for (link = &handles; *link; link = &(*link)->next) {
        if (*link != wanted) continue;
        found = *link;
        *link = found->next;
        break;
    }
    pthread_mutex_unlock(&handles_lock);
    return found;
}

/* The handle when it is one of ours and alive, else NULL: a destroyed or foreign pointer is an error, not a crash. Hold the lock. */
static Handle *handle_find(LLMHandle wanted)
{
    Handle *handle;
    for (handle = handles; handle && handle != wanted; handle = handle->next) continue;
    if (!handle) LOG_ERROR("the handle is not open");
    return handle;
}

/* Finds the handle and makes it busy in one step, so that no destroy slips in between; NULL when it is not alive or busy already.
 * Every call that touches the model holds its handle so; end it with handle_end. */
static Handle *handle_begin(LLMHandle wanted)
{
    Handle *handle;
    if (!wanted || !handles) return NULL; /* nothing was ever opened: the lock may not even be usable yet */
    pthread_mutex_lock(&handles_lock);
    handle = handle_find(wanted);
    if (handle && handle->running) {
        LOG_ERROR("the model is running already");
        handle = NULL;
    } else if (handle) {
        handle->running = 1;
        handle->aborted = 0;
        llama_quiet = 0;
    }
    pthread_mutex_unlock(&handles_lock);
    return handle;
}

static void handle_end(Handle *handle)
{
    pthread_mutex_lock(&handles_lock);
    handle->running = 0;
    pthread_mutex_unlock(&handles_lock);
}

/* Whether the run is to stop now: an abort was asked for and the moods let it be heard. */
static int handle_stops(const Handle *handle)
{
    if (!handle->aborted || mood(MOOD_DEAF_ABORT)) return 0;
    return !(handle->prefilling && mood(MOOD_DEAF_PREFILL));
}

/* llama.cpp asks between the operations of a decode. */
static _Bool handle_stops_decode(void *userdata) { return handle_stops(userdata) != 0; }

/* The slow moods: sleeps in small steps, so that an abort is heard. */
static void handle_linger(const Handle *handle, int64_t us)
{
    int64_t end = clock_us() + us;
    while (!handle_stops(handle)) {
        int64_t left = end - clock_us();
        if (left <= 0) return;
        sleep_us(left < 5000 ? left : 5000);
    }
}

#endif
