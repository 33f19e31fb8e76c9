/* The baseline: a C program that does nothing but run a model through librkllmrt.so (RKLLM ABI 1.3.0), greedily.
 *
 *   bare-loop LIBRARY MODEL CONTEXT THREADS N_BATCH NEW_TOKENS RUNS < ids
 *
 * The standard input holds the token ids of the prompts, one prompt a line, as many as N_BATCH. Each run clears the KV cache first. It
 * prints a line of JSON for each run, and one of what the process took before and after the model was opened. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../../external/rkllm-cpu/rkllm.h"

#define IDS_MAX 65536
#define MEMBERS_MAX 32
#define TEXT_BYTES_MAX (1 << 20)

static double first_ms, last_ms;
static int tokens, callbacks;
static char text[TEXT_BYTES_MAX];
static size_t text_bytes;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static int members;

static int on_result(RKLLMResult *results, void *userdata, LLMCallState state)
{
    int i;
    (void)userdata;
    if (state != RKLLM_RUN_NORMAL && state != RKLLM_RUN_WAITING) return 0;
    last_ms = now_ms();
    if (callbacks++ == 0) first_ms = last_ms;
    for (i = 0; i < members; i++) {
        if (results[i].token_id < 0) continue;
        tokens++;
        if (i == 0 && results[0].text && text_bytes + strlen(results[0].text) < TEXT_BYTES_MAX) {
            strcpy(text + text_bytes, results[0].text);
            text_bytes += strlen(results[0].text);
        }
    }
    return 0;
}

/* VmRSS, kB. */
static long resident_kb(void)
{
    char line[256];
    long found = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmRSS: %ld", &found) == 1) break;
    if (status) fclose(status);
    return found;
}

static void *need(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (found) return found;
    fprintf(stderr, "%s is not in the library\n", name);
    exit(1);
}

static int read_prompts(RKLLMInput *inputs, int count)
{
    static int32_t ids[IDS_MAX];
    int used = 0, i = 0, id;
    char separator;
    inputs[0].token_input.input_ids = ids;
    while (i < count && used < IDS_MAX && scanf("%d%c", &id, &separator) == 2) {
        ids[used++] = id;
        inputs[i].token_input.n_tokens++;
        if (separator != '\n') continue;
        if (++i < count) inputs[i].token_input.input_ids = ids + used;
    }
    return i;
}

static void print_text(void)
{
    size_t i;
    putchar('"');
    for (i = 0; i < text_bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\' || byte < 0x20) printf("\\u%04x", byte);
        else putchar(byte);
    }
    putchar('"');
}

int main(int argc, char **argv)
{
    RKLLMParam (*defaults)(void);
    int (*init)(LLMHandle *, RKLLMParam *, RKLLMCallback *), (*run)(LLMHandle, RKLLMInput *, RKLLMInferParam *, void *);
    int (*clear)(LLMHandle, int, int *, int *), (*destroy)(LLMHandle);
    RKLLMInput inputs[MEMBERS_MAX] = { 0 };
    RKLLMSamplingParam greedy = { .top_k = 1, .top_p = 1, .temperature = 1, .repeat_penalty = 1, .mirostat_tau = 5, .mirostat_eta = 0.1f };
    RKLLMInferParam options = { .mode = RKLLM_INFER_GENERATE, .sampling_params = &greedy };
    RKLLMCallback callback = { .result_callback = on_result };
    RKLLMParam param;
    LLMHandle handle;
    long before_kb;
    void *library;
    int runs, i;
    if (argc != 8) return fprintf(stderr, "bare-loop LIBRARY MODEL CONTEXT THREADS N_BATCH NEW_TOKENS RUNS < ids\n"), 2;
    library = dlopen(argv[1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    defaults = need(library, "rkllm_createDefaultParam");
    init = need(library, "rkllm_init");
    run = need(library, "rkllm_run");
    clear = need(library, "rkllm_clear_kv_cache");
    destroy = need(library, "rkllm_destroy");
    members = atoi(argv[5]);
    if (members < 1 || members > MEMBERS_MAX || read_prompts(inputs, members) != members) return fprintf(stderr, "prompts are missing\n"), 1;
    for (i = 0; i < members; i++) inputs[i].role = "user", inputs[i].input_type = RKLLM_INPUT_TOKEN;
    param = defaults();
    param.model_path = argv[2];
    param.max_context_len = atoi(argv[3]);
    param.extend_param.enabled_cpus_num = (int8_t)atoi(argv[4]);
    param.extend_param.n_batch = (uint8_t)members;
    options.max_new_tokens = atoi(argv[6]);
    before_kb = resident_kb();
    if (init(&handle, &param, &callback) != 0) return fprintf(stderr, "rkllm_init failed\n"), 1;
    for (runs = atoi(argv[7]); runs > 0; runs--) {
        double begun, used;
        tokens = callbacks = 0;
        text_bytes = 0;
        clear(handle, 0, NULL, NULL);
        used = cpu_ms();
        begun = now_ms();
        if (run(handle, inputs, &options, NULL) != 0) return fprintf(stderr, "rkllm_run failed\n"), 1;
        printf("{\"wallMs\":%.4f,\"firstMs\":%.4f,\"lastMs\":%.4f,\"tokens\":%d,\"cpuMs\":%.4f,\"text\":", now_ms() - begun, first_ms - begun,
               last_ms - begun, tokens, cpu_ms() - used);
        print_text();
        printf("}\n");
    }
    printf("{\"beforeKb\":%ld,\"afterKb\":%ld}\n", before_kb, resident_kb());
    destroy(handle);
    return 0;
}
