// A load generator for `make bench`: prebuilt requests over a few plain connections, so that it costs little beside the broker.
//
//     load produce|fetch|latency|metadata PORT TOPIC key=value…      prints one JSON object
//
// produce  keeps `inflight` requests of one batch on each connection            conns inflight records size acks seconds partitions
// fetch    reads each partition from its start to its end, over and over        conns seconds partitions isolation (1: read_committed)
// latency  sends one batch `rate` times a second, whatever the answers do,      conns rate records size acks seconds partitions
//          and measures from the moment at which it should have left; `records` is 1 unless it is given
// metadata asks for all topics `rate` times a second; TOPIC does not matter         conns rate seconds
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "wire.h"

enum { CONNECTIONS_MAX = 1024, REPLY_MAX = 4 << 20, WAITING_MAX = 65536 };

static struct options {
    int port, conns, inflight, records, size, acks, partitions, isolation;
    double seconds, rate;
    const char *topic;
} options = { .conns = 6, .inflight = 4, .records = 160, .size = 100, .acks = -1, .partitions = 6, .seconds = 5, .rate = 1000 };

// One connection: what is to be sent, what has arrived, and when each unanswered request should have left.
static struct connection {
    int socket, partition;
    const uint8_t *out;
    size_t out_left, in_count;
    int unanswered;
    uint8_t *in;
    int64_t offset;
    double due[WAITING_MAX];
    unsigned due_head, due_tail;
    uint8_t request[512];
} *connections;

static bool is_metadata;
static uint64_t messages, bytes, replies, errors, latencies_count;
static double *latencies;
static uint8_t *produce_frames[CONNECTIONS_MAX];
static size_t produce_size;

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint8_t *put_string(uint8_t *to, const char *text) {
    size_t length = strlen(text);
    memcpy(put(to, length, 2), text, length);
    return to + 2 + length;
}

// A frame: size, header with client id "load", body.
static uint8_t *begin(uint8_t *frame, int key, int version) {
    uint8_t *to = put(frame + 4, (uint64_t)key, 2);
    to = put(to, (uint64_t)version, 2);
    to = put(to, 1, 4);
    return put_string(to, "load");
}

static void finish(uint8_t *frame, uint8_t *end) { put(frame, (uint64_t)(end - frame - 4), 4); }

// One batch of format v2: `records` values of `size` bytes.
static uint8_t *put_batch(uint8_t *batch) {
    uint64_t milliseconds = (uint64_t)time(NULL) * 1000;
    uint8_t *to = put(batch, 0, 8) + 4;
    to = put(to, ~0ull, 4);
    *to++ = 2;
    uint8_t *crc = to, *covered = to + 4;
    to = put(covered, 0, 2);
    to = put(to, (uint64_t)options.records - 1, 4);
    to = put(to, milliseconds, 8);
    to = put(to, milliseconds, 8);
    to = put(to, ~0ull, 8);
    to = put(to, ~0ull, 2);
    to = put(to, ~0ull, 4);
    to = put(to, (uint64_t)options.records, 4);
    for (int i = 0; i < options.records; i++) {
        uint8_t body[32], *at = body;
        *at++ = 0;
        at = put_signed(at, 0);
        at = put_signed(at, i);
        at = put_signed(at, -1);
        at = put_signed(at, options.size);
        to = put_signed(to, at - body + options.size + 1);
        memcpy(to, body, (size_t)(at - body));
        to += at - body;
        for (int n = 0; n < options.size; n++) *to++ = (uint8_t)('a' + (i * 7 + n) % 26);
        *to++ = 0;
    }
    put(batch + 8, (uint64_t)(to - batch - 12), 4);
    put(crc, ~checksum(~0u, covered, (size_t)(to - covered)), 4);
    return to;
}

static void build_produce(void) {
    size_t room = (size_t)options.records * ((size_t)options.size + 40) + 1024;
    for (int p = 0; p < options.partitions; p++) {
        uint8_t *frame = produce_frames[p] = malloc(room);
        uint8_t *to = begin(frame, 0, 7);
        to = put(to, 0xffff, 2);
        to = put(to, (uint64_t)options.acks, 2);
        to = put(to, 30000, 4);
        to = put(to, 1, 4);
        to = put_string(to, options.topic);
        to = put(to, 1, 4);
        to = put(to, (uint64_t)p, 4);
        uint8_t *length = to, *end = put_batch(to + 4);
        put(length, (uint64_t)(end - length - 4), 4);
        finish(frame, end);
        produce_size = (size_t)(end - frame);
    }
}

static void build_metadata(void) {
    uint8_t *frame = malloc(64), *to = put(begin(frame, 3, 4), ~0ull, 4);
    *to++ = 0;
    finish(frame, to);
    produce_size = (size_t)(to - frame);
    for (int p = 0; p < options.partitions; p++) produce_frames[p] = frame;
}

static void build_fetch(struct connection *c) {
    uint8_t *to = begin(c->request, 1, 4);
    to = put(to, ~0ull, 4);
    to = put(to, 100, 4);
    to = put(to, 1, 4);
    to = put(to, REPLY_MAX / 2, 4);
    *to++ = (uint8_t)options.isolation;
    to = put(to, 1, 4);
    to = put_string(to, options.topic);
    to = put(to, 1, 4);
    to = put(to, (uint64_t)c->partition, 4);
    to = put(to, (uint64_t)c->offset, 8);
    to = put(to, 1 << 20, 4);
    finish(c->request, to);
    c->out = c->request;
    c->out_left = (size_t)(to - c->request);
}

static void open_connection(struct connection *c, int number) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->socket, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    c->partition = number % options.partitions;
    c->in = malloc(REPLY_MAX);
}

// Sends what is there; false if the socket is full.
static bool drain(struct connection *c) {
    while (c->out_left > 0) {
        ssize_t sent = send(c->socket, c->out, c->out_left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return false;
        if (sent < 0) fail("send");
        c->out += sent;
        c->out_left -= (size_t)sent;
    }
    return true;
}

static void start_produce(struct connection *c, double due) {
    c->out = produce_frames[c->partition];
    c->out_left = produce_size;
    c->due[c->due_tail++ % WAITING_MAX] = due;
    c->unanswered++;
}

static void fill(struct connection *c) {
    while (drain(c) && c->unanswered < options.inflight) start_produce(c, now());
}

// The offset of the one partition's error code in a Produce v7 reply.
static void take_produce(struct connection *c, const uint8_t *reply, double at) {
    size_t error = 8 + 4 + 2 + strlen(options.topic) + 4 + 4;
    if (is_metadata) {
        bytes += 4 + (uint64_t)get(reply, 4);
    } else {
        if (get(reply + error, 2) != 0) errors++;
        messages += (uint64_t)options.records;
        bytes += (uint64_t)options.records * (uint64_t)options.size;
    }
    double due = c->due[c->due_head++ % WAITING_MAX];
    if (latencies) latencies[latencies_count++ % (1 << 24)] = at - due;
    c->unanswered--;
}

static void take_fetch(struct connection *c, const uint8_t *reply) {
    const uint8_t *at = reply + 8 + 4 + 4 + 2 + strlen(options.topic) + 4 + 4;
    if (get(at, 2) != 0) errors++;
    // What is there to read ends at the last stable offset, which without transactions is the high watermark.
    int64_t high = get(at + (options.isolation ? 10 : 2), 8), aborted = get(at + 18, 4);
    at += 22 + (aborted > 0 ? aborted * 16 : 0);
    int64_t size = get(at, 4);
    const uint8_t *batch = at + 4, *end = batch + (size > 0 ? size : 0);
    while (end - batch >= 61 && batch + 12 + get(batch + 8, 4) <= end) {
        messages += (uint64_t)get(batch + 57, 4);
        c->offset = get(batch, 8) + get(batch + 23, 4) + 1;
        batch += 12 + get(batch + 8, 4);
    }
    bytes += (uint64_t)(size > 0 ? size : 0);
    if (c->offset >= high) c->offset = 0;
    build_fetch(c);
    drain(c);
}

// Reads what has arrived and takes every whole reply.
static void receive(struct connection *c, bool is_fetch) {
    for (int turn = 0; turn < 8; turn++) {
        ssize_t got = recv(c->socket, c->in + c->in_count, REPLY_MAX - c->in_count, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got == 0) { errno = ECONNRESET; fail("the broker closed a connection"); }
        if (got < 0) fail("receive");
        c->in_count += (size_t)got;
        double at = now();
        size_t position = 0;
        while (c->in_count - position >= 4) {
            size_t size = 4 + (size_t)get(c->in + position, 4);
            if (c->in_count - position < size) break;
            replies++;
            if (is_fetch) take_fetch(c, c->in + position);
            else take_produce(c, c->in + position, at);
            position += size;
        }
        memmove(c->in, c->in + position, c->in_count - position);
        c->in_count -= position;
    }
}

static void run_load(bool is_fetch, bool is_paced) {
    int epoll = epoll_create1(0);
    for (int i = 0; i < options.conns; i++) {
        open_connection(&connections[i], i);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &connections[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].socket, &event);
        if (is_fetch) build_fetch(&connections[i]);
    }
    double start = now(), end = start + options.seconds;
    uint64_t sent = 0;
    for (double time = start; time < end; time = now()) {
        double next = start + sent / options.rate;
        struct epoll_event events[64];
        // A paced run looks again every half millisecond, so that a record leaves when it is due.
        struct timespec wait = { 0, is_paced ? 200000 : 100000000 };
        int count = epoll_pwait2(epoll, events, 64, &wait, NULL);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLIN) receive(c, is_fetch);
            if (is_fetch || is_paced) drain(c);
            else fill(c);
        }
        for (; is_paced && next <= now(); next = start + ++sent / options.rate) {
            struct connection *c = &connections[sent % (uint64_t)options.conns];
            // A connection that is full holds up the rest, whose times count from when they were due.
            if (!drain(c)) break;
            start_produce(c, next);
            drain(c);
        }
    }
    options.seconds = now() - start;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double percentile(double share) {
    if (latencies_count == 0) return 0;
    return latencies[(size_t)(share * (double)(latencies_count - 1))] * 1000;
}

static void report(void) {
    printf("{\"seconds\": %.3f, \"messages\": %lu, \"bytes\": %lu, \"replies\": %lu, \"errors\": %lu", options.seconds, messages,
        bytes, replies, errors);
    if (latencies) {
        if (latencies_count > 1 << 24) latencies_count = 1 << 24;
        qsort(latencies, latencies_count, sizeof *latencies, ascending);
        printf(", \"p50\": %.4f, \"p99\": %.4f, \"p999\": %.4f, \"max\": %.4f", percentile(0.5), percentile(0.99),
            percentile(0.999), percentile(1));
    }
    printf("}\n");
}

static void parse(int count, char **words) {
    struct { const char *name; int *number; double *real; } known[] = {
        { "conns", &options.conns, NULL }, { "inflight", &options.inflight, NULL }, { "records", &options.records, NULL },
        { "size", &options.size, NULL }, { "acks", &options.acks, NULL }, { "partitions", &options.partitions, NULL },
        { "seconds", NULL, &options.seconds }, { "rate", NULL, &options.rate }, { "isolation", &options.isolation, NULL },
    };
    for (int i = 0; i < count; i++) {
        char *equals = strchr(words[i], '=');
        bool isKnown = false;
        for (size_t k = 0; equals && k < sizeof known / sizeof *known; k++) {
            if (strncmp(words[i], known[k].name, (size_t)(equals - words[i])) || known[k].name[equals - words[i]]) continue;
            if (known[k].number) *known[k].number = atoi(equals + 1);
            else *known[k].real = atof(equals + 1);
            isKnown = true;
        }
        if (!isKnown) { fprintf(stderr, "load: unknown option %s\n", words[i]); exit(2); }
    }
}

int main(int count, char **words) {
    if (count < 4) { fprintf(stderr, "usage: load produce|fetch|latency|metadata PORT TOPIC [key=value]…\n"); return 2; }
    options.port = atoi(words[2]);
    options.topic = words[3];
    is_metadata = strcmp(words[1], "metadata") == 0;
    bool isFetch = strcmp(words[1], "fetch") == 0, isPaced = is_metadata || strcmp(words[1], "latency") == 0;
    if (isPaced) options.records = 1;
    parse(count - 4, words + 4);
    if (options.conns > CONNECTIONS_MAX || options.partitions > CONNECTIONS_MAX) { fprintf(stderr, "load: too many\n"); return 2; }
    connections = calloc((size_t)options.conns, sizeof *connections);
    if (!isFetch) {
        if (is_metadata) build_metadata();
        else build_produce();
        latencies = malloc(sizeof(double) << 24);
    }
    run_load(isFetch, isPaced);
    report();
    return errors > 0;
}
