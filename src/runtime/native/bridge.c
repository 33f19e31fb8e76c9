/*
 * The result callback of librkllmrt, and the way its tokens reach JavaScript.
 *
 * The library calls back from a thread of its own choosing, with memory that is gone when the callback returns, while the
 * JavaScript thread that called rkllm_run is blocked. So the callback is C: it copies each result into a ring buffer and
 * rings a bell, a threadsafe callback without arguments that belongs to the host's main thread. No JavaScript runs on the
 * library's thread, nothing is read after it is gone, and the answer to the library (go on, pause, free) comes from a word
 * in memory. A full ring makes the callback wait: decoding slows down, nothing is lost, memory stays bounded.
 *
 * In a process of its own the host has a token line as well, a socket whose other end is the gateway's. Text goes there from the
 * callback itself, and the bell keeps silent: to wake the main thread for each token costs more than all else that is done with it.
 *
 * Freestanding: no header is included and every libc function comes from dlsym, so that Bun's embedded C compiler builds it
 * on a machine without a toolchain. It builds with gcc as well.
 */
typedef int i32;
typedef unsigned int u32;
typedef unsigned long size_type;
#define NOTHING ((void *)0)

extern void *dlopen(const char *path, int mode);
extern void *dlsym(void *library, const char *name);
extern char *dlerror(void);
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
/* TinyCC has no atomics; these order what is written before against what is read or written after, on both machines. */
#if defined(__aarch64__)
#define FENCE() __asm__ volatile("dmb ish" ::: "memory")
#else
#define FENCE() __asm__ volatile("lock; addl $0,-64(%%rsp)" ::: "memory")
#endif
#else
#define FENCE() __sync_synchronize()
#endif

/* RKLLMResult has one layout from 1.2.1 to 1.3.0; a test compares it with the ABI tables. */
typedef struct {
  const char *text;
  i32 token_id;
  struct { const float *hidden_states; i32 embd_size, num_tokens; } last_hidden_layer;
  struct { const float *logits; i32 vocab_size, num_tokens; } logits;
  struct { float prefill_time_ms; i32 prefill_tokens; float generate_time_ms; i32 generate_tokens; float memory_usage_mb; } perf;
} RKLLMResult;

/* The longest row is half of the ring or less: where it does not fit behind the head, what is left there is skipped as well. */
enum { RESULT_TEXT_BYTES_MAX = 1 << 14, VECTOR_FLOATS_MAX = 8192, FULL_WAIT_US = 50, SKIP_TO_START = -1 };
enum { STATE_WAITING = 1 }; /* LLMCallState; the ones above it are FINISH and ERROR */

static void *(*c_calloc)(size_type count, size_type size);
static void (*c_free)(void *block);
static int (*c_usleep)(u32 microseconds);
static int (*c_prctl)(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
static int (*c_getppid)(void);
static int (*c_getrlimit)(int resource, unsigned long *limits);
static int (*c_setrlimit)(int resource, const unsigned long *limits);
static int (*c_fflush)(void *stream);
static long (*c_write)(int file, const void *bytes, size_type count);
static long (*c_send)(int file, const void *bytes, size_type count, int flags);
static int *(*c_errno)(void);

/* Resolves libc. Returns 0, or -1 when a function is missing. */
int bridge_init(void) {
  *(void **)&c_calloc = dlsym(NOTHING, "calloc");
  *(void **)&c_free = dlsym(NOTHING, "free");
  *(void **)&c_usleep = dlsym(NOTHING, "usleep");
  *(void **)&c_prctl = dlsym(NOTHING, "prctl");
  *(void **)&c_getppid = dlsym(NOTHING, "getppid");
  *(void **)&c_getrlimit = dlsym(NOTHING, "getrlimit");
  *(void **)&c_setrlimit = dlsym(NOTHING, "setrlimit");
  *(void **)&c_fflush = dlsym(NOTHING, "fflush");
  *(void **)&c_write = dlsym(NOTHING, "write");
  *(void **)&c_send = dlsym(NOTHING, "send");
  *(void **)&c_errno = dlsym(NOTHING, "__errno_location");
  return c_calloc && c_free && c_usleep && c_prctl && c_getppid && c_getrlimit && c_setrlimit && c_fflush && c_write && c_send && c_errno
             ? 0
             : -1;
}

/* RTLD_NOW | RTLD_LOCAL: a missing dependency shows here, and two libraries in one process do not see each other. */
void *bridge_open(const char *path) { return dlopen(path, 2); }
void *bridge_symbol(void *library, const char *name) { return dlsym(library, name); }
const char *bridge_open_error(void) {
  const char *text = dlerror();
  return text ? text : "";
}

/*
 * Asks the kernel to end this process when the thread that started it ends (PR_SET_PDEATHSIG, SIGKILL). A host that is busy
 * in native code cannot notice by itself. Returns -1 if the parent is gone already.
 */
int bridge_die_with_parent(int parent) {
  if (c_prctl(1, 9, 0, 0, 0)) return -1;
  return c_getppid() == parent ? 0 : -1;
}

/* The closed library opens many files per model: the soft limit goes up to the hard one (RLIMIT_NOFILE). */
int bridge_raise_open_files(void) {
  unsigned long limits[2];
  if (c_getrlimit(7, limits)) return -1;
  limits[0] = limits[1];
  return c_setrlimit(7, limits);
}

/* Libraries print through stdio, which keeps lines back where the output is a pipe: what was said so far goes out, and the mark behind it. */
void bridge_mark_output(const char *mark) {
  size_type length = 0;
  while (mark[length]) length++;
  c_fflush(NOTHING);
  c_write(1, mark, length);
  c_write(2, mark, length);
}

/* ---- the bell ---- */

static struct { volatile u32 pending; void (*ring)(void); } bell;

void bridge_set_bell(void (*ring)(void)) { bell.ring = ring; }
void *bridge_bell(void) { return (void *)&bell.pending; }

static void ring_the_bell(void) {
  FENCE(); /* head must be visible before pending is read, or a wake-up is lost */
  if (bell.pending || !bell.ring) return;
  bell.pending = 1;
  bell.ring();
}

/* ---- the ring: one per handle, one writer at a time, one reader ---- */

/* The words JavaScript reads and writes; native/ring.ts names the same indices. head and tail count bytes and wrap at 2^32. */
typedef struct {
  volatile u32 head;    /* 0: written by the callback */
  u32 padding[15];      /* head and tail on cache lines of their own */
  volatile u32 tail;    /* 16: written by the reader */
  volatile u32 stopped; /* 17: nobody reads any more: drop instead of waiting */
  volatile u32 verdict; /* 18: what the callback returns: 0 go on, 1 pause, 2 free the output buffer */
  u32 capacity;         /* 19: bytes, a power of two */
  u32 rest[12];
  char data[1];
} Ring;

/* What a run wants as its vector: nothing, one row made of the hidden rows, or the logits of two tokens behind the prompt. */
enum { POOLING_NONE, POOLING_LAST, POOLING_MEAN, POOLING_LOGITS };

/*
 * Who reads the text of one result: the prompt that the gateway knows it by, 0 for nobody, how many tokens it may have, how many it has, and
 * whether nobody wants to hear of more. runtime/native/bridge.ts writes all but the third.
 */
enum { LISTENERS_MAX = 32 };
typedef struct { volatile u32 prompt; u32 limit, told, over; } Listener;

/*
 * userdata of a run: a stale token of an earlier run names that run, not the current one. rows_verdict is what the callback returns
 * once it has copied rows: the verdict "free" would be too early for a callback that comes without them. The library hands over an array of
 * `members` results (n_batch); a bit of `idle` is set for each whose text nobody reads, and one of `ended` when its end has been told.
 */
typedef struct { Ring *ring; u32 run, pooling; i32 rows_verdict, picks[2]; u32 members, idle, ended; Listener listeners[LISTENERS_MAX]; } RunContext;

/* What one result becomes; its text or its vector follows, padded to 8 bytes. A bytes word of SKIP_TO_START sends the reader to offset 0. */
typedef struct {
  i32 bytes;
  u32 run;
  i32 state, token_id;
  u32 text_bytes;
  float prefill_ms;
  i32 prefill_tokens;
  float decode_ms;
  i32 decode_tokens;
  float memory_mb;
  u32 vector_floats, member;
} Record;

void *bridge_ring_new(u32 capacity) {
  Ring *ring = c_calloc(1, sizeof(Ring) + capacity);
  if (ring) ring->capacity = capacity;
  return ring;
}
u32 bridge_ring_data_offset(void) { return (u32)(size_type)((Ring *)NOTHING)->data; }

/*
 * Run contexts are never freed one by one: a library may call back late with the context of a run that is over. They are used
 * in turn from a fixed pool, so a stale callback still finds valid memory and, within RUN_CONTEXTS runs, its own number.
 */
enum { RUN_CONTEXTS = 64 };
void *bridge_run_contexts_new(void *ring) {
  RunContext *contexts = c_calloc(RUN_CONTEXTS, sizeof(RunContext));
  if (contexts)
    for (int i = 0; i < RUN_CONTEXTS; i++) contexts[i].ring = ring;
  return contexts;
}
void *bridge_run_context(void *contexts, u32 run, u32 pooling, i32 rows_verdict, i32 first_pick, i32 second_pick, u32 members, u32 idle) {
  RunContext *context = (RunContext *)contexts + run % RUN_CONTEXTS;
  context->run = run;
  context->pooling = pooling;
  context->rows_verdict = rows_verdict;
  context->picks[0] = first_pick;
  context->picks[1] = second_pick;
  context->members = members;
  context->idle = idle;
  context->ended = 0;
  for (u32 member = 0; member < LISTENERS_MAX; member++) context->listeners[member].prompt = context->listeners[member].over = 0;
  return context;
}
/* Before the run, for each result whose text goes down the token line; while it goes on, with prompt 0, for one that is not listened to any more. */
void bridge_listen(void *of, u32 member, u32 prompt, u32 limit) {
  Listener *listener = &((RunContext *)of)->listeners[member % LISTENERS_MAX];
  listener->limit = limit;
  if (prompt) listener->told = 0;
  listener->over = !prompt;
  listener->prompt = prompt;
}
void bridge_free(void *block) { c_free(block); }

/* Waits until `bytes` fit behind `head`. Returns 0 when the reader has stopped. */
static int wait_for_room(Ring *ring, u32 head, u32 bytes) {
  while (ring->capacity - (head - ring->tail) < bytes) {
    if (ring->stopped) return 0;
    ring_the_bell();
    c_usleep(FULL_WAIT_US);
    FENCE();
  }
  return 1;
}

/* Writes a record and makes room behind it for its text or vector; `end` is the head to publish then. NOTHING when nobody reads any more. */
static void *begin_record(Ring *ring, Record *record, u32 payload_bytes, u32 *end) {
  u32 head = ring->head, offset = head & (ring->capacity - 1), room_to_end = ring->capacity - offset;
  u32 needed = (u32)sizeof(Record) + ((payload_bytes + 7) & ~7u);
  u32 skipped = room_to_end < needed ? room_to_end : 0;
  if (!wait_for_room(ring, head, skipped + needed)) return NOTHING;
  if (skipped) {
    *(i32 *)(ring->data + offset) = SKIP_TO_START;
    offset = 0;
  }
  record->bytes = (i32)needed;
  memcpy(ring->data + offset, record, sizeof(Record));
  *end = head + skipped + needed;
  return ring->data + offset + sizeof(Record);
}

static void publish_record(Ring *ring, u32 end) {
  FENCE();
  ring->head = end;
  ring_the_bell();
}

/* Returns whether the bell is to be rung: a quiet record waits for the next one that is not, unless many wait already. */
static int write_text(Ring *ring, Record *record, const char *text, int quiet) {
  u32 end;
  void *to = begin_record(ring, record, record->text_bytes, &end);
  if (!to) return 0;
  if (record->text_bytes) memcpy(to, text, record->text_bytes);
  FENCE();
  ring->head = end;
  return !quiet || end - ring->tail > ring->capacity / 2;
}

/* ---- the token line: one per process, written by the callback alone ---- */

/* What goes down the line for a token: the prompt, the bytes of its text, and the text (runtime/token-line.ts reads it). */
enum { FRAME_HEAD_BYTES = 8, LINE_BYTES = RESULT_TEXT_BYTES_MAX + FRAME_HEAD_BYTES, MSG_NOSIGNAL = 0x4000, ERROR_INTERRUPTED = 4, ERROR_AGAIN = 11 };
static struct { i32 file; u32 used; char bytes[LINE_BYTES]; } line = { -1, 0, { 0 } };

void bridge_set_token_line(int file) { line.file = file; }

/* Waits where the gateway is slow to read, as for a full ring. When nobody is at the other end there is nobody to tell. */
static void send_line(const Ring *ring) {
  u32 sent = 0;
  while (sent < line.used && !ring->stopped) {
    long count = c_send(line.file, line.bytes + sent, line.used - sent, MSG_NOSIGNAL);
    if (count > 0) sent += (u32)count;
    else if (*c_errno() == ERROR_AGAIN) c_usleep(FULL_WAIT_US);
    else if (*c_errno() != ERROR_INTERRUPTED) break;
  }
  line.used = 0;
}

/*
 * Returns 1 where the main thread can do without the token for now: it went down the line, and is neither the first nor the last, or nobody is
 * to hear of it.
 */
static int tell(RunContext *context, const Record *record, const char *text) {
  Listener *listener = &context->listeners[record->member];
  u32 prompt = listener->prompt, bytes = record->text_bytes;
  int ends = context->members > 1 && record->token_id < 0 && bytes == 0;
  if (record->state > STATE_WAITING || ends || line.file < 0) return 0;
  if (!prompt) return (int)listener->over;
  if (listener->told >= listener->limit) return 1;
  listener->told++;
  if (line.used + FRAME_HEAD_BYTES + bytes > LINE_BYTES) send_line(context->ring);
  memcpy(line.bytes + line.used, &prompt, 4);
  memcpy(line.bytes + line.used + 4, &bytes, 4);
  if (bytes) memcpy(line.bytes + line.used + FRAME_HEAD_BYTES, text, bytes);
  line.used += FRAME_HEAD_BYTES + bytes;
  return listener->told > 1 && listener->told < listener->limit;
}

/* One vector out of the rows of a prompt: the last row, or the mean of all. */
static void write_vector(Ring *ring, Record *record, const float *rows, int count, u32 pooling) {
  u32 end, width = record->vector_floats, i;
  float *to = begin_record(ring, record, width * (u32)sizeof(float), &end);
  if (!to) return;
  memcpy(to, rows + (size_type)(count - 1) * width, width * sizeof(float));
  if (pooling == POOLING_MEAN) {
    for (int row = 0; row < count - 1; row++, rows += width)
      for (i = 0; i < width; i++) to[i] += rows[i];
    for (i = 0; i < width; i++) to[i] /= (float)count;
  }
  publish_record(ring, end);
}

static void write_picks(Ring *ring, Record *record, const float *row, const i32 *picks) {
  u32 end;
  float *to = begin_record(ring, record, 2 * (u32)sizeof(float), &end);
  if (!to) return;
  to[0] = row[picks[0]];
  to[1] = row[picks[1]];
  publish_record(ring, end);
}

/* Takes the vector that the run wants from a result. Returns 0 where it brings none, or one of a size that makes no sense. */
static int take_vector(const RunContext *context, Record *record, const RKLLMResult *result) {
  if (context->pooling == POOLING_LOGITS) {
    const float *rows = result->logits.logits;
    const i32 *picks = context->picks;
    i32 width = result->logits.vocab_size, count = result->logits.num_tokens;
    if (!rows || count <= 0 || picks[0] < 0 || picks[1] < 0 || picks[0] >= width || picks[1] >= width) return 0;
    record->vector_floats = 2;
    write_picks(context->ring, record, rows + (size_type)(count - 1) * (size_type)width, picks);
  } else {
    const float *rows = result->last_hidden_layer.hidden_states;
    i32 width = result->last_hidden_layer.embd_size, count = result->last_hidden_layer.num_tokens;
    if (!rows || width <= 0 || width > VECTOR_FLOATS_MAX || count <= 0) return 0;
    record->vector_floats = (u32)width;
    write_vector(context->ring, record, rows, count, context->pooling);
  }
  return 1;
}

/* Copies one result. Returns 1 where it brought the vector that the run wants. `rings`: see write_text. */
static int take_result(RunContext *context, const RKLLMResult *result, int state, u32 member, int *rings) {
  Record record; /* field by field: "= {0}" would want memset */
  const char *text = NOTHING;
  record.run = context->run;
  record.state = state;
  record.token_id = -1;
  record.member = member;
  record.text_bytes = record.vector_floats = 0;
  record.prefill_ms = record.decode_ms = record.memory_mb = 0;
  record.prefill_tokens = record.decode_tokens = 0;
  if (result) {
    if (context->pooling != POOLING_NONE && take_vector(context, &record, result)) return 1;
    text = result->text;
    record.token_id = result->token_id;
    if (text)
      while (record.text_bytes < RESULT_TEXT_BYTES_MAX && text[record.text_bytes]) record.text_bytes++;
    record.prefill_ms = result->perf.prefill_time_ms;
    record.prefill_tokens = result->perf.prefill_tokens;
    record.decode_ms = result->perf.generate_time_ms;
    record.decode_tokens = result->perf.generate_tokens;
    record.memory_mb = result->perf.memory_usage_mb;
  }
  *rings |= write_text(context->ring, &record, text, tell(context, &record, text));
  return 0;
}

/*
 * In a batch a negative token id says that a member has ended while others go on (Rockchip's manual): that is told once, also of an idle one, for
 * it may have been given something to work on. A lone member is never taken at its word: what ends it is FINISH. Nor is one whose rows are
 * wanted, which has no tokens. No results at all say nothing of anybody.
 */
static int is_silent(RunContext *context, const RKLLMResult *result, int state, u32 member) {
  u32 bit = 1u << member;
  if (state > STATE_WAITING || context->members == 1) return (context->idle & bit) != 0;
  if (!result || (context->ended & bit)) return 1;
  if (context->pooling != POOLING_NONE || result->token_id >= 0 || result->text) return (context->idle & bit) != 0;
  context->ended |= bit;
  return 0;
}

/* LLMResultCallback. `results`, their texts and their rows may be NULL in any state (seen with the closed library). */
static int on_result(const RKLLMResult *results, void *userdata, int state) {
  RunContext *context = userdata;
  int has_rows = 0, rings = 0;
  if (!context) return 0;
  for (u32 member = 0; member < context->members; member++) {
    const RKLLMResult *result = results ? results + member : NOTHING;
    if (!is_silent(context, result, state, member)) has_rows |= take_result(context, result, state, member, &rings);
  }
  /* First the client's: of two threads that are woken the second may have to wait for a core. */
  if (line.used) send_line(context->ring);
  if (rings) ring_the_bell();
  return has_rows ? context->rows_verdict : (int)context->ring->verdict;
}
void *bridge_result_callback(void) { return (void *)on_result; }

/* For the test that compares this file's RKLLMResult with the ABI tables: size, then the offset of each field. */
int bridge_result_layout(u32 *out) {
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
