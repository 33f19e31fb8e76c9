/*
 * The recording side of `doctor --probe`: a result callback that writes down when, on which thread and with what the library calls, and a
 * second thread that asks it to stop. One recording at a time, in memory that the child process of a question never frees.
 *
 * Freestanding as bridge.c is, and for the same reason: Bun's embedded C compiler builds it on a machine without a toolchain.
 */
typedef int i32;
typedef long i64;
typedef unsigned int u32;
typedef unsigned long size_type;
#define NOTHING ((void *)0)

extern void *dlsym(void *library, const char *name);
extern void *memcpy(void *to, const void *from, size_type count);

#ifdef __TINYC__
/* The arm64 back end copies structs with memmove, which -nostdlib does not resolve. */
void *memmove(void *to, const void *from, size_type count) {
  char *target = to;
  const char *source = from;
  if (target < source)
    for (size_type i = 0; i < count; i++) target[i] = source[i];
  else
    while (count--) target[count] = source[count];
  return to;
}
#endif

/* RKLLMResult has one layout from 1.2.1 to 1.3.0; a test compares it with the ABI tables. A batch is an array of them. */
typedef struct {
  const char *text;
  i32 token_id;
  struct { const float *hidden_states; i32 embd_size, num_tokens; } last_hidden_layer;
  struct { const float *logits; i32 vocab_size, num_tokens; } logits;
  struct { float prefill_time_ms; i32 prefill_tokens; float generate_time_ms; i32 generate_tokens; float memory_usage_mb; } perf;
} RKLLMResult;

enum { NORMAL, WAITING, FINISH, ERROR };
enum { MEMBERS_MAX = 8, EVENTS_MAX = 4096, TEXT_BYTES_MAX = 1 << 14, ROW_FLOATS_MAX = 8192, NEVER = -1, POLL_US = 200 };
/* How long a callback waits for the other thread's abort: a library may let the one wait for the other. */
enum { ABORT_WAIT_US = 300000 };
enum { OTHER_THREAD = 1, NO_RESULT = 2, NO_TEXT = 4, HIDDEN_ROWS = 8, LOGITS_ROWS = 16 };

static int (*c_clock_gettime)(int clock, i64 *time);
static int (*c_usleep)(u32 microseconds);
static size_type (*c_pthread_self)(void);
static int (*c_pthread_create)(size_type *thread, const void *attributes, void *(*start)(void *), void *argument);
static int (*c_pthread_join)(size_type thread, void **result);
static int (*c_open)(const char *path, int flags, ...);
static int (*c_close)(int descriptor);
static int (*c_access)(const char *path, int mode);
static int (*c_fflush)(void *stream);
static int (*c_prctl)(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
static int (*c_getppid)(void);

/* Resolves libc. Returns 0, or -1 when a function is missing. */
int probe_init(void) {
  *(void **)&c_clock_gettime = dlsym(NOTHING, "clock_gettime");
  *(void **)&c_usleep = dlsym(NOTHING, "usleep");
  *(void **)&c_pthread_self = dlsym(NOTHING, "pthread_self");
  *(void **)&c_pthread_create = dlsym(NOTHING, "pthread_create");
  *(void **)&c_pthread_join = dlsym(NOTHING, "pthread_join");
  *(void **)&c_open = dlsym(NOTHING, "open");
  *(void **)&c_close = dlsym(NOTHING, "close");
  *(void **)&c_access = dlsym(NOTHING, "access");
  *(void **)&c_fflush = dlsym(NOTHING, "fflush");
  *(void **)&c_prctl = dlsym(NOTHING, "prctl");
  *(void **)&c_getppid = dlsym(NOTHING, "getppid");
  return c_clock_gettime && c_usleep && c_pthread_self && c_pthread_create && c_pthread_join && c_open && c_close && c_access &&
                 c_fflush && c_prctl && c_getppid
             ? 0
             : -1;
}

/* What a library has printed through C's streams must not be lost when the process ends. */
void probe_flush(void) { c_fflush(NOTHING); }

static i64 now_us(void) {
  i64 time[2];
  c_clock_gettime(1, time);
  return time[0] * 1000000 + time[1] / 1000;
}

/* ---- what a run is to do, and what came of it ---- */

/* Counted in callbacks for tokens, the first is 1; NEVER leaves it out. */
static struct {
  i32 members;
  i32 pause_at;        /* the callback returns 1 */
  i32 abort_at;        /* the callback has the other thread abort, and waits for that call to return */
  i32 abort_inside_at; /* the callback aborts itself */
  i32 abort_after_us;  /* the other thread aborts that long after the start */
  i32 rows_verdict;    /* what the callback returns for rows */
  i32 hold_ms;         /* the first callback says so by a file and waits at most that long for another */
  const char *hold_path, *release_path;
} plan;

typedef struct { i64 at_us; i32 state, flags, ids[MEMBERS_MAX]; } Event;
typedef struct { i32 prefill_tokens, decode_tokens; float prefill_ms, decode_ms; } Figures;

static struct {
  volatile i32 events, tokens, abort_wanted, abort_returned, over;
  i32 lost, running_during, abort_code, code, released, events_at_return, decoys;
  i64 started_us, abort_us, abort_returned_us, returned_us;
  size_type caller;
  i32 text_bytes[MEMBERS_MAX];
  i32 rows, row_floats, zero_rows, odd_floats, row_events;
} seen;

static Event events[EVENTS_MAX];
static Figures figures[MEMBERS_MAX];
static char texts[MEMBERS_MAX][TEXT_BYTES_MAX];
static float last_row[ROW_FLOATS_MAX];

static int (*abort_call)(void *handle);
static int (*running_call)(void *handle);
static void *run_handle;

static void abort_now(void) {
  seen.abort_us = now_us();
  seen.abort_code = abort_call(run_handle);
  seen.abort_returned_us = now_us();
  seen.abort_returned = 1;
}

static void *other_thread(void *nothing) {
  (void)nothing;
  while (!seen.over) {
    if (seen.tokens && seen.running_during == NEVER) seen.running_during = running_call(run_handle);
    int due = plan.abort_after_us >= 0 && now_us() - seen.started_us >= plan.abort_after_us;
    if ((seen.abort_wanted || due) && !seen.abort_returned) abort_now();
    c_usleep(POLL_US);
  }
  return NOTHING;
}

static void take_text(int member, const char *text) {
  i32 length = seen.text_bytes[member];
  while (*text && length < TEXT_BYTES_MAX - 1) texts[member][length++] = *text++;
  texts[member][length] = 0;
  seen.text_bytes[member] = length;
}

/* Rows of nothing but zeros are what a library gives for what it did not compute; odd floats are infinite or no numbers. */
static void take_rows(const float *rows, i32 count, i32 width) {
  seen.row_events++;
  seen.rows = count;
  seen.row_floats = width;
  seen.zero_rows = seen.odd_floats = 0;
  for (i32 row = 0; row < count; row++) {
    const float *values = rows + (size_type)row * (size_type)width;
    int zero = 1;
    for (i32 i = 0; i < width; i++) {
      if (values[i] != 0) zero = 0;
      if (values[i] - values[i] != 0) seen.odd_floats++;
    }
    seen.zero_rows += zero;
  }
  if (count > 0 && width > 0)
    memcpy(last_row, rows + (size_type)(count - 1) * (size_type)width, sizeof(float) * (size_type)(width < ROW_FLOATS_MAX ? width : ROW_FLOATS_MAX));
}

/* The first result alone: the others of a batch have no rows (logits) or are not asked for (hidden layer). */
static int take_result_rows(const RKLLMResult *result) {
  if (result->last_hidden_layer.hidden_states) {
    take_rows(result->last_hidden_layer.hidden_states, result->last_hidden_layer.num_tokens, result->last_hidden_layer.embd_size);
    return HIDDEN_ROWS;
  }
  if (!result->logits.logits) return 0;
  if (!seen.row_events) take_rows(result->logits.logits, result->logits.num_tokens, result->logits.vocab_size);
  return LOGITS_ROWS;
}

static void take_figures(const RKLLMResult *results) {
  for (int member = 0; member < plan.members; member++) {
    figures[member].prefill_tokens = results[member].perf.prefill_tokens;
    figures[member].decode_tokens = results[member].perf.generate_tokens;
    figures[member].prefill_ms = results[member].perf.prefill_time_ms;
    figures[member].decode_ms = results[member].perf.generate_time_ms;
  }
}

static void touch(const char *path) {
  int descriptor = c_open(path, 0101, 0600); /* O_WRONLY | O_CREAT */
  if (descriptor >= 0) c_close(descriptor);
}

static void hold(void) {
  i64 end = now_us() + (i64)plan.hold_ms * 1000;
  touch(plan.hold_path);
  while (!(seen.released = c_access(plan.release_path, 0) == 0) && now_us() < end) c_usleep(1000);
}

static void wait_for_abort(void) {
  i64 end = now_us() + ABORT_WAIT_US;
  seen.abort_wanted = 1;
  while (!seen.abort_returned && now_us() < end) c_usleep(POLL_US);
}

/* LLMResultCallback. Any pointer may be NULL in any state. */
static int on_result(const RKLLMResult *results, void *userdata, int state) {
  i32 index = seen.events, flags = c_pthread_self() == seen.caller ? 0 : OTHER_THREAD;
  Event *event = &events[index];
  (void)userdata;
  if (index >= EVENTS_MAX) {
    seen.lost++;
    return 0;
  }
  event->at_us = now_us();
  event->state = state;
  for (int member = 0; member < MEMBERS_MAX; member++) event->ids[member] = NEVER;
  if (!results) {
    flags |= NO_RESULT;
  } else {
    for (int member = 0; member < plan.members; member++) {
      event->ids[member] = results[member].token_id;
      if (results[member].text) take_text(member, results[member].text);
    }
    if (!results[0].text) flags |= NO_TEXT;
    flags |= take_result_rows(results);
    if (state == FINISH) take_figures(results);
  }
  event->flags = flags;
  seen.events = index + 1;
  if (state != NORMAL && state != WAITING) return 0;
  seen.tokens++;
  if (seen.tokens == 1 && plan.hold_ms > 0) hold();
  if (seen.tokens == plan.abort_inside_at) abort_now();
  if (seen.tokens == plan.abort_at) wait_for_abort();
  if (flags & (HIDDEN_ROWS | LOGITS_ROWS)) return plan.rows_verdict;
  return seen.tokens == plan.pause_at ? 1 : 0;
}
void *probe_callback(void) { return (void *)on_result; }

/* Put in the place of the callback after init: a library that kept a pointer calls it. */
static int on_decoy(const RKLLMResult *results, void *userdata, int state) {
  (void)results, (void)userdata, (void)state;
  seen.decoys++;
  return 0;
}
void *probe_decoy(void) { return (void *)on_decoy; }

/* Empties the recording; the thread that calls this is the caller that others are compared with. */
void probe_begin(i32 members, i32 pause_at, i32 abort_at, i32 abort_inside_at, i32 abort_after_us, i32 rows_verdict) {
  char *bytes = (char *)&seen;
  for (size_type i = 0; i < sizeof seen; i++) bytes[i] = 0;
  for (int member = 0; member < MEMBERS_MAX; member++) {
    texts[member][0] = 0;
    figures[member].prefill_tokens = figures[member].decode_tokens = 0;
    figures[member].prefill_ms = figures[member].decode_ms = 0;
  }
  plan.members = members;
  plan.pause_at = pause_at;
  plan.abort_at = abort_at;
  plan.abort_inside_at = abort_inside_at;
  plan.abort_after_us = abort_after_us;
  plan.rows_verdict = rows_verdict;
  plan.hold_ms = 0;
  seen.running_during = NEVER;
  seen.caller = c_pthread_self();
  seen.started_us = now_us();
}

void probe_hold(i32 hold_ms, const char *hold_path, const char *release_path) {
  plan.hold_ms = hold_ms;
  plan.hold_path = hold_path;
  plan.release_path = release_path;
}

/* rkllm_run with the other thread beside it. */
i32 probe_run(void *run, void *abort, void *is_running, void *handle, void *input, void *infer) {
  int (*run_call)(void *handle, void *input, void *infer, void *userdata) = run;
  size_type thread;
  abort_call = abort;
  running_call = is_running;
  run_handle = handle;
  if (c_pthread_create(&thread, NOTHING, other_thread, NOTHING) != 0) return NEVER;
  seen.started_us = now_us();
  seen.code = run_call(handle, input, infer, &seen);
  seen.returned_us = now_us();
  seen.events_at_return = seen.events;
  seen.over = 1;
  c_pthread_join(thread, NOTHING);
  return seen.code;
}

/* Ends this process with its parent (PR_SET_PDEATHSIG, SIGKILL): one that hangs in native code cannot notice by itself. */
int probe_die_with_parent(i32 parent) {
  if (c_prctl(1, 9, 0, 0, 0)) return -1;
  return c_getppid() == parent ? 0 : -1;
}

/* ---- reading the recording; doubles hold every one of these numbers ---- */

/* Microseconds are counted from the start of the run. */
void probe_summary(double *out) {
  i32 aborted = seen.abort_returned;
  out[0] = seen.code;
  out[1] = seen.events;
  out[2] = seen.events_at_return;
  out[3] = seen.lost;
  out[4] = seen.decoys;
  out[5] = seen.running_during;
  out[6] = aborted ? (double)(seen.abort_us - seen.started_us) : NEVER;
  out[7] = aborted ? (double)(seen.abort_returned_us - seen.started_us) : NEVER;
  out[8] = seen.abort_code;
  out[9] = (double)(seen.returned_us - seen.started_us);
  out[10] = seen.released;
  out[11] = seen.rows;
  out[12] = seen.row_floats;
  out[13] = seen.zero_rows;
  out[14] = seen.odd_floats;
}

void probe_event(i32 index, double *out) {
  const Event *event = &events[index];
  out[0] = (double)(event->at_us - seen.started_us);
  out[1] = event->state;
  out[2] = event->flags;
  for (int member = 0; member < MEMBERS_MAX; member++) out[3 + member] = event->ids[member];
}

void probe_figures(i32 member, double *out) {
  out[0] = figures[member].prefill_tokens;
  out[1] = figures[member].decode_tokens;
  out[2] = figures[member].prefill_ms;
  out[3] = figures[member].decode_ms;
}

/* Copies what a member said; returns its length in bytes. */
i32 probe_text(i32 member, char *out) {
  memcpy(out, texts[member], (size_type)seen.text_bytes[member]);
  return seen.text_bytes[member];
}

/* Copies the last row; returns how many floats of it were kept. */
i32 probe_row(float *out) {
  i32 count = seen.row_floats < ROW_FLOATS_MAX ? seen.row_floats : ROW_FLOATS_MAX;
  memcpy(out, last_row, sizeof(float) * (size_type)count);
  return count;
}

/* For the test that compares this file's RKLLMResult with the ABI tables: size, then the offset of each field. */
int probe_result_layout(u32 *out) {
  RKLLMResult *r = NOTHING;
  out[0] = (u32)sizeof(RKLLMResult);
  out[1] = (u32)(size_type)&r->text;
  out[2] = (u32)(size_type)&r->token_id;
  out[3] = (u32)(size_type)&r->perf.prefill_time_ms;
  out[4] = (u32)(size_type)&r->perf.prefill_tokens;
  out[5] = (u32)(size_type)&r->perf.generate_time_ms;
  out[6] = (u32)(size_type)&r->perf.generate_tokens;
  out[7] = (u32)(size_type)&r->perf.memory_usage_mb;
  out[8] = (u32)(size_type)&r->last_hidden_layer.hidden_states;
  out[9] = (u32)(size_type)&r->last_hidden_layer.embd_size;
  out[10] = (u32)(size_type)&r->last_hidden_layer.num_tokens;
  out[11] = (u32)(size_type)&r->logits.logits;
  out[12] = (u32)(size_type)&r->logits.vocab_size;
  out[13] = (u32)(size_type)&r->logits.num_tokens;
  return 14;
}
