/* The bounded scan of net/msgpack.h: headers only, no recursion, no memory. */
#include <assert.h>
#include <stdbool.h>

#include "net/msgpack.h"

enum head_kind {
    HEAD_PLAIN, /* `count` bytes follow. */
    HEAD_ARRAY, /* `count` items follow. */
    HEAD_MAP,   /* `count` pairs follow. */
    HEAD_BAD,
};

/* What the first byte of an item says. */
struct head {
    enum head_kind kind;
    unsigned width; /* Bytes of a length field behind the first byte; it replaces `count`. */
    uint64_t count;
};

static struct head head_of(uint8_t byte)
{
    switch (byte) {
    case 0x00 ... 0x7f: /* Small integers. */
    case 0xe0 ... 0xff:
    case 0xc0: /* nil, false, true */
    case 0xc2:
    case 0xc3:
        return (struct head){HEAD_PLAIN, 0, 0};
    case 0x80 ... 0x8f:
        return (struct head){HEAD_MAP, 0, byte & 0x0f};
    case 0x90 ... 0x9f:
        return (struct head){HEAD_ARRAY, 0, byte & 0x0f};
    case 0xa0 ... 0xbf:
        return (struct head){HEAD_PLAIN, 0, byte & 0x1f};
    case 0xc4 ... 0xc6: /* bin */
        return (struct head){HEAD_PLAIN, 1u << (byte - 0xc4), 0};
    case 0xca: /* float, double */
    case 0xcb:
        return (struct head){HEAD_PLAIN, 0, 4u << (byte - 0xca)};
    case 0xcc ... 0xcf: /* uint, int */
    case 0xd0 ... 0xd3:
        return (struct head){HEAD_PLAIN, 0, 1u << (byte & 3)};
    case 0xd9 ... 0xdb: /* str */
        return (struct head){HEAD_PLAIN, 1u << (byte - 0xd9), 0};
    case 0xdc:
    case 0xdd:
        return (struct head){HEAD_ARRAY, 2u << (byte - 0xdc), 0};
    case 0xde:
    case 0xdf:
        return (struct head){HEAD_MAP, 2u << (byte - 0xde), 0};
    default: /* 0xc1 and the extension types. */
        return (struct head){HEAD_BAD, 0, 0};
    }
}

static uint64_t length_field(const uint8_t *data, unsigned width)
{
    uint64_t length = 0;

    for (unsigned i = 0; i < width; i++)
        length = length << 8 | data[i];
    return length;
}

/* The items that must still come, each of at least one byte. */
static uint64_t outstanding(const struct msgpack_scan *scan)
{
    uint64_t items = 0;

    for (unsigned i = 0; i < scan->depth; i++)
        items += scan->pending[i];
    return items;
}

/* Take one item's header at `scan->position`, whose bytes are all there.
 * Returns false if the object breaks a bound. */
static bool item_take(struct msgpack_scan *scan, struct head head, uint64_t *items)
{
    if (scan->depth > 0) {
        scan->pending[scan->depth - 1]--;
        (*items)--;
    }
    scan->position += 1 + head.width;
    if (head.kind == HEAD_PLAIN) {
        scan->position += head.count;
    } else {
        /* An empty container counts as a level, too: the decoder's stack does
         * not tell them apart. */
        if (scan->depth == MSGPACK_DEPTH_MAX)
            return false;
        if (head.kind == HEAD_MAP)
            head.count *= 2;
        scan->pending[scan->depth++] = head.count;
        *items += head.count;
    }
    while (scan->depth > 0 && scan->pending[scan->depth - 1] == 0)
        scan->depth--;
    return true;
}

enum msgpack_scan_result msgpack_scan(struct msgpack_scan *scan, const uint8_t *data, size_t len,
                                      size_t len_max)
{
    uint64_t items = outstanding(scan);

    assert(scan->depth <= MSGPACK_DEPTH_MAX);
    while (scan->position == 0 || scan->depth > 0) {
        struct head head;

        if (scan->position >= len)
            return MSGPACK_SCAN_MORE;
        head = head_of(data[scan->position]);
        if (head.kind == HEAD_BAD)
            return MSGPACK_SCAN_BAD;
        if (len - scan->position <= head.width)
            return MSGPACK_SCAN_MORE;
        if (head.width > 0)
            head.count = length_field(data + scan->position + 1, head.width);
        if (!item_take(scan, head, &items))
            return MSGPACK_SCAN_BAD;
        /* Now, not when it has arrived: the announcement alone is refused. */
        if (scan->position > len_max || items > len_max - scan->position)
            return MSGPACK_SCAN_BAD;
    }
    return scan->position <= len ? MSGPACK_SCAN_DONE : MSGPACK_SCAN_MORE;
}
