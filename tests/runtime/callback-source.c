/* Calls a result callback many times as a runtime library would: text reused and overwritten, from the caller's or a foreign thread. */
typedef unsigned long size_type;
extern void *dlsym(void *library, const char *name);
typedef struct {
  const char *text;
  int token_id;
  int padding;
  const void *hidden; int hidden_width, hidden_count;
  const void *logits; int logits_width, logits_count;
  float prefill_ms; int prefill_tokens; float decode_ms; int decode_tokens; float memory_mb;
} Result;
typedef int (*Callback)(Result *, void *, int);
typedef struct { Callback callback; void *userdata; int count; int verdict_seen; volatile int done; } Job;

static Job job;

static void call_back(Job *j) {
  char text[32];
  Result result = {0};
  for (int i = 0; i < j->count; i++) {
    int digits = 0, value = i;
    char reversed[16];
    do reversed[digits++] = (char)('0' + value % 10); while (value /= 10);
    for (int k = 0; k < digits; k++) text[k] = reversed[digits - 1 - k];
    text[digits] = ' ';
    text[digits + 1] = 0;
    result.text = i % 7 == 6 ? 0 : text;
    result.token_id = i;
    j->verdict_seen = j->callback(&result, j->userdata, 0);
    for (int k = 0; k < 32; k++) text[k] = '#';
    if (j->verdict_seen) break;
  }
  result.text = 0;
  result.prefill_ms = 1.5f;
  result.prefill_tokens = 3;
  result.decode_ms = 2.5f;
  result.decode_tokens = j->count;
  result.memory_mb = 4.5f;
  j->callback(&result, j->userdata, 2);
  j->callback((Result *)0, j->userdata, 3);
  j->done = 1;
}
static void *thread_main(void *argument) {
  call_back(argument);
  return (void *)0;
}
int run_here(void *callback, void *userdata, int count) {
  job = (Job){(Callback)callback, userdata, count, 0, 0};
  call_back(&job);
  return job.verdict_seen;
}
int run_on_thread(void *callback, void *userdata, int count) {
  unsigned long thread;
  int (*create)(unsigned long *, const void *, void *(*)(void *), void *);
  *(void **)&create = dlsym((void *)0, "pthread_create");
  job = (Job){(Callback)callback, userdata, count, 0, 0};
  return create(&thread, (void *)0, thread_main, &job);
}

/* One result with rows, as hidden ones and as logits, which are spoilt as soon as the callback has returned. */
int give_rows(void *callback, void *userdata, float *rows, int width, int count) {
  Result result = {0};
  int verdict;
  result.hidden = rows;
  result.hidden_width = width;
  result.hidden_count = count;
  result.logits = rows;
  result.logits_width = width;
  result.logits_count = count;
  verdict = ((Callback)callback)(&result, userdata, 0);
  if (rows) rows[0] = -12345;
  return verdict;
}

/* One call for a batch, a token for each lane; those below 0 come without a text. No ids at all: no results. */
int give_batch(void *callback, void *userdata, const int *ids, int count) {
  Result results[8];
  if (!ids) return ((Callback)callback)((Result *)0, userdata, 0);
  for (int i = 0; i < count; i++) {
    results[i] = (Result){0};
    results[i].token_id = ids[i];
    results[i].text = ids[i] < 0 ? 0 : "x";
  }
  return ((Callback)callback)(results, userdata, 0);
}
