/* A bound on what a peer can make libraft allocate.
 *
 * libraft reads the length of a message's header and payload from the wire and
 * allocates it without a limit (uv_recv.c, uvServerAllocCb). The allocator is
 * the one place where that can be bounded from outside: a single allocation
 * above HEAP_BYTES_MAX fails, libraft drops the connection, and goes on. */
#ifndef HOLDFAST_CONSENSUS_HEAP_H
#define HOLDFAST_CONSENSUS_HEAP_H

#include <stddef.h>

#define HEAP_BYTES_MAX ((size_t)256 << 20) /* The largest snapshot that can be sent. */

/* Install it; for the whole process, and harmless twice. */
void heap_bound(void);

#endif
