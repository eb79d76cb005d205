#include "consensus/batch.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define BATCH_MAGIC 0x31424648u /* "HFB1" in memory. */
enum { HEADER_BYTES = 32, LENGTH_BYTES = 4, ALIGNMENT = 8 };

static void put_u32(uint8_t *at, uint32_t v)
{
    v = htole32(v);
    memcpy(at, &v, sizeof v);
}

static void put_u64(uint8_t *at, uint64_t v)
{
    v = htole64(v);
    memcpy(at, &v, sizeof v);
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return le32toh(v);
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return le64toh(v);
}

void batch_begin(struct bytes *out)
{
    static const uint8_t header[HEADER_BYTES];

    assert(out->len == 0);
    bytes_append(out, header, sizeof header);
}

void batch_add(struct bytes *out, const void *command, size_t len)
{
    uint8_t prefix[LENGTH_BYTES];

    assert(out->len >= HEADER_BYTES && len <= UINT32_MAX);
    put_u32(prefix, (uint32_t)len);
    bytes_append(out, prefix, sizeof prefix);
    bytes_append(out, command, len);
}

void batch_end(struct bytes *out, const struct batch_header *h)
{
    static const uint8_t zeros[ALIGNMENT];
    size_t odd = out->len % ALIGNMENT;

    assert(out->len >= HEADER_BYTES);
    if (odd != 0)
        bytes_append(out, zeros, ALIGNMENT - odd);
    put_u32(out->data, BATCH_MAGIC);
    put_u32(out->data + 4, h->count);
    put_u64(out->data + 8, h->stamp_ms);
    put_u64(out->data + 16, h->origin);
    put_u64(out->data + 24, h->tag);
}

/* Where `count` commands that begin behind the header end; 0 if they do not fit. */
static size_t commands_end(const uint8_t *data, size_t len, uint32_t count)
{
    size_t offset = HEADER_BYTES;

    for (uint32_t i = 0; i < count; i++) {
        if (len - offset < LENGTH_BYTES)
            return 0;
        size_t command = get_u32(data + offset);
        offset += LENGTH_BYTES;
        if (len - offset < command)
            return 0;
        offset += command;
    }
    return offset;
}

bool batch_open(struct batch_cursor *c, const void *data, size_t len, struct batch_header *ret)
{
    const uint8_t *p = data;

    if (len < HEADER_BYTES || len % ALIGNMENT != 0 || get_u32(p) != BATCH_MAGIC)
        return false;
    uint32_t count = get_u32(p + 4);
    size_t end = commands_end(p, len, count);
    if (end == 0 || len - end >= ALIGNMENT)
        return false;
    ret->count = count;
    ret->stamp_ms = get_u64(p + 8);
    ret->origin = get_u64(p + 16);
    ret->tag = get_u64(p + 24);
    *c = (struct batch_cursor){.data = p, .len = len, .offset = HEADER_BYTES, .left = count};
    return true;
}

bool batch_next(struct batch_cursor *c, const uint8_t **ret, size_t *ret_len)
{
    if (c->left == 0)
        return false;
    *ret_len = get_u32(c->data + c->offset);
    *ret = c->data + c->offset + LENGTH_BYTES;
    c->offset += LENGTH_BYTES + *ret_len;
    c->left--;
    assert(c->offset <= c->len);
    return true;
}
