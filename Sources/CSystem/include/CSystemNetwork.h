// Sockets, epoll, eventfd and signalfd for the Network module. Addresses cross the border as one flat struct, since the sockaddr family
// cannot be read from Swift without rebinding memory. Each function returns what the call returns (-1 on failure) and leaves errno.
#ifndef APUS_CSYSTEM_NETWORK_H
#define APUS_CSYSTEM_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// An internet address. `family` is 4 or 6; of an IPv4 address the low 32 bits of `low` count, in host order.
struct apus_address {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    uint16_t family;
};

/// One event of epoll: the token given at registration, and the EPOLL bits below.
struct apus_event {
    uint64_t token;
    uint32_t events;
};

#define APUS_READABLE 1u
#define APUS_WRITABLE 4u
#define APUS_FAILED 8u
#define APUS_HUNG_UP 16u
#define APUS_PEER_ENDED 0x2000u

/// epoll_create1 with CLOEXEC.
int apus_poller_create(void);
/// EPOLL_CTL_ADD.
int apus_poller_add(int poller, int descriptor, uint32_t events, uint64_t token);
/// EPOLL_CTL_MOD.
int apus_poller_change(int poller, int descriptor, uint32_t events, uint64_t token);
/// EPOLL_CTL_DEL.
int apus_poller_remove(int poller, int descriptor);
/// epoll_wait for at most `capacity` (up to 256) events; a negative timeout waits for ever.
int apus_poller_wait(int poller, struct apus_event *events, int capacity, int timeout_milliseconds);

/// eventfd, non-blocking unless `blocking`; with `semaphore` each read takes one.
int apus_event_create(int semaphore, int blocking);
/// Adds one to an eventfd.
int apus_event_signal(int descriptor);
/// poll for an eventfd to be readable; 0 when the time is over.
int apus_event_wait(int descriptor, int timeout_milliseconds);
/// Reads an eventfd or a timerfd; the value does not matter to its callers.
int apus_event_take(int descriptor);

/// timerfd of the monotonic clock, non-blocking.
int apus_timer_create(void);
/// Has a timerfd become readable in so many nanoseconds, once, and not before.
int apus_timer_set(int descriptor, int64_t nanoseconds);

/// Blocks the signals of this mask (bit n = signal n) in the calling thread and those it will start.
int apus_signals_block(uint64_t signals);
/// Ignores SIGPIPE in this process.
void apus_signals_ignore_pipe(void);

/// A stream socket, non-blocking, closed on exec.
int apus_socket_create(int family);
/// Binds with SO_REUSEADDR and listens; `dual` lets an IPv6 socket take IPv4 as well.
int apus_socket_listen(int descriptor, const struct apus_address *address, int dual, int backlog);
/// accept4, non-blocking, and TCP_NODELAY.
int apus_socket_accept(int descriptor, struct apus_address *peer);
/// connect; EINPROGRESS counts as success.
int apus_socket_connect(int descriptor, const struct apus_address *address);
/// getsockname.
int apus_socket_local(int descriptor, struct apus_address *address);
/// recv without waiting, into two areas one after the other (the second may be empty).
ssize_t apus_socket_receive(int descriptor, void *first, size_t first_length, void *second, size_t second_length);
/// send without waiting and without SIGPIPE.
ssize_t apus_socket_send(int descriptor, const void *bytes, size_t length);
/// Sets the sizes of the socket's buffers (0 leaves one alone).
int apus_socket_buffers(int descriptor, int send_bytes, int receive_bytes);

/// getaddrinfo; fills at most `capacity` addresses and returns how many, or minus the EAI number.
int apus_resolve(const char *host, uint16_t port, struct apus_address *addresses, int capacity);
/// The text of a getaddrinfo failure.
const char *apus_resolve_message(int failure);
/// inet_pton for either family; 1 when `text` is a numeric address.
int apus_address_parse(const char *text, struct apus_address *address);

#endif
