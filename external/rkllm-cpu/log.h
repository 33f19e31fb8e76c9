/* Log lines in the manner of the closed library: straight to file descriptor 1 of the process (but see the mood stderr-log), "I rkllm: ", "W rkllm: " or "E rkllm: "
 * before the text. There is no other error channel in the ABI, so every -1 has its line here. */
#ifndef RKLLM_CPU_LOG_H
#define RKLLM_CPU_LOG_H

#include "libc.h"

#define LOG_LINE_BYTES_MAX 1024

/* RKLLM_LOG_LEVEL: 1 adds a table of speeds after each run, 2 also prompts and token ids (so never the default). */
static int log_level;
static int log_descriptor = 1;
static char last_error[LOG_LINE_BYTES_MAX];

static void log_write(char letter, const char *text)
{
    char line[LOG_LINE_BYTES_MAX + 16];
    int length = snprintf(line, sizeof line, "%c rkllm: %s\n", letter, text);
    const char *rest = line;
    if (length >= (int)sizeof line) length = (int)sizeof line - 1;
    /* one write, so that lines of several threads do not mix; what a closed or full pipe refuses is lost */
    while (length > 0) {
        ssize_t written = write(log_descriptor, rest, (size_t)length);
        if (written <= 0) return;
        rest += written;
        length -= (int)written;
    }
}

/* Macros because TinyCC's own variadic functions are not to be trusted on every machine; calling snprintf is. */
#define LOG_LINE(letter, ...)                                                                                                          \
    do {                                                                                                                               \
        char log_text[LOG_LINE_BYTES_MAX];                                                                                             \
        snprintf(log_text, sizeof log_text, __VA_ARGS__);                                                                              \
        log_write(letter, log_text);                                                                                                   \
    } while (0)
#define LOG_INFO(...) LOG_LINE('I', __VA_ARGS__)
#define LOG_WARNING(...) LOG_LINE('W', __VA_ARGS__)
#define LOG_ERROR(...)                                                                                                                 \
    do {                                                                                                                               \
        snprintf(last_error, sizeof last_error, __VA_ARGS__);                                                                          \
        log_write('E', last_error);                                                                                                    \
    } while (0)

static void log_read_level(void)
{
    const char *level = getenv("RKLLM_LOG_LEVEL");
    log_level = level ? atoi(level) : 0;
}

#endif
