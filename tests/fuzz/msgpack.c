/* msgpack_scan() and msgpack_read() on anything: the scan in pieces agrees with
 * the scan at once, what it ends is read, and what is read survives being
 * written and read again. The first two bytes choose the pieces. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "net/msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum msgpack_scan_result scan_in_pieces(struct msgpack_scan *scan, const uint8_t *data,
                                               size_t len, unsigned seed)
{
    enum msgpack_scan_result result = MSGPACK_SCAN_MORE;
    size_t seen = 0;

    while (result == MSGPACK_SCAN_MORE && seen < len) {
        seen += 1 + (size_t)rand_r(&seed) % 7;
        if (seen > len)
            seen = len;
        /* A copy, so that the sanitizer sees the end of what has arrived. */
        uint8_t *piece = malloc(seen);
        memcpy(piece, data, seen);
        result = msgpack_scan(scan, piece, seen, len);
        free(piece);
    }
    return result;
}

static uint64_t digest_of(const struct value *v)
{
    struct digest_sink d;

    digest_sink_begin(&d);
    sink_value(&d.sink, v);
    return digest_sink_end(&d);
}

static void rewrite_and_compare(const struct value *v)
{
    struct bytes again = BYTES_INIT;
    struct arena a = {0};
    struct msgpack_sink m;
    const struct value *w;
    uint32_t code;

    msgpack_sink_init(&m, &again);
    sink_value(&m.sink, v);
    code = msgpack_read(again.data, again.len, &a, &w);
    assert(code == 0);
    assert(digest_of(v) == digest_of(w));
    (void)code;
    arena_release(&a);
    bytes_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct msgpack_scan whole = {0}, pieces = {0};
    enum msgpack_scan_result result, result_pieces;
    struct arena a = {0};
    const struct value *v;
    uint32_t code;
    unsigned seed;

    if (size < 3)
        return 0;
    seed = (unsigned)data[0] << 8 | data[1];
    data += 2;
    size -= 2;

    result = msgpack_scan(&whole, data, size, size);
    result_pieces = scan_in_pieces(&pieces, data, size, seed);
    assert(result == result_pieces);
    code = msgpack_read(data, size, &a, &v);
    assert((code == 0) == (result == MSGPACK_SCAN_DONE && whole.position == size));
    if (result == MSGPACK_SCAN_DONE) {
        assert(whole.position == pieces.position);
        arena_release(&a);
        code = msgpack_read(data, whole.position, &a, &v);
        assert(code == 0);
        assert(a.bytes <= 64 * whole.position + 64);
        rewrite_and_compare(v);
    }
    (void)result_pieces;
    arena_release(&a);
    return 0;
}
