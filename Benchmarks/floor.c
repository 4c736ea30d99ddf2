// The least that a broker can do, as the yardstick beside which `make bench-kafka` sets the broker: it receives a
// request, writes its batch to the partition's file with one pwrite, answers; it sends fetched bytes with one sendfile.
// It checks nothing, decodes only what finds the batch, never syncs, and forgets all when it ends. What a load
// generator reaches with it is what this machine's kernel and the generator leave to any broker.
//   cc -O2 -o floor Benchmarks/floor.c -lpthread && ./floor FOLDER PORT
// It knows the requests of load generators that send prebuilt batches, all of one size in a topic: Produce 7, Fetch 11
// (without waiting), ListOffsets 1–2, Metadata 1 and 4, ApiVersions 0, CreateTopics 2, DeleteTopics 1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS = 2, TOPICS = 64, PARTITIONS_MAX = 6, RECEIVED_MAX = 256 << 10, REPLY_MAX = 1024, NAME_MAX_BYTES = 64 };

typedef struct {
    pthread_mutex_t lock;
    int file;
    int64_t next_offset, end;                     // of records, of bytes
    int64_t batch_records, batch_bytes;           // every batch is like the first
} partition;
typedef struct {
    char name[NAME_MAX_BYTES];
    int name_length;
    int count;
    partition parts[PARTITIONS_MAX];
} topic;
typedef struct {
    int socket;
    size_t filled;
    uint8_t bytes[RECEIVED_MAX];
} connection;

static topic topics[TOPICS];
static int topic_count, loops[LOOPS], port;
static const char *folder;
static pthread_mutex_t creation = PTHREAD_MUTEX_INITIALIZER;

// A cursor over big-endian fields; one over what is read, one over what is written.
static int16_t take16(uint8_t **at) { int16_t v; memcpy(&v, *at, 2); *at += 2; return be16toh(v); }
static int32_t take32(uint8_t **at) { int32_t v; memcpy(&v, *at, 4); *at += 4; return be32toh(v); }
static int64_t take64(uint8_t **at) { int64_t v; memcpy(&v, *at, 8); *at += 8; return be64toh(v); }
static void put16(uint8_t **at, int16_t v) { v = htobe16(v); memcpy(*at, &v, 2); *at += 2; }
static void put32(uint8_t **at, int32_t v) { v = htobe32(v); memcpy(*at, &v, 4); *at += 4; }
static void put64(uint8_t **at, int64_t v) { v = htobe64(v); memcpy(*at, &v, 8); *at += 8; }
static void put_name(uint8_t **at, const char *name, int length) {
    put16(at, length);
    memcpy(*at, name, length);
    *at += length;
}

static topic *find(const uint8_t *name, int length) {
    for (int i = 0; i < topic_count; i++)
        if (topics[i].name_length == length && !memcmp(topics[i].name, name, length)) return &topics[i];
    return NULL;
}

static topic *take_topic(uint8_t **at) {
    int length = take16(at);
    if (length < 0) length = 0;
    topic *found = find(*at, length);
    *at += length;
    return found;
}

static void create(const uint8_t *name, int length, int partitions) {
    pthread_mutex_lock(&creation);
    int fits = length > 0 && length < NAME_MAX_BYTES && partitions <= PARTITIONS_MAX && topic_count < TOPICS;
    if (fits && !find(name, length)) {
        topic *made = &topics[topic_count];
        memcpy(made->name, name, made->name_length = length);
        made->count = partitions;
        for (int i = 0; i < partitions; i++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%d-%d", folder, topic_count, i);
            made->parts[i].file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
            pthread_mutex_init(&made->parts[i].lock, NULL);
        }
        topic_count++;
    }
    pthread_mutex_unlock(&creation);
}

static void produce(uint8_t *in, uint8_t **out) {
    in += 2 + 2 + 4 + 4;                          // no transactional id, acks, timeout, one topic
    topic *to = take_topic(&in);
    in += 4;                                      // one partition
    int index = take32(&in);
    int32_t bytes = take32(&in);
    int known = to && index >= 0 && index < to->count;
    int64_t base = -1;
    if (known) {
        partition *part = &to->parts[index];
        uint8_t *last_delta = in + 23;
        int32_t records = take32(&last_delta) + 1;
        pthread_mutex_lock(&part->lock);
        part->batch_records = records;
        part->batch_bytes = bytes;
        base = part->next_offset;
        uint8_t *head = in;
        put64(&head, base);
        if (pwrite(part->file, in, bytes, part->end) == bytes) {
            part->next_offset += records;
            part->end += bytes;
        }
        pthread_mutex_unlock(&part->lock);
    }
    put32(out, 1);
    put_name(out, to ? to->name : "", to ? to->name_length : 0);
    put32(out, 1);
    put32(out, index);
    put16(out, known ? 0 : 3);
    put64(out, base);
    put64(out, -1);
    put64(out, 0);
    put32(out, 0);
}

// Writes all but the records; gives their length, and where they are.
static int64_t fetch(uint8_t *in, uint8_t **out, int *file, off_t *from) {
    in += 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4;          // replica, wait, bytes, bytes, isolation, session, epoch, one topic
    topic *of = take_topic(&in);
    in += 4;
    int index = take32(&in);
    in += 4;                                      // leader epoch
    int64_t offset = take64(&in);
    in += 8;                                      // log start offset
    int64_t most = take32(&in), length = 0, high = 0;
    if (of && index >= 0 && index < of->count && of->parts[index].batch_records) {
        partition *part = &of->parts[index];
        pthread_mutex_lock(&part->lock);
        high = part->next_offset;
        *file = part->file;
        *from = offset / part->batch_records * part->batch_bytes;
        length = part->end - *from;
        if (length > most) length = most / part->batch_bytes * part->batch_bytes;
        pthread_mutex_unlock(&part->lock);
    }
    put32(out, 0);
    put16(out, 0);
    put32(out, 0);
    put32(out, 1);
    put_name(out, of ? of->name : "", of ? of->name_length : 0);
    put32(out, 1);
    put32(out, index);
    put16(out, of ? 0 : 3);
    put64(out, high);
    put64(out, high);
    put64(out, 0);
    put32(out, -1);                               // aborted transactions
    put32(out, -1);                               // preferred replica
    put32(out, length);
    return length;
}

static void list_offsets(uint8_t *in, int version, uint8_t **out) {
    in += 4 + (version >= 2) + 4;                 // replica, isolation, one topic
    topic *of = take_topic(&in);
    in += 4;
    int index = take32(&in);
    int64_t when = take64(&in);
    int known = of && index >= 0 && index < of->count;
    if (version >= 2) put32(out, 0);
    put32(out, 1);
    put_name(out, of ? of->name : "", of ? of->name_length : 0);
    put32(out, 1);
    put32(out, index);
    put16(out, known ? 0 : 3);
    put64(out, -1);
    put64(out, known && when == -1 ? of->parts[index].next_offset : 0);
}

static void metadata(uint8_t *in, int version, uint8_t **out) {
    int asked = take32(&in);
    topic *of = asked > 0 ? take_topic(&in) : NULL;
    if (version >= 3) put32(out, 0);
    put32(out, 1);
    put32(out, 1);
    put_name(out, "127.0.0.1", 9);
    put32(out, port);
    put16(out, -1);
    if (version >= 2) put16(out, -1);
    put32(out, 1);
    put32(out, of ? 1 : 0);
    if (!of) return;
    put16(out, 0);
    put_name(out, of->name, of->name_length);
    *(*out)++ = 0;
    put32(out, of->count);
    for (int i = 0; i < of->count; i++) {
        put16(out, 0);
        put32(out, i);
        put32(out, 1);
        put32(out, 0);
        put32(out, 0);
    }
}

static void create_topics(uint8_t *in, uint8_t **out) {
    in += 4;
    int length = take16(&in);
    uint8_t *name = in;
    in += length > 0 ? length : 0;
    create(name, length, take32(&in));
    put32(out, 0);
    put32(out, 1);
    put_name(out, (char *)name, length);
    put16(out, 0);
    put16(out, -1);
}

static void api_versions(uint8_t **out) {
    static const int16_t served[][3] = {
        {0, 7, 7}, {1, 11, 11}, {2, 1, 2}, {3, 1, 4}, {18, 0, 0}, {19, 2, 2}, {20, 1, 1}};
    put16(out, 0);
    put32(out, sizeof served / sizeof served[0]);
    for (size_t i = 0; i < sizeof served / sizeof served[0]; i++)
        for (int field = 0; field < 3; field++) put16(out, served[i][field]);
}

static void answer(connection *to, uint8_t *in, uint8_t **replies) {
    uint8_t *start = *replies, *out = start + 4;
    int key = take16(&in), version = take16(&in), file = -1;
    int64_t records = 0;
    off_t from = 0;
    put32(&out, take32(&in));
    int client = take16(&in);
    if (client > 0) in += client;
    if (key == 0) produce(in, &out);
    if (key == 1) records = fetch(in, &out, &file, &from);
    if (key == 2) list_offsets(in, version, &out);
    if (key == 3) metadata(in, version, &out);
    if (key == 18) api_versions(&out);
    if (key == 19) create_topics(in, &out);
    if (key == 20) { put32(&out, 0); put32(&out, 0); }
    put32(&start, out - start - 4 + records);
    if (!records) { *replies = out; return; }
    send(to->socket, start - 4, out - start + 4, MSG_NOSIGNAL | MSG_MORE);
    while (records > 0) {
        ssize_t sent = sendfile(to->socket, file, &from, records);
        if (sent <= 0) return;
        records -= sent;
    }
}

static void *run(void *loop) {
    struct epoll_event ready[256];
    for (;;) {
        int count = epoll_wait(*(int *)loop, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            connection *peer = ready[i].data.ptr;
            ssize_t got = recv(peer->socket, peer->bytes + peer->filled, RECEIVED_MAX - peer->filled, 0);
            if (got <= 0) { close(peer->socket); free(peer); continue; }
            peer->filled += got;
            uint8_t replies[REPLY_MAX * 64], *out = replies, *in = peer->bytes, *end = in + peer->filled;
            while (end - in >= 4 && out + REPLY_MAX < replies + sizeof replies) {
                uint8_t *body = in;
                int32_t length = take32(&body);
                if (end - body < length) break;
                answer(peer, body, &out);
                in = body + length;
            }
            memmove(peer->bytes, in, peer->filled = end - in);
            if (out > replies) send(peer->socket, replies, out - replies, MSG_NOSIGNAL);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: floor FOLDER PORT\n"), 2;
    folder = arguments[1];
    port = atoi(arguments[2]);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 1024)) return perror("floor"), 1;
    for (int i = 0; i < LOOPS; i++) {
        pthread_t thread;
        loops[i] = epoll_create1(0);
        pthread_create(&thread, NULL, run, &loops[i]);
    }
    for (int i = 0;; i = (i + 1) % LOOPS) {
        connection *peer = malloc(sizeof *peer);
        peer->socket = accept(listener, NULL, NULL);
        peer->filled = 0;
        setsockopt(peer->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        epoll_ctl(loops[i], EPOLL_CTL_ADD, peer->socket, &event);
    }
}
