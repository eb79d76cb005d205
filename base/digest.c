#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

/* Header-only: nothing to link, and the digest is the same in every build. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"

/* The stream that a sink's calls become: a tag, then the value or the length,
 * big-endian, then the bytes. No two trees make the same stream. */
enum digest_tag {
    TAG_NIL = 'n',
    TAG_FALSE = 'f',
    TAG_TRUE = 't',
    TAG_UINT = 'u',
    TAG_INT = 'i',
    TAG_REAL = 'r',
    TAG_STR = 's',
    TAG_BIN = 'b',
    TAG_ARRAY = 'a',
    TAG_MAP = 'm',
};

uint64_t digest_bytes(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}

static void digest_add(struct sink *s, const void *data, size_t len)
{
    struct digest_sink *d = (struct digest_sink *)s;

    if (len > 0)
        XXH3_64bits_update(d->state, data, len);
}

static void digest_number(struct sink *s, enum digest_tag tag, uint64_t number)
{
    uint8_t out[9];

    out[0] = (uint8_t)tag;
    for (int i = 8; i >= 1; i--) {
        out[i] = (uint8_t)(number & 0xFF);
        number >>= 8;
    }
    digest_add(s, out, sizeof out);
}

static void digest_nil(struct sink *s)
{
    digest_number(s, TAG_NIL, 0);
}

static void digest_boolean(struct sink *s, bool b)
{
    digest_number(s, b ? TAG_TRUE : TAG_FALSE, 0);
}

static void digest_uint(struct sink *s, uint64_t u)
{
    digest_number(s, TAG_UINT, u);
}

static void digest_integer(struct sink *s, int64_t i)
{
    digest_number(s, TAG_INT, (uint64_t)i);
}

static void digest_real(struct sink *s, double d)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof bits);
    digest_number(s, TAG_REAL, bits);
}

static void digest_str(struct sink *s, const char *str, size_t len)
{
    digest_number(s, TAG_STR, len);
    digest_add(s, str, len);
}

static void digest_bin(struct sink *s, const void *data, size_t len)
{
    digest_number(s, TAG_BIN, len);
    digest_add(s, data, len);
}

static void digest_array(struct sink *s, uint32_t items)
{
    digest_number(s, TAG_ARRAY, items);
}

static void digest_map(struct sink *s, uint32_t pairs)
{
    digest_number(s, TAG_MAP, pairs);
}

static const struct sink_ops digest_ops = {
    .nil = digest_nil,
    .boolean = digest_boolean,
    .uint = digest_uint,
    .integer = digest_integer,
    .real = digest_real,
    .str = digest_str,
    .bin = digest_bin,
    .array = digest_array,
    .map = digest_map,
};

void digest_sink_begin(struct digest_sink *d)
{
    /* Not xmalloc(): the state wants an alignment of 64. */
    XXH3_state_t *state = XXH3_createState();

    if (state == NULL)
        abort();
    XXH3_64bits_reset(state);
    d->sink.ops = &digest_ops;
    d->state = state;
}

uint64_t digest_sink_end(struct digest_sink *d)
{
    uint64_t digest = XXH3_64bits_digest(d->state);

    XXH3_freeState(d->state);
    d->state = NULL;
    return digest;
}
