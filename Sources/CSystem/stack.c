#define _GNU_SOURCE
#include "CSystem.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

// Which request the handler may answer, and how far that is: the ticket in the high bits, the phase in the low two. A
// signal can arrive long after its request was given up, and must then find that nobody waits for it.
enum { IDLE, WANTED, TAKING, TAKEN };
static _Atomic uint64_t request;
static uintptr_t taken[APUS_STACK_MAX];
static int taken_count;
static uintptr_t stack_end;

// Functions that can suspend mark their frame pointers by this bit.
static const uintptr_t async_frame = (uintptr_t)1 << 60;

// The real-time signals below belong to the C library; this one is far from those that profilers like to take.
static int stack_signal(void) { return SIGRTMIN + 7; }

// Frames are pairs of the caller's frame and the return address, and lie ever higher on the stack: whatever a register
// holds that is no frame, only memory between the interrupted stack pointer and the stack's end is read.
static void walk(uintptr_t pc, uintptr_t frame, uintptr_t low) {
    int count = 0;
    taken[count++] = pc;
    frame &= ~async_frame;
    while (count < APUS_STACK_MAX && frame >= low && frame % sizeof(uintptr_t) == 0 &&
           frame + 2 * sizeof(uintptr_t) <= stack_end) {
        const uintptr_t *pair = (const uintptr_t *)frame;
        if (pair[1] == 0) break;
        // A return address is behind its call, which may be the last of its line.
        taken[count++] = pair[1] - 1;
        low = frame + 2 * sizeof(uintptr_t);
        frame = pair[0] & ~async_frame;
    }
    taken_count = count;
}

static void answer(int number, siginfo_t *info, void *context) {
    (void)number;
    uint64_t wanted = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    if (info->si_code != SI_QUEUE || (wanted & 3) != WANTED) return;
    if (!atomic_compare_exchange_strong(&request, &wanted, wanted - WANTED + TAKING)) return;
    const ucontext_t *at = context;
#if defined(__x86_64__)
    const greg_t *registers = at->uc_mcontext.gregs;
    walk((uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RBP], (uintptr_t)registers[REG_RSP]);
#elif defined(__aarch64__)
    walk((uintptr_t)at->uc_mcontext.pc, (uintptr_t)at->uc_mcontext.regs[29], (uintptr_t)at->uc_mcontext.sp);
#else
    (void)at;
    taken_count = 0;
#endif
    atomic_store(&request, wanted - WANTED + TAKEN);
}

int apus_stack_prepare(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    return sigaction(stack_signal(), &action, NULL);
}

void apus_stack_allow(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, stack_signal());
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

static uintptr_t end_of_stack(pthread_t thread) {
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t length = 0;
    if (pthread_getattr_np(thread, &attributes) != 0) return 0;
    int failure = pthread_attr_getstack(&attributes, &lowest, &length);
    pthread_attr_destroy(&attributes);
    return failure ? 0 : (uintptr_t)lowest + length;
}

int apus_stack_take(uintptr_t thread, uintptr_t *addresses, int capacity, int timeout_milliseconds) {
    uint64_t before = atomic_load(&request), wanted = ((before | 3) + 1) | WANTED;
    // An answer to a request that was given up is still being written; the next request finds it finished.
    if ((before & 3) == TAKING) return 0;
    stack_end = end_of_stack((pthread_t)thread);
    atomic_store(&request, wanted);
    union sigval value = {.sival_ptr = (void *)(uintptr_t)wanted};
    if (pthread_sigqueue((pthread_t)thread, stack_signal(), value) != 0) timeout_milliseconds = 0;
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (int i = 0; i < timeout_milliseconds && (atomic_load(&request) & 3) != TAKEN; i++)
        nanosleep(&millisecond, NULL);
    uint64_t expected = wanted;
    if (atomic_compare_exchange_strong(&request, &expected, wanted - WANTED + IDLE)) return 0;
    if (expected != wanted - WANTED + TAKEN) return 0;
    int count = taken_count < capacity ? taken_count : capacity;
    memcpy(addresses, taken, (size_t)count * sizeof *addresses);
    return count;
}

int apus_stack_describe(uintptr_t address, char *text, size_t capacity) {
    Dl_info found;
    if (!dladdr((void *)address, &found) || !found.dli_fname) return 0;
    const char *slash = strrchr(found.dli_fname, '/');
    const char *file = slash ? slash + 1 : found.dli_fname, *symbol = found.dli_sname;
    // What is longer is the mangled name of something generic.
    if (!symbol || strlen(symbol) > 80) symbol = "";
    int length = snprintf(text, capacity, "%s%s%s+0x%zx", symbol, *symbol ? "@" : "", file,
                          (size_t)(address - (uintptr_t)found.dli_fbase));
    return length < 0 || (size_t)length >= capacity ? 0 : length;
}
