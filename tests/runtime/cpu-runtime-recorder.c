/* A result callback that writes down everything it is given, from whatever thread, and answers as it was told to. */
#include "rkllm.h"

extern void *dlsym(void *library, const char *name);

#define EVENTS_MAX 4096
#define TEXT_BYTES_MAX 65536
#define MEMBERS_MAX 4

typedef struct {
    int state, token_id, text_at /* -1: NULL */, text_bytes, foreign, has_rows, row_count, row_floats, rows_are_zero;
    float first_value, last_value, prefill_ms, generate_ms, memory_mb;
    int prefill_tokens, generate_tokens, userdata;
} Event;

static Event events[EVENTS_MAX];
static volatile int event_count;
static char texts[TEXT_BYTES_MAX];
static int text_end, members, answer_at, answer;
static int (*abort_run)(LLMHandle);
static LLMHandle abort_handle;
static unsigned long owner;
static const RKLLMResult *last_result;
static const char *last_text;

static unsigned long this_thread(void) { return ((unsigned long (*)(void))dlsym((void *)0, "pthread_self"))(); }

/* Starts over: `verdict` is returned once `at` callbacks have come (-1: never); `abort_function` is called then, too, when given. */
void recorder_start(int n_batch, int at, int verdict, void *abort_function, void *handle)
{
    event_count = 0;
    text_end = 0;
    members = n_batch;
    answer_at = at;
    answer = verdict;
    abort_run = (int (*)(LLMHandle))abort_function;
    abort_handle = handle;
    owner = this_thread();
}

static void record_rows(Event *event, const float *rows, int count, int floats)
{
    long i, total = (long)count * floats;
    event->has_rows = 1;
    event->row_count = count;
    event->row_floats = floats;
    event->rows_are_zero = 1;
    for (i = 0; i < total; i++)
        if (rows[i] != 0) event->rows_are_zero = 0;
    event->first_value = rows[0];
    event->last_value = rows[total - 1];
}

static void record(const RKLLMResult *result, void *userdata, LLMCallState state)
{
    Event *event = &events[event_count];
    const char *text = result->text;
    if (event_count == EVENTS_MAX) return;
    event->state = state;
    event->token_id = result->token_id;
    event->text_at = text ? text_end : -1;
    event->text_bytes = 0;
    while (text && *text && text_end < TEXT_BYTES_MAX) texts[text_end++] = *text++, event->text_bytes++;
    event->foreign = this_thread() != owner;
    event->has_rows = 0;
    if (result->last_hidden_layer.hidden_states)
        record_rows(event, result->last_hidden_layer.hidden_states, result->last_hidden_layer.num_tokens,
                    result->last_hidden_layer.embd_size);
    if (result->logits.logits) record_rows(event, result->logits.logits, result->logits.num_tokens, result->logits.vocab_size);
    event->prefill_ms = result->perf.prefill_time_ms;
    event->prefill_tokens = result->perf.prefill_tokens;
    event->generate_ms = result->perf.generate_time_ms;
    event->generate_tokens = result->perf.generate_tokens;
    event->memory_mb = result->perf.memory_usage_mb;
    event->userdata = (int)(long)userdata;
    event_count++;
}

static int on_result(RKLLMResult *result, void *userdata, LLMCallState state)
{
    int i, turn = event_count / members;
    last_result = result;
    if (result->text) last_text = result->text;
    for (i = 0; i < members; i++) record(&result[i], userdata, state);
    if (turn != answer_at) return 0;
    if (abort_run) abort_run(abort_handle);
    return answer;
}

/* The first four bytes a reader would find that kept the last text's pointer, and the last result's state of poison. */
int recorder_stale_text(void) { return last_text ? *(const int *)last_text : 0; }
int recorder_stale_token(void) { return last_result ? last_result->token_id : 0; }

void *recorder_callback(void) { return (void *)on_result; }
int recorder_count(void) { return event_count; }
void *recorder_events(void) { return events; }
void *recorder_texts(void) { return texts; }
int recorder_event_bytes(void) { return (int)sizeof(Event); }

static int saved_stdout = -1;

/* Sends the process's standard output to a file until the second call, so that a test can read the library's log. */
void recorder_divert_stdout(const char *path)
{
    int file = ((int (*)(const char *, int, ...))dlsym((void *)0, "open"))(path, 02 | 0100 | 02000, 0600);
    saved_stdout = ((int (*)(int))dlsym((void *)0, "dup"))(1);
    ((int (*)(int, int))dlsym((void *)0, "dup2"))(file, 1);
    ((int (*)(int))dlsym((void *)0, "close"))(file);
}

void recorder_restore_stdout(void)
{
    ((int (*)(int, int))dlsym((void *)0, "dup2"))(saved_stdout, 1);
    ((int (*)(int))dlsym((void *)0, "close"))(saved_stdout);
}

/* What Bun keeps in process.env is not what getenv sees. */
void recorder_setenv(const char *name, const char *value)
{
    ((int (*)(const char *, const char *, int))dlsym((void *)0, "setenv"))(name, value, 1);
}

/* rkllm_createDefaultParam returns its struct by value, which bun:ffi cannot take: it is written to `to`. */
void call_default_param(void *function, RKLLMParam *to) { *to = ((RKLLMParam(*)(void))function)(); }

/* TinyCC copies structs with it on some machines, and nothing else brings it in. */
void *memmove(void *to, const void *from, size_t bytes)
{
    char *target = to;
    const char *source = from;
    if (target < source)
        while (bytes--) *target++ = *source++;
    else
        while (bytes--) target[bytes] = source[bytes];
    return to;
}
