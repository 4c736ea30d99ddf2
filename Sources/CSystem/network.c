#define _GNU_SOURCE
#include "CSystemNetwork.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(APUS_READABLE == EPOLLIN && APUS_WRITABLE == EPOLLOUT, "the bits are epoll's");
_Static_assert(APUS_FAILED == EPOLLERR && APUS_HUNG_UP == EPOLLHUP, "the bits are epoll's");
_Static_assert(APUS_PEER_ENDED == EPOLLRDHUP, "the bits are epoll's");

int apus_poller_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int poller, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poller, operation, descriptor, &event);
}

int apus_poller_add(int poller, int descriptor, uint32_t events, uint64_t token) {
    return control(poller, EPOLL_CTL_ADD, descriptor, events, token);
}

int apus_poller_change(int poller, int descriptor, uint32_t events, uint64_t token) {
    return control(poller, EPOLL_CTL_MOD, descriptor, events, token);
}

int apus_poller_remove(int poller, int descriptor) { return control(poller, EPOLL_CTL_DEL, descriptor, 0, 0); }

int apus_poller_wait(int poller, struct apus_event *events, int capacity, int timeout_milliseconds) {
    struct epoll_event raw[256];
    int count = epoll_wait(poller, raw, capacity < 256 ? capacity : 256, timeout_milliseconds);
    for (int i = 0; i < count; i++) {
        events[i].token = raw[i].data.u64;
        events[i].events = raw[i].events;
    }
    return count;
}

int apus_event_create(int semaphore, int blocking) {
    return eventfd(0, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK) | (semaphore ? EFD_SEMAPHORE : 0));
}

int apus_event_signal(int descriptor) {
    uint64_t one = 1;
    return write(descriptor, &one, sizeof one) == sizeof one ? 0 : -1;
}

int apus_timer_create(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

int apus_timer_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec wanted = {
        .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, 0, &wanted, NULL);
}

int apus_event_wait(int descriptor, int timeout_milliseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    return poll(&wanted, 1, timeout_milliseconds);
}

int apus_event_take(int descriptor) {
    uint64_t value;
    return read(descriptor, &value, sizeof value) == sizeof value ? 0 : -1;
}

static sigset_t set_of(uint64_t signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int number = 1; number < 64; number++)
        if (signals >> number & 1) sigaddset(&set, number);
    return set;
}

int apus_signals_block(uint64_t signals) {
    sigset_t set = set_of(signals);
    int failure = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failure) errno = failure;
    return failure ? -1 : 0;
}

void apus_signals_ignore_pipe(void) { signal(SIGPIPE, SIG_IGN); }

static socklen_t to_system(const struct apus_address *from, struct sockaddr_storage *to) {
    memset(to, 0, sizeof *to);
    if (from->family == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)to;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(from->port);
        v4->sin_addr.s_addr = htonl((uint32_t)from->low);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
    uint64_t high = htobe64(from->high), low = htobe64(from->low);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(from->port);
    v6->sin6_scope_id = from->scope;
    memcpy(v6->sin6_addr.s6_addr, &high, 8);
    memcpy(v6->sin6_addr.s6_addr + 8, &low, 8);
    return sizeof *v6;
}

static void from_system(const struct sockaddr *from, struct apus_address *to) {
    memset(to, 0, sizeof *to);
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        to->family = 4;
        to->port = ntohs(v4->sin_port);
        to->low = ntohl(v4->sin_addr.s_addr);
        return;
    }
    if (from->sa_family != AF_INET6) return;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    to->family = 6;
    to->port = ntohs(v6->sin6_port);
    to->scope = v6->sin6_scope_id;
    memcpy(&to->high, v6->sin6_addr.s6_addr, 8);
    memcpy(&to->low, v6->sin6_addr.s6_addr + 8, 8);
    to->high = be64toh(to->high);
    to->low = be64toh(to->low);
}

int apus_socket_create(int family) {
    return socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int apus_socket_listen(int descriptor, const struct apus_address *address, int dual, int backlog) {
    struct sockaddr_storage system;
    socklen_t length = to_system(address, &system);
    int on = 1, only6 = !dual;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) return -1;
    if (address->family == 6 && setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6) < 0) return -1;
    if (bind(descriptor, (struct sockaddr *)&system, length) < 0) return -1;
    return listen(descriptor, backlog);
}

int apus_socket_accept(int descriptor, struct apus_address *peer) {
    struct sockaddr_storage system;
    socklen_t length = sizeof system;
    int accepted = accept4(descriptor, (struct sockaddr *)&system, &length, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (accepted < 0) return -1;
    from_system((struct sockaddr *)&system, peer);
    // A failure here means that the peer is gone already; the first read will say so.
    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return accepted;
}

int apus_socket_connect(int descriptor, const struct apus_address *address) {
    struct sockaddr_storage system;
    socklen_t length = to_system(address, &system);
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, (struct sockaddr *)&system, length) == 0 || errno == EINPROGRESS) return 0;
    return -1;
}

int apus_socket_local(int descriptor, struct apus_address *address) {
    struct sockaddr_storage system;
    socklen_t length = sizeof system;
    if (getsockname(descriptor, (struct sockaddr *)&system, &length) < 0) return -1;
    from_system((struct sockaddr *)&system, address);
    return 0;
}

ssize_t apus_socket_receive(int descriptor, void *first, size_t first_length, void *second, size_t second_length) {
    if (second_length == 0) return recv(descriptor, first, first_length, MSG_DONTWAIT);
    struct iovec parts[2] = {{first, first_length}, {second, second_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return recvmsg(descriptor, &message, MSG_DONTWAIT);
}

ssize_t apus_socket_send(int descriptor, const void *bytes, size_t length) {
    return send(descriptor, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int apus_socket_buffers(int descriptor, int send_bytes, int receive_bytes) {
    if (send_bytes > 0 && setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) < 0) return -1;
    if (receive_bytes > 0 && setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) < 0)
        return -1;
    return 0;
}

int apus_resolve(const char *host, uint16_t port, struct apus_address *addresses, int capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int failure = getaddrinfo(host, NULL, &hints, &found), count = 0;
    if (failure) return failure < 0 ? failure : -failure;
    for (struct addrinfo *next = found; next && count < capacity; next = next->ai_next) {
        if (next->ai_family != AF_INET && next->ai_family != AF_INET6) continue;
        from_system(next->ai_addr, &addresses[count]);
        addresses[count++].port = port;
    }
    freeaddrinfo(found);
    return count;
}

const char *apus_resolve_message(int failure) { return gai_strerror(failure); }

// A zone is an interface, by its name or its number; 0 is none.
static uint32_t zone_index(const char *zone) {
    uint32_t index = if_nametoindex(zone);
    char *end;
    if (index) return index;
    index = (uint32_t)strtoul(zone, &end, 10);
    return *end ? 0 : index;
}

int apus_address_parse(const char *text, struct apus_address *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char number[INET6_ADDRSTRLEN];
    const char *zone = strchr(text, '%');
    size_t length = zone ? (size_t)(zone - text) : 0;
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        from_system((struct sockaddr *)&v4, address);
        return 1;
    }
    if (zone) {
        v6.sin6_scope_id = zone_index(zone + 1);
        if (!v6.sin6_scope_id || length >= sizeof number) return 0;
        memcpy(number, text, length);
        number[length] = 0;
        text = number;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return 0;
    from_system((struct sockaddr *)&v6, address);
    return 1;
}
