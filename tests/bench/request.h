/* The calls that the load generator makes, ready made: what changes from one to
 * the next is patched in place. */
#ifndef HOLDFAST_TESTS_BENCH_REQUEST_H
#define HOLDFAST_TESTS_BENCH_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum request_kind {
    REQUEST_CREATE, /* group.create: before the measurement. */
    REQUEST_SET,    /* group.set with another Description each time. */
    REQUEST_GET,    /* group.get, linearizable. */
};

struct request {
    struct bytes frame;      /* Owned. */
    size_t id, seq, counter; /* Where in the frame; 0: it has none. */
};

/* `filler` is the length of the Description. */
void request_init(struct request *r, enum request_kind kind, const char *group, uint64_t client,
                  size_t filler);
void request_release(struct request *r);
/* The next call: `id` is also the sequence and the Description's beginning. */
void request_renew(struct request *r, uint32_t id);

/* What group.set with such a Description takes in the log, its length field
 * included: the command is that of node/api_change.c. */
size_t request_logged_bytes(size_t filler);

enum answer {
    ANSWER_PARTIAL, /* No whole frame yet. */
    ANSWER_GOOD,
    ANSWER_ERROR, /* `*ret_code` is its code. */
    ANSWER_WRONG, /* Not the answer to this call. */
};
enum answer answer_read(const uint8_t *data, size_t len, uint32_t id, size_t *ret_len,
                        uint32_t *ret_code);

#endif
