/* An HTTP client that costs next to nothing and knows when each byte came:
 *
 *   client ADDRESS PORT EVENTS < requests
 *
 * The standard input holds whole requests, each behind its length and a newline. Each gets a connection of its own; all are sent once all
 * are connected. The standard output gets, in order of time, lines "S connection ns" (sent), "R connection ns bytes" with that many bytes
 * behind the line (received), and "E connection ns" (at its end). EVENTS above 0 closes each connection when that many pieces that begin
 * with "data: " have come, "C connection ns". Times are CLOCK_MONOTONIC. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define WAIT_MS_MAX 900000
#define TAIL_BYTES 7

typedef struct {
    char *request;
    size_t bytes;
    int events;
    char tail[TAIL_BYTES + 1]; /* the last bytes received: an answer in chunks ends with an empty one */
} Connection;

static Connection connections[CONNECTIONS_MAX];
static struct pollfd polled[CONNECTIONS_MAX];
static char buffer[1 << 16];

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int read_requests(void)
{
    int count = 0;
    size_t bytes;
    while (count < CONNECTIONS_MAX && scanf("%zu", &bytes) == 1) {
        Connection *connection = &connections[count++];
        getchar();
        connection->bytes = bytes;
        connection->request = malloc(bytes);
        if (!connection->request || fread(connection->request, 1, bytes, stdin) != bytes) fail("request");
    }
    return count;
}

static int connect_to(const char *address, int port)
{
    struct sockaddr_in target = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &target.sin_addr) != 1) fail("address");
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&target, sizeof target) != 0) fail("connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

static void send_all(int index)
{
    const Connection *connection = &connections[index];
    size_t done = 0;
    printf("S %d %ld\n", index, (long)now_ns());
    while (done < connection->bytes) {
        ssize_t sent = send(polled[index].fd, connection->request + done, connection->bytes - done, 0);
        if (sent < 0) fail("send");
        done += (size_t)sent;
    }
}

static void end_of(int index, char kind)
{
    close(polled[index].fd);
    polled[index].fd = -1;
    printf("%c %d %ld\n", kind, index, (long)now_ns());
}

static int events_in(const char *bytes, size_t count)
{
    int found = 0;
    const char *at = bytes, *end = bytes + count;
    while ((at = memmem(at, (size_t)(end - at), "data: ", 6)) != NULL) found++, at += 6;
    return found;
}

static void keep_tail(Connection *connection, const char *bytes, size_t count)
{
    size_t kept = count < TAIL_BYTES ? TAIL_BYTES - count : 0, taken = TAIL_BYTES - kept;
    memmove(connection->tail, connection->tail + TAIL_BYTES - kept, kept);
    memcpy(connection->tail + kept, bytes + count - taken, taken);
}

static void receive(int index, int events_max)
{
    Connection *connection = &connections[index];
    ssize_t count = recv(polled[index].fd, buffer, sizeof buffer, 0);
    int64_t came = now_ns();
    if (count <= 0) {
        end_of(index, 'E');
        return;
    }
    printf("R %d %ld %zd\n", index, (long)came, count);
    fwrite(buffer, 1, (size_t)count, stdout);
    connection->events += events_in(buffer, (size_t)count);
    keep_tail(connection, buffer, (size_t)count);
    if (events_max > 0 && connection->events >= events_max) end_of(index, 'C');
    else if (memcmp(connection->tail, "\r\n0\r\n\r\n", TAIL_BYTES) == 0) end_of(index, 'E');
}

int main(int argc, char **argv)
{
    int count, index, open, events_max;
    if (argc != 4) return fprintf(stderr, "client ADDRESS PORT EVENTS < requests\n"), 2;
    events_max = atoi(argv[3]);
    setvbuf(stdout, malloc(1 << 22), _IOFBF, 1 << 22);
    count = read_requests();
    for (index = 0; index < count; index++) polled[index] = (struct pollfd){ connect_to(argv[1], atoi(argv[2])), POLLIN, 0 };
    for (index = 0; index < count; index++) send_all(index);
    do {
        int ready = poll(polled, (nfds_t)count, WAIT_MS_MAX);
        if (ready == 0) return fprintf(stderr, "client: nothing came for too long\n"), 1;
        if (ready < 0 && errno != EINTR) fail("poll");
        for (open = index = 0; index < count; index++) {
            if (polled[index].fd >= 0 && polled[index].revents) receive(index, events_max);
            open += polled[index].fd >= 0;
        }
    } while (open > 0);
    return fflush(stdout) == 0 ? 0 : 1;
}
