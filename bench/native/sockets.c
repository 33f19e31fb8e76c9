/* Preloaded into the gateway and its hosts (LD_PRELOAD), it writes down when something goes into a socket and comes out of one:
 * SOCKET_STAMPS names the file. Files and terminals are left alone. */
#include "stamps.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { SENT = 1, RECEIVED = 2 };

__attribute__((constructor)) static void sockets_open(void) { stamps_open("SOCKET_STAMPS"); }

static int is_socket(int descriptor)
{
    struct stat facts;
    return stamp_file && fstat(descriptor, &facts) == 0 && S_ISSOCK(facts.st_mode);
}

/* Sent is stamped before the call, received behind it: a hop is the time between the two. */
#define SEND_CALL(name, parameters, arguments)                                                                                         \
    ssize_t name parameters                                                                                                            \
    {                                                                                                                                  \
        static ssize_t(*next) parameters;                                                                                              \
        int64_t begun = now_ns();                                                                                                      \
        ssize_t count;                                                                                                                 \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name);                                                                          \
        count = next arguments;                                                                                                        \
        if (count > 0 && is_socket(fd)) stamp_at(begun, SENT, fd, (int32_t)count, 0);                                                  \
        return count;                                                                                                                  \
    }
#define RECEIVE_CALL(name, parameters, arguments)                                                                                      \
    ssize_t name parameters                                                                                                            \
    {                                                                                                                                  \
        static ssize_t(*next) parameters;                                                                                              \
        ssize_t count;                                                                                                                 \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name);                                                                          \
        count = next arguments;                                                                                                        \
        if (count > 0 && is_socket(fd)) stamp_at(now_ns(), RECEIVED, fd, (int32_t)count, 0);                                           \
        return count;                                                                                                                  \
    }

SEND_CALL(send, (int fd, const void *data, size_t bytes, int flags), (fd, data, bytes, flags))
SEND_CALL(sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
SEND_CALL(write, (int fd, const void *data, size_t bytes), (fd, data, bytes))
SEND_CALL(writev, (int fd, const struct iovec *parts, int count_of), (fd, parts, count_of))
RECEIVE_CALL(recv, (int fd, void *data, size_t bytes, int flags), (fd, data, bytes, flags))
RECEIVE_CALL(recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
RECEIVE_CALL(read, (int fd, void *data, size_t bytes), (fd, data, bytes))
