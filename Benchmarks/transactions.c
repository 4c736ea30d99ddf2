// Transactional producers that cost little, for `transactions.py`: a thread and a connection each, prebuilt requests.
//
//     transactions commit PORT TOPIC key=value…    prints commits, and how long they took, as one JSON object
//     transactions leave PORT TOPIC key=value…     makes `ids` ids and leaves a transaction open with the first `open` of them
//     transactions finish PORT TOPIC key=value…    commits what `leave` left open, whose producers it reads from standard input
//
// commit   each producer commits transactions of `records` records over     producers seconds warmup records size partitions protocol
//          all partitions, one after the other: AddPartitionsToTxn with     pause backoff
//          protocol 1 (KIP-98) alone, one Produce, EndTxn; between two of them they rest for `pause` milliseconds
// leave    by `producers` threads; prints the producers of open ones        producers ids open records size partitions
//
// A producer that is told to ask again (CONCURRENT_TRANSACTIONS and the like) does so after `backoff` milliseconds: 20, unless it
// is given, as Java's producer and librdkafka wait at the beginning of a transaction.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "wire.h"

enum { PARTITIONS_MAX = 64, FRAME_MAX = 4 << 20, HEAD = 21, RECORDS = 61 };
enum { PRODUCE = 0, FIND_COORDINATOR = 10, INIT_PRODUCER_ID = 22, ADD_PARTITIONS = 24, END_TXN = 26 };

static struct options {
    int port, producers, records, size, partitions, protocol, ids, open;
    double seconds, warmup, pause, backoff;
    const char *topic;
} options = { .producers = 1, .records = 100, .size = 100, .partitions = 4, .protocol = 2, .seconds = 10, .warmup = 2,
    .backoff = 20 };

struct producer {
    pthread_t thread;
    int number, socket;
    char id[32];
    int64_t producer_id;
    int epoch, sequence;
    double *took;
    size_t count, room, retries;
    uint8_t frame[FRAME_MAX / 8], reply[1 << 16];
};

static double start_time;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;
// One batch as every partition gets it, and what its records, which stay the same, make of a checksum.
static uint8_t batch[FRAME_MAX / 64];
static size_t batch_size;
static uint32_t checksum_of_zero, checksum_of_bit[32];

static void fail(const char *what) {
    fprintf(stderr, "transactions: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *what, int code) {
    fprintf(stderr, "transactions: %s was refused with error %d\n", what, code);
    exit(1);
}

static uint8_t *put_compact(uint8_t *to, const char *text) {
    size_t length = strlen(text);
    to = put_unsigned(to, length + 1);
    memcpy(to, text, length);
    return to + length;
}

// The batch of a partition: of format v2, transactional, with its share of the records.
static void build_batch(void) {
    int records = options.records / options.partitions;
    uint64_t milliseconds = (uint64_t)time(NULL) * 1000;
    uint8_t *to = put(batch, 0, 8) + 4;
    to = put(to, ~0ull, 4);
    *to++ = 2;
    to = put(to + 4, 0x10, 2);
    to = put(to, (uint64_t)records - 1, 4);
    to = put(to, milliseconds, 8);
    to = put(to, milliseconds, 8);
    to = put(to + 8 + 2 + 4, (uint64_t)records, 4);
    for (int i = 0; i < records; i++) {
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
    batch_size = (size_t)(to - batch);
    put(batch + 8, batch_size - 12, 4);
    // The checksum of a whole is linear in what its beginning leaves.
    checksum_of_zero = checksum(0, batch + RECORDS, batch_size - RECORDS);
    for (int bit = 0; bit < 32; bit++)
        checksum_of_bit[bit] = checksum(1u << bit, batch + RECORDS, batch_size - RECORDS) ^ checksum_of_zero;
}

static uint8_t *put_batch(uint8_t *to, const struct producer *p) {
    memcpy(to, batch, batch_size);
    put(put(put(to + 43, (uint64_t)p->producer_id, 8), (uint64_t)p->epoch, 2), (uint64_t)p->sequence, 4);
    uint32_t head = checksum(~0u, to + HEAD, RECORDS - HEAD), whole = checksum_of_zero;
    for (int bit = 0; bit < 32; bit++) if (head >> bit & 1) whole ^= checksum_of_bit[bit];
    put(to + 17, ~whole, 4);
    return to + batch_size;
}

// A request of a flexible version: its size is set by `call`.
static uint8_t *begin(struct producer *p, int key, int version) {
    uint8_t *to = put(put(put(p->frame + 4, (uint64_t)key, 2), (uint64_t)version, 2), 1, 4);
    to = put(to, 5, 2);
    memcpy(to, "bench", 5);
    to[5] = 0;
    return to + 6;
}

static void receive(struct producer *p, uint8_t *to, size_t count) {
    while (count > 0) {
        ssize_t got = recv(p->socket, to, count, 0);
        if (got == 0) errno = ECONNRESET;
        if (got <= 0) fail("receive");
        to += got;
        count -= (size_t)got;
    }
}

// Sends what ends at `end`, and waits for the reply: its body, without size, number and tags.
static const uint8_t *call(struct producer *p, uint8_t *end) {
    *end++ = 0;
    put(p->frame, (uint64_t)(end - p->frame - 4), 4);
    for (uint8_t *at = p->frame; at < end;) {
        ssize_t sent = send(p->socket, at, (size_t)(end - at), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        at += sent;
    }
    receive(p, p->reply, 4);
    size_t size = (size_t)get(p->reply, 4);
    if (size > sizeof p->reply) fail("a reply is too long");
    receive(p, p->reply, size);
    return p->reply + 5;
}

// Whether to ask again, later; ends the process where that is of no use.
static bool is_again(struct producer *p, int code, const char *what) {
    // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, NOT_ENOUGH_REPLICAS, CONCURRENT_TRANSACTIONS.
    if (code == 0) return false;
    if (code != 14 && code != 15 && code != 16 && code != 19 && code != 51) refuse(what, code);
    p->retries++;
    usleep((useconds_t)(options.backoff * 1000));
    return true;
}

static void initialize(struct producer *p, int number) {
    snprintf(p->id, sizeof p->id, "bench-%d", number);
    int code;
    do {
        uint8_t *to = put_compact(begin(p, FIND_COORDINATOR, 3), p->id);
        code = (int)get(call(p, put(to, 1, 1)) + 4, 2);
    } while (is_again(p, code, "FindCoordinator"));
    do {
        uint8_t *to = put_compact(begin(p, INIT_PRODUCER_ID, options.protocol == 2 ? 5 : 4), p->id);
        const uint8_t *reply = call(p, put(put(put(to, 600000, 4), ~0ull, 8), ~0ull, 2));
        code = (int)get(reply + 4, 2);
        p->producer_id = get(reply + 6, 8);
        p->epoch = (int)get(reply + 14, 2);
    } while (is_again(p, code, "InitProducerId"));
    p->sequence = 0;
}

static void add_partitions(struct producer *p) {
    int code;
    do {
        uint8_t *to = put_compact(begin(p, ADD_PARTITIONS, 3), p->id);
        to = put_unsigned(put(put(to, (uint64_t)p->producer_id, 8), (uint64_t)p->epoch, 2), 2);
        to = put_unsigned(put_compact(to, options.topic), (uint64_t)options.partitions + 1);
        for (int i = 0; i < options.partitions; i++) to = put(to, (uint64_t)i, 4);
        *to++ = 0;
        const uint8_t *reply = call(p, to) + 4 + 1 + 1 + strlen(options.topic) + 1;
        code = 0;
        for (int i = 0; i < options.partitions; i++) if (get(reply + 7 * i + 4, 2)) code = (int)get(reply + 7 * i + 4, 2);
    } while (is_again(p, code, "AddPartitionsToTxn"));
}

static void produce(struct producer *p) {
    int code;
    do {
        uint8_t *to = put_compact(begin(p, PRODUCE, options.protocol == 2 ? 12 : 11), p->id);
        to = put_unsigned(put(put(to, ~0ull, 2), 30000, 4), 2);
        to = put_unsigned(put_compact(to, options.topic), (uint64_t)options.partitions + 1);
        for (int i = 0; i < options.partitions; i++) {
            to = put_batch(put_unsigned(put(to, (uint64_t)i, 4), batch_size + 1), p);
            *to++ = 0;
        }
        *to++ = 0;
        const uint8_t *reply = call(p, to) + 1 + 1 + strlen(options.topic) + 1;
        // Behind an error follow things of other lengths; all partitions that are new are refused alike.
        code = 0;
        for (int i = 0; i < options.partitions && code == 0; i++) code = (int)get(reply + 33 * i + 4, 2);
    } while (is_again(p, code, "Produce"));
    p->sequence += options.records / options.partitions;
}

static void commit(struct producer *p) {
    int code;
    do {
        uint8_t *to = put_compact(begin(p, END_TXN, options.protocol == 2 ? 5 : 4), p->id);
        const uint8_t *reply = call(p, put(put(put(to, (uint64_t)p->producer_id, 8), (uint64_t)p->epoch, 2), 1, 1));
        code = (int)get(reply + 4, 2);
        if (code || options.protocol == 1) continue;
        p->producer_id = get(reply + 6, 8);
        p->epoch = (int)get(reply + 14, 2);
        p->sequence = 0;
    } while (is_again(p, code, "EndTxn"));
}

static void *commit_on(void *argument) {
    struct producer *p = argument;
    initialize(p, p->number);
    double begins = start_time + options.warmup, ends = begins + options.seconds;
    for (double at = now(); at < ends;) {
        if (at < begins) p->retries = 0;
        if (options.protocol == 1) add_partitions(p);
        produce(p);
        commit(p);
        double after = now();
        if (at >= begins && after < ends) {
            if (p->count == p->room) p->took = realloc(p->took, (p->room = 2 * p->room + 1024) * sizeof *p->took);
            p->took[p->count++] = after - at;
        }
        if (options.pause > 0) usleep((useconds_t)(options.pause * 1000));
        at = options.pause > 0 ? now() : after;
    }
    return NULL;
}

static void *leave_open(void *argument) {
    struct producer *p = argument;
    for (int number = p->number; number < options.ids; number += options.producers) {
        initialize(p, number);
        if (number >= options.open) continue;
        produce(p);
        pthread_mutex_lock(&printing);
        printf("%d %ld %d\n", number, (long)p->producer_id, p->epoch);
        pthread_mutex_unlock(&printing);
    }
    return NULL;
}

static void *finish_open(void *argument) {
    struct producer *p = argument;
    int number;
    long id;
    while (scanf("%d %ld %d", &number, &id, &p->epoch) == 3) {
        snprintf(p->id, sizeof p->id, "bench-%d", number);
        p->producer_id = id;
        commit(p);
    }
    return NULL;
}

static void open_connection(struct producer *p) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    p->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(p->socket, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(p->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void report(struct producer *producers) {
    size_t count = 0, retries = 0;
    for (int i = 0; i < options.producers; i++) count += producers[i].count;
    double *took = malloc((count + 1) * sizeof *took), *to = took;
    for (int i = 0; i < options.producers; i++) {
        if (producers[i].count) memcpy(to, producers[i].took, producers[i].count * sizeof *to);
        to += producers[i].count;
        retries += producers[i].retries;
    }
    if (count == 0) { fprintf(stderr, "transactions: nothing was committed\n"); exit(1); }
    qsort(took, count, sizeof *took, ascending);
    printf("{\"commits\": %zu, \"seconds\": %.3f, \"p50\": %.4f, \"p99\": %.4f, \"retries\": %zu}\n", count, options.seconds,
        took[count / 2] * 1000, took[(count - 1) * 99 / 100] * 1000, retries);
}

static void parse(int count, char **words) {
    struct { const char *name; int *number; double *real; } known[] = {
        { "producers", &options.producers, NULL }, { "records", &options.records, NULL }, { "size", &options.size, NULL },
        { "partitions", &options.partitions, NULL }, { "protocol", &options.protocol, NULL }, { "ids", &options.ids, NULL },
        { "open", &options.open, NULL }, { "seconds", NULL, &options.seconds }, { "warmup", NULL, &options.warmup },
        { "pause", NULL, &options.pause }, { "backoff", NULL, &options.backoff },
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
        if (!isKnown) { fprintf(stderr, "transactions: unknown option %s\n", words[i]); exit(2); }
    }
    size_t bytes = (size_t)options.records * ((size_t)options.size + 32) + 128 * PARTITIONS_MAX;
    if (options.partitions > PARTITIONS_MAX || options.records < options.partitions || strlen(options.topic) > 100
        || bytes > sizeof batch) {
        fprintf(stderr, "transactions: too many partitions, or too many or few records\n");
        exit(2);
    }
}

int main(int count, char **words) {
    if (count < 4) { fprintf(stderr, "usage: transactions commit|leave|finish PORT TOPIC [key=value]…\n"); return 2; }
    options.port = atoi(words[2]);
    options.topic = words[3];
    parse(count - 4, words + 4);
    bool is_commit = strcmp(words[1], "commit") == 0;
    void *(*work)(void *) = is_commit ? commit_on : strcmp(words[1], "leave") == 0 ? leave_open : finish_open;
    build_batch();
    start_time = now();
    struct producer *producers = calloc((size_t)options.producers, sizeof *producers);
    for (int i = 0; i < options.producers; i++) {
        producers[i].number = i;
        open_connection(&producers[i]);
        if (pthread_create(&producers[i].thread, NULL, work, &producers[i])) fail("thread");
    }
    for (int i = 0; i < options.producers; i++) pthread_join(producers[i].thread, NULL);
    if (is_commit) report(producers);
    return 0;
}
