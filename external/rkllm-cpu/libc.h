/* The C library, for two kinds of build.
 *
 * An ordinary compiler includes the usual headers and links as always.
 *
 * The TinyCC inside Bun runs with -nostdlib on machines that may have no headers at all, and it resolves only a short fixed list of
 * names (memcpy, memset, dlopen, dlsym, dlerror and a few more). Its malloc is not even libc's, but the allocator of the Bun executable,
 * so a block made by libc's strdup must never reach it. Therefore every function comes from dlsym, malloc and free included. */
#ifndef RKLLM_CPU_LIBC_H
#define RKLLM_CPU_LIBC_H

#ifndef __TINYC__

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int libc_load(void) { return 0; }

/* The bits of the CPUs this thread may use, as the kernel's plain array; returns 0 or -1. */
static int cpu_affinity(size_t bytes, unsigned long *bits) { return sched_getaffinity(0, bytes, (cpu_set_t *)bits); }

#else

#include "rkllm.h"

#define NULL ((void *)0)
#define RTLD_NOW 2
#define O_RDONLY 0
#define O_RDWR 2
#define O_CREAT 0100
#define SEEK_END 2
#define PROT_READ 1
#define MAP_PRIVATE 2
#define MAP_FAILED ((void *)-1L)
#define LOCK_EX 2
#define CLOCK_MONOTONIC 1
#define _SC_NPROCESSORS_ONLN 84

typedef long ssize_t;
typedef unsigned long pthread_t;
typedef struct {
    long words[8]; /* glibc needs 40 bytes on x86-64 and 48 on AArch64; all zero is a free mutex */
} pthread_mutex_t;
typedef struct {
    const char *dli_fname;
    void *dli_fbase;
    const char *dli_sname;
    void *dli_saddr;
} Dl_info;
struct timespec {
    long tv_sec;
    long tv_nsec;
};

extern void *memcpy(void *to, const void *from, size_t bytes);
extern void *memset(void *to, int byte, size_t bytes);
extern void *dlopen(const char *path, int mode);
extern void *dlsym(void *library, const char *name);
extern char *dlerror(void);

/* The AArch64 back end copies structs with memmove, which -nostdlib does not resolve: it must exist in this very file. */
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

#define LIBC_FUNCTIONS(X)                                                                                                              \
    X(void *, malloc, (size_t))                                                                                                        \
    X(void *, calloc, (size_t, size_t))                                                                                                \
    X(void *, realloc, (void *, size_t))                                                                                               \
    X(void, free, (void *))                                                                                                            \
    X(size_t, strlen, (const char *))                                                                                                  \
    X(int, strcmp, (const char *, const char *))                                                                                       \
    X(int, strncmp, (const char *, const char *, size_t))                                                                              \
    X(int, memcmp, (const void *, const void *, size_t))                                                                               \
    X(char *, strdup, (const char *))                                                                                                  \
    X(char *, strchr, (const char *, int))                                                                                             \
    X(char *, strrchr, (const char *, int))                                                                                            \
    X(char *, strstr, (const char *, const char *))                                                                                    \
    X(double, strtod, (const char *, char **))                                                                                         \
    X(int, atoi, (const char *))                                                                                                       \
    X(int, snprintf, (char *, size_t, const char *, ...))                                                                              \
    X(char *, getenv, (const char *))                                                                                                  \
    X(int, open, (const char *, int, ...))                                                                                             \
    X(int, close, (int))                                                                                                               \
    X(ssize_t, read, (int, void *, size_t))                                                                                            \
    X(ssize_t, write, (int, const void *, size_t))                                                                                     \
    X(int, unlink, (const char *))                                                                                                     \
    X(long, lseek, (int, long, int))                                                                                                   \
    X(void *, mmap, (void *, size_t, int, int, int, long))                                                                             \
    X(int, munmap, (void *, size_t))                                                                                                   \
    X(int, flock, (int, int))                                                                                                          \
    X(int, nanosleep, (const struct timespec *, struct timespec *))                                                                    \
    X(int, clock_gettime, (int, struct timespec *))                                                                                    \
    X(long, sysconf, (int))                                                                                                            \
    X(int, sched_getaffinity, (int, size_t, void *))                                                                                   \
    X(int, dladdr, (const void *, Dl_info *))                                                                                          \
    X(int, pthread_create, (pthread_t *, const void *, void *(*)(void *), void *))                                                     \
    X(int, pthread_join, (pthread_t, void **))                                                                                         \
    X(int, pthread_detach, (pthread_t))                                                                                                \
    X(int, pthread_mutex_lock, (pthread_mutex_t *))                                                                                    \
    X(int, pthread_mutex_unlock, (pthread_mutex_t *))

#define X(result, name, arguments) static result(*libc_##name) arguments;
LIBC_FUNCTIONS(X)
#undef X

/* Finds all of them; 0, or -1 when this C library lacks one. Harmless to repeat. */
static int libc_load(void)
{
    int missing = 0;
#define X(result, name, arguments)                                                                                                     \
    *(void **)&libc_##name = dlsym(NULL, #name);                                                                                       \
    missing |= libc_##name == NULL;
    LIBC_FUNCTIONS(X)
#undef X
    return missing ? -1 : 0;
}

static int cpu_affinity(size_t bytes, unsigned long *bits) { return libc_sched_getaffinity(0, bytes, bits); }

#define malloc libc_malloc
#define calloc libc_calloc
#define realloc libc_realloc
#define free libc_free
#define strlen libc_strlen
#define strcmp libc_strcmp
#define strncmp libc_strncmp
#define memcmp libc_memcmp
#define strdup libc_strdup
#define strchr libc_strchr
#define strrchr libc_strrchr
#define strstr libc_strstr
#define strtod libc_strtod
#define atoi libc_atoi
#define snprintf libc_snprintf
#define getenv libc_getenv
#define open libc_open
#define close libc_close
#define read libc_read
#define write libc_write
#define unlink libc_unlink
#define lseek libc_lseek
#define mmap libc_mmap
#define munmap libc_munmap
#define flock libc_flock
#define nanosleep libc_nanosleep
#define clock_gettime libc_clock_gettime
#define sysconf libc_sysconf
#define dladdr libc_dladdr
#define pthread_create libc_pthread_create
#define pthread_join libc_pthread_join
#define pthread_detach libc_pthread_detach
#define pthread_mutex_lock libc_pthread_mutex_lock
#define pthread_mutex_unlock libc_pthread_mutex_unlock

#endif

/* strdup that takes NULL for the empty text. */
static char *copy_text(const char *text) { return strdup(text ? text : ""); }

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_us(int64_t us)
{
    struct timespec span;
    span.tv_sec = us / 1000000;
    span.tv_nsec = us % 1000000 * 1000;
    nanosleep(&span, NULL);
}

#endif
