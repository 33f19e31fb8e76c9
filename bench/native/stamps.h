/* Records with a time, in a file that another process may read while they are written: trace.c and sockets.c write them, bench/stamps.ts
 * reads them. The file is mapped, so that a stamp costs a clock and a store, and whatever was written survives the end of the process. */
#ifndef BENCH_STAMPS_H
#define BENCH_STAMPS_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STAMPS_MAX (1u << 20)

typedef struct {
    int64_t ns; /* CLOCK_MONOTONIC, which all processes of a machine share */
    int32_t kind, a, b, c;
} Stamp;

typedef struct {
    uint64_t count; /* how many there are; beyond STAMPS_MAX they are counted and not kept */
    uint64_t padding;
    Stamp stamps[];
} StampFile;

static StampFile *stamp_file;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Opens "<what the variable says>.<pid>"; without the variable nothing is recorded. */
static void stamps_open(const char *variable)
{
    const char *prefix = getenv(variable);
    size_t bytes = sizeof(StampFile) + (size_t)STAMPS_MAX * sizeof(Stamp);
    char path[4096];
    void *mapped;
    int descriptor;
    if (!prefix) return;
    snprintf(path, sizeof path, "%s.%d", prefix, (int)getpid());
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)bytes) != 0) return;
    mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped != MAP_FAILED) stamp_file = mapped;
}

static void stamp_at(int64_t ns, int32_t kind, int32_t a, int32_t b, int32_t c)
{
    uint64_t index;
    if (!stamp_file) return;
    index = __atomic_fetch_add(&stamp_file->count, 1, __ATOMIC_RELAXED);
    if (index < STAMPS_MAX) stamp_file->stamps[index] = (Stamp){ ns, kind, a, b, c };
}

#endif
