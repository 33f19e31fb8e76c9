/* Results on their way to the callback: text cut at character borders, memory spoilt as soon as the callback has returned. */
#ifndef RKLLM_CPU_DELIVER_H
#define RKLLM_CPU_DELIVER_H

#include "run.h"

#define POISON_TEXT '#'
#define POISON_RESULT 0xDB
#define POISON_ROWS 0xFF /* every float a NaN */
#define CALLBACK_PAUSE 1
#define CALLBACK_FREE 2
#define PAD_TOKEN_ID 151935

static void results_clear(Run *run)
{
    int i;
    memset(run->results, 0, sizeof run->results);
    for (i = 0; i < run->handle->members; i++) run->results[i].token_id = NO_TOKEN;
}

static void rows_free(Handle *handle)
{
    free(handle->rows);
    handle->rows = NULL;
    handle->rows_bytes = 0;
}

static LLMResultCallback callback_of(const Handle *handle)
{
#if RKLLM_ABI >= 130
    if (handle->lent_callback) return handle->lent_callback->result_callback;
#endif
    return handle->result_callback;
}

static void results_reverse(Run *run)
{
    int i, last = run->handle->members - 1;
    for (i = 0; i < last - i; i++) {
        RKLLMResult result = run->results[i];
        run->results[i] = run->results[last - i];
        run->results[last - i] = result;
    }
}

/* Calls back, then spoils all that the callback could have kept a pointer to: readers that come late must notice. */
static int results_deliver(Run *run, LLMCallState state)
{
    Handle *handle = run->handle;
    LLMResultCallback callback = callback_of(handle);
    int verdict, i, had_rows = 0;
    if (mood(MOOD_SWAP_BATCH)) results_reverse(run);
    verdict = callback ? callback(run->results, run->userdata, state) : 0;
    if (mood(MOOD_SWAP_BATCH)) results_reverse(run);
    if (mood(MOOD_DEAF_PAUSE) && verdict == CALLBACK_PAUSE) verdict = 0;
    for (i = 0; i < handle->members; i++) {
        const RKLLMResult *result = &run->results[i];
        had_rows |= result->last_hidden_layer.hidden_states || result->logits.logits;
        if (!result->text) continue;
        memset(run->members[i].piece, POISON_TEXT, PIECE_BYTES_MAX - 1);
        run->members[i].piece_length = 0;
    }
    memset(run->results, POISON_RESULT, sizeof run->results);
    if (had_rows) memset(handle->rows, POISON_ROWS, handle->rows_bytes);
    if (RKLLM_ABI >= 130 && verdict == CALLBACK_FREE) rows_free(handle);
    return verdict;
}

/* How many bytes at the end of a text begin a UTF-8 character whose rest has yet to come. */
static int utf8_open_bytes(const char *text, int length)
{
    int back;
    for (back = 1; back <= 3 && back <= length; back++) {
        uint8_t byte = (uint8_t)text[length - back];
        int needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if ((byte & 0xC0) == 0x80) continue; /* inside a character: look further back for its start */
        return back < needed ? back : 0;
    }
    return 0;
}

static void piece_append(Run *run, Member *member)
{
    Handle *handle = run->handle;
    int room = PIECE_BYTES_MAX - 1 - member->piece_length;
    int added = llama.token_to_piece(handle->vocab, member->token, member->piece + member->piece_length, room, 0, !handle->skip_special);
    if (added > 0) member->piece_length += added; /* negative: a token longer than the buffer, which has no use as text */
    member->piece[member->piece_length] = 0;
}

/* Fills the results with every living member's token. Returns how many members have one; `waits` when none of them ends a character. */
static int results_take_tokens(Run *run, int *waits)
{
    Handle *handle = run->handle;
    int i, taken = 0, texts = 0, stale_bytes_max = 8;
    results_clear(run);
    for (i = 0; i < handle->members; i++) {
        Member *member = &run->members[i];
        int ends;
        if (!member->alive) continue;
        ends = !handle->ignore_end && llama.vocab_is_end(handle->vocab, member->token);
        handle->sequences[i].undecoded = member->token;
        member->alive = !ends;
        if (ends && handle->skip_special) continue;
        piece_append(run, member);
        run->results[i].token_id = member->token;
        /* bytes that never become a character are not held back for ever */
        if (!utf8_open_bytes(member->piece, member->piece_length) || member->piece_length > stale_bytes_max) {
            run->results[i].text = member->piece;
            texts++;
        }
        member->delivered++;
        taken++;
    }
    *waits = texts == 0;
    return taken;
}

/* Without an id a member of a batch counts as ended. */
static void results_name_tokens(Run *run)
{
    int i;
    for (i = 0; i < run->handle->members; i++)
        if (run->members[i].alive) run->results[i].token_id = run->members[i].token;
}

/* The callbacks of the null-text and pad-token moods, which come before a real token's own; returns the callback's verdict. */
static int deliver_oddities(Run *run)
{
    Member *first = &run->members[0];
    int verdict = 0;
    if (mood(MOOD_NULL_TEXT) && run->steps % 3 == 2) {
        results_clear(run);
        results_name_tokens(run);
        verdict = results_deliver(run, RKLLM_RUN_NORMAL);
    }
    if (mood(MOOD_PAD_TOKEN) && run->steps == 1 && first->piece_length == 0 && verdict != CALLBACK_PAUSE) {
        results_clear(run);
        snprintf(first->piece, sizeof first->piece, "[PAD%d]", PAD_TOKEN_ID);
        results_name_tokens(run);
        run->results[0].text = first->piece;
        run->results[0].token_id = PAD_TOKEN_ID;
        verdict = results_deliver(run, RKLLM_RUN_NORMAL);
        first->delivered++;
        run->steps++;
    }
    return verdict;
}

/* VmHWM of the process, as the closed library reports it. */
static float memory_peak_mb(void)
{
    char text[4096], *line;
    int descriptor = open("/proc/self/status", O_RDONLY);
    ssize_t length;
    if (descriptor < 0) return 0;
    length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0) return 0;
    text[length] = 0;
    line = strstr(text, "VmHWM:");
    return line ? (float)atoi(line + 6) / 1024 : 0;
}

static void log_speed(const char *stage, float ms, int tokens)
{
    double per_token = tokens ? (double)ms / tokens : 0, per_second = ms > 0 ? tokens * 1000.0 / (double)ms : 0;
    LOG_INFO(" %-10s %12.2f %10d %20.2f %18.2f", stage, (double)ms, tokens, per_token, per_second);
}

static void log_performance(const RKLLMPerfStat *perf)
{
    LOG_INFO("--------------------------------------------------------------------------------");
    LOG_INFO(" %-10s %12s %10s %20s %18s", "Stage", "Time (ms)", "Tokens", "Time per Token (ms)", "Tokens per Second");
    log_speed("Prefill", perf->prefill_time_ms, perf->prefill_tokens);
    log_speed("Generate", perf->generate_time_ms, perf->generate_tokens);
    LOG_INFO(" Peak Memory Usage (GB): %.2f", (double)perf->memory_usage_mb / 1024);
    LOG_INFO("--------------------------------------------------------------------------------");
}

/* The FINISH callback, the only one with valid timings. */
static void deliver_finish_once(Run *run)
{
    int64_t now = clock_us(), prefilled = run->prefilled_us ? run->prefilled_us : now;
    int i;
    results_clear(run);
    for (i = 0; i < run->handle->members && !mood(MOOD_NO_PERF); i++) {
        RKLLMPerfStat *perf = &run->results[i].perf;
        perf->prefill_time_ms = (float)(prefilled - run->started_us) / 1000;
        perf->prefill_tokens = run->members[i].prefilled;
        perf->generate_time_ms = (float)(now - prefilled) / 1000;
        perf->generate_tokens = run->members[i].delivered;
        perf->memory_usage_mb = memory_peak_mb();
    }
    if (log_level >= 1) log_performance(&run->results[0].perf);
    results_deliver(run, RKLLM_RUN_FINISH);
}

static void deliver_finish(Run *run)
{
    if (!mood(MOOD_NO_FINISH)) deliver_finish_once(run);
    if (mood(MOOD_TWO_FINISHES)) deliver_finish_once(run);
}

#endif
