// The stack of a thread that does not come back, for the log: taken by a signal that the thread answers itself.
#ifndef APUS_CSYSTEM_STACK_H
#define APUS_CSYSTEM_STACK_H

#include <stddef.h>
#include <stdint.h>

/// Most addresses of one stack.
enum { APUS_STACK_MAX = 20 };

/// Installs the handler of the real-time signal that stacks are taken with, once in a process; 0, or -1.
int apus_stack_prepare(void);

/// Has the calling thread answer, whatever signals its creator held back.
void apus_stack_allow(void);

/// Where `thread` is and who called it, innermost first, in at most `capacity` addresses; how many, and 0 if the thread
/// does not answer within the time (it is in a system call that no signal interrupts, say). Addresses behind the first
/// lie within the calls. The thread must not have been joined. For one thread at a time.
int apus_stack_take(uintptr_t thread, uintptr_t *addresses, int capacity, int timeout_milliseconds);

/// Writes "file+0xoffset" of an address of code, with the symbol before it where the file exports some; the length, or 0
/// if it lies in no file.
int apus_stack_describe(uintptr_t address, char *text, size_t capacity);

#endif
