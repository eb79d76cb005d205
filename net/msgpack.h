/* MessagePack for the value trees of base/value.h (encoding by msgpack-c).
 *
 * Input is untrusted: msgpack_read() is total, bounded in depth and size, and
 * never reads outside its buffer. Any thread. */
#ifndef HOLDFAST_NET_MSGPACK_H
#define HOLDFAST_NET_MSGPACK_H

#include "base/bytes.h"
#include "base/value.h"

enum { MSGPACK_DEPTH_MAX = 32 };

/* A sink that appends to `out` (borrowed). No release needed. */
struct msgpack_sink {
    struct sink sink;
    struct bytes *out;
};
void msgpack_sink_init(struct msgpack_sink *m, struct bytes *out);

/* Decode the one object that `data` consists of into `a`; strings and bytes
 * are copied there. Returns 0, or ERROR_INVALID_DATA for anything else: cut
 * short, followed by more, too deep, extension types, invalid headers. */
uint32_t msgpack_read(const void *data, size_t len, struct arena *a, const struct value **ret);

/* Finds where the first object of a stream ends, without allocating.
 * A zeroed struct is ready; it remembers where it was between calls, so that
 * every byte of a slow stream is looked at once. */
struct msgpack_scan {
    size_t position;                     /* Where the next item begins; beyond the end of
                                          * the data while a string is on its way. */
    unsigned depth;                      /* Open containers. */
    uint64_t pending[MSGPACK_DEPTH_MAX]; /* Items still to come in each. */
};
enum msgpack_scan_result { MSGPACK_SCAN_MORE, MSGPACK_SCAN_DONE, MSGPACK_SCAN_BAD };
/* `data` is the stream from the object's first byte on, with everything that
 * earlier calls saw; `len_max` bounds the object: one whose headers announce
 * more is BAD at once, before its bytes arrive. On DONE `scan->position` is the
 * object's length and the caller zeroes the struct for the next one. */
enum msgpack_scan_result msgpack_scan(struct msgpack_scan *scan, const uint8_t *data, size_t len,
                                      size_t len_max);

#endif
