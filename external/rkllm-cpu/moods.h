/* Moods: switches that make this runtime behave as badly as the closed one is known, or must be feared, to behave. Tests turn them on
 * through RKLLM_CPU_MOODS (a comma list, read at each rkllm_init) or rkllm_cpu_set_moods (at once, and the variable is ignored then).
 * A hang lasts until its mood is taken away again. */
#ifndef RKLLM_CPU_MOODS_H
#define RKLLM_CPU_MOODS_H

#include "log.h"

/* X(constant, name): the one list of them. Those of the last group take a value, "slow-decode=30.4". */
#define MOODS(X)                                                                                                                       \
    X(FOREIGN_THREAD, "foreign-thread")          /* callbacks come from an internal thread while rkllm_run still blocks */             \
    X(NULL_TEXT, "null-text")                    /* every third token is preceded by a NORMAL without text, not counted in perf */     \
    X(PAD_TOKEN, "pad-token")                    /* the second token is [PAD151935], as from a half converted vocabulary */            \
    X(LATE_TOKEN, "late-token")                  /* one stale token between rkllm_abort and FINISH */                                  \
    X(DEAF_PREFILL, "deaf-prefill")              /* abort has no effect before the first token */                                      \
    X(DEAF_ABORT, "deaf-abort")                  /* abort has no effect at all */                                                      \
    X(ERROR_RUN, "error-run")                    /* ERROR callback after the first token, rkllm_run returns -1 */                      \
    X(HANG_INIT, "hang-init")                    /* rkllm_init does not return */                                                      \
    X(HANG_RUN, "hang-run")                      /* rkllm_run blocks after the first token */                                          \
    X(HANG_DESTROY, "hang-destroy")              /* rkllm_destroy does not return */                                                   \
    X(CRASH_INIT, "crash-init")                  /* SIGSEGV in rkllm_init */                                                           \
    X(CRASH_RUN, "crash-run")                    /* SIGSEGV after the first token */                                                   \
    X(CRASH_DESTROY, "crash-destroy")            /* SIGSEGV in rkllm_destroy */                                                        \
    X(CRASH_NULL_IMG, "crash-null-img")          /* 1.2 only: SIGSEGV in rkllm_init when an img_* string is NULL */                    \
    X(FAIL_NULL_IMG, "fail-null-img")            /* 1.2 only: -1 in that case */                                                       \
    X(INIT_NULL, "init-null")                    /* rkllm_init returns 0 and a NULL handle */                                          \
    X(FALSE_ALARM, "false-alarm")                /* rkllm_init prints an error and goes on */                                          \
    X(NPU_LOCK, "npu-lock")                      /* runs of all processes wait for one another on a lock file */                       \
    X(STRICT_CONTEXT, "strict-context")          /* rkllm_init wants max_context_len in multiples of 32 */                             \
    X(LONG_PROMPTS, "long-prompts")              /* a prompt that is too long is cut without a word */                                 \
    X(FULL_STOPS, "full-stops")                  /* a full context ends the run, nothing is forgotten */                               \
    X(BORROW_STRINGS, "borrow-strings")          /* a run reads model_path where rkllm_init found it, and fails when it is another */  \
    X(BORROW_CALLBACK, "borrow-callback")        /* 1.3 only: the callback is read from the struct of rkllm_init at each call */       \
    X(FAIL_ABORTED, "fail-aborted")              /* rkllm_run returns -1 after an abort */                                             \
    X(STICKY_ABORT, "sticky-abort")              /* an abort while nothing runs ends the next run */                                   \
    X(DEAF_PAUSE, "deaf-pause")                  /* the callback's 1 has no effect */                                                  \
    X(THOUGHT_ENDS, "thought-ends")              /* FINISH comes behind a token that ends with </think> */                             \
    X(TWO_FINISHES, "two-finishes")              /* FINISH comes twice */                                                              \
    X(NO_FINISH, "no-finish")                    /* FINISH does not come */                                                            \
    X(NO_PERF, "no-perf")                        /* perf stays zero */                                                                 \
    X(NO_REUSE, "no-reuse")                      /* every prompt is computed from its start */                                         \
    X(FRESH_ROWS, "fresh-rows")                  /* hidden-layer runs compute the whole prompt */                                      \
    X(NO_HIDDEN, "no-hidden")                    /* hidden-layer runs return -1 */                                                     \
    X(NO_LOGITS, "no-logits")                    /* logits runs return -1 */                                                           \
    X(PLAIN_SPECIALS, "plain-specials")          /* control tokens in text are text */                                                 \
    X(STRICT_SAMPLING, "strict-sampling")        /* temperature 0, top_k 0 and top_p 1 are refused */                                  \
    X(WARM_ZERO, "warm-zero")                    /* temperature 0 is taken for 5 */                                                    \
    X(SWAP_BATCH, "swap-batch")                  /* the results of a batch come in reverse order */                                    \
    X(CRASH_CACHE, "crash-cache")                /* SIGSEGV when a prompt cache is loaded after an abort */                            \
    X(STDERR_LOG, "stderr-log")                  /* the log goes to standard error */                                                  \
    X(FAIL_INIT, "fail-init")                    /* fail-CALL: rkllm_CALL returns -1 and does nothing else */                          \
    X(FAIL_RUN, "fail-run")                                                                                                            \
    X(FAIL_RUN_ASYNC, "fail-run-async")                                                                                                \
    X(FAIL_ABORT, "fail-abort")                                                                                                        \
    X(FAIL_DESTROY, "fail-destroy")                                                                                                    \
    X(FAIL_IS_RUNNING, "fail-is-running")                                                                                              \
    X(FAIL_CLEAR_KV_CACHE, "fail-clear-kv-cache")                                                                                      \
    X(FAIL_GET_KV_CACHE_SIZE, "fail-get-kv-cache-size")                                                                                \
    X(FAIL_LOAD_LORA, "fail-load-lora")                                                                                                \
    X(FAIL_LOAD_PROMPT_CACHE, "fail-load-prompt-cache")                                                                                \
    X(FAIL_RELEASE_PROMPT_CACHE, "fail-release-prompt-cache")                                                                          \
    X(FAIL_SET_CHAT_TEMPLATE, "fail-set-chat-template")                                                                                \
    X(FAIL_SET_FUNCTION_TOOLS, "fail-set-function-tools")                                                                              \
    X(FAIL_SET_CROSS_ATTN_PARAMS, "fail-set-cross-attn-params")                                                                        \
    X(SLOW_INIT, "slow-init")                    /* milliseconds that rkllm_init takes longer */                                       \
    X(SLOW_PREFILL, "slow-prefill")              /* milliseconds for each newly computed prompt token */                               \
    X(SLOW_DECODE, "slow-decode")                /* milliseconds for each generated token */                                           \
    X(SLOW_STORAGE, "slow-storage")              /* milliseconds that writing and reading a prompt cache file takes longer */          \
    X(LEAK, "leak")                              /* megabytes that every run keeps */                                                  \
    X(RESERVE, "reserve")                        /* tokens of the context that no prompt may use, default 4 */                         \
    X(CRASH_BATCH, "crash-batch")                /* SIGSEGV in rkllm_init with an n_batch of that or more */                           \
    X(LOUD_LINES, "loud-lines")                  /* kilobytes that each run prints, in lines of 50 bytes */                            \
    X(LOUD_BLOB, "loud-blob")                    /* kilobytes that each run prints without ever ending a line */

typedef enum {
#define X(constant, name) MOOD_##constant,
    MOODS(X)
#undef X
        MOOD_COUNT,
} Mood;

static const char *const mood_names[] = {
#define X(constant, name) name,
    MOODS(X)
#undef X
};

/* Published speeds of a 0.6B model (Qwen3, 128 tokens in, 64 out) on each chip, in microseconds a token: "pace=rk3588". */
static const struct {
    const char *name;
    int prefill_us;
    int decode_us;
} paces[] = {
    { "rk3588", 1555, 30395 },
    { "rk3576", 3664, 40161 },
    { "rk3562", 6891, 91743 },
    { "rv1126b", 7469, 66667 },
};

/* 0 is off; 1 is on; for the moods with a value it is a thousand times that: microseconds, bytes, kilobytes. Volatile: another thread may
 * change them during a run. */
static volatile int mood_values[MOOD_COUNT];
static int moods_set_by_call;

static int mood(Mood which) { return mood_values[which]; }

static int mood_set_pace(const char *name)
{
    int i;
    for (i = 0; i < (int)(sizeof paces / sizeof paces[0]); i++) {
        if (strcmp(paces[i].name, name) != 0) continue;
        mood_values[MOOD_SLOW_PREFILL] = paces[i].prefill_us;
        mood_values[MOOD_SLOW_DECODE] = paces[i].decode_us;
        return 0;
    }
    return -1;
}

static int mood_set(char *entry)
{
    char *value = strchr(entry, '=');
    int i;
    if (value) *value++ = 0;
    if (value && strcmp(entry, "pace") == 0) return mood_set_pace(value);
    for (i = 0; i < MOOD_COUNT; i++) {
        int takes_value = i >= MOOD_SLOW_INIT;
        if (strcmp(mood_names[i], entry) != 0) continue;
        if (takes_value != (value != NULL)) return -1;
        mood_values[i] = value ? (int)(strtod(value, NULL) * 1000.0) : 1;
        return mood_values[i] < 0 ? -1 : 0;
    }
    return -1;
}

/* Replaces all moods by those of a comma list; NULL is the empty list. An unknown one is an error, so that no test passes by a typo. */
static int moods_parse(const char *list)
{
    char entry[64];
    int i, length = 0, result = 0;
    for (i = 0; i < MOOD_COUNT; i++) mood_values[i] = 0;
    for (; list && (*list || length); list += *list ? 1 : 0) {
        if (*list && *list != ',') {
            if (*list != ' ' && length < (int)sizeof entry - 1) entry[length++] = *list;
            continue;
        }
        entry[length] = 0;
        if (length && mood_set(entry)) {
            LOG_ERROR("unknown mood or bad value: %s", entry);
            result = -1;
        }
        length = 0;
    }
    log_descriptor = mood(MOOD_STDERR_LOG) ? 2 : 1;
    return result;
}

/* A library may be built with moods of its own: those of the environment are everybody's. */
static int moods_read(void)
{
    if (moods_set_by_call) return 0;
#ifdef RKLLM_CPU_BUILT_MOODS
    return moods_parse(RKLLM_CPU_BUILT_MOODS);
#else
    return moods_parse(getenv("RKLLM_CPU_MOODS"));
#endif
}

static void hang_while(Mood which)
{
    while (mood(which)) sleep_us(2000);
}

/* What the moods that print say of a run: text of the library, as far as anybody can tell. */
static void be_loud(Mood which, const char *piece)
{
    int bytes;
    for (bytes = 0; bytes < mood(which); bytes += (int)strlen(piece)) {
        if (write(1, piece, strlen(piece)) < 0) return;
    }
}

static void crash(void)
{
    int *volatile nowhere = NULL;
    *(volatile int *)nowhere = 1;
}

#endif
