#include "consensus/image.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/digest.h"

static const char magic[8] = {'H', 'F', 'S', 'N', 'A', 'P', '0', '1'};

struct image_header {
    char magic[8];
    uint64_t position;
    uint64_t len;
    uint64_t digest;
};
_Static_assert(sizeof(struct image_header) == IMAGE_HEADER_BYTES, "header has no padding");

/* Over the state and the two numbers that go with it. */
static uint64_t image_digest(uint64_t position, const uint8_t *state, size_t len)
{
    uint64_t parts[3] = {htole64(position), htole64((uint64_t)len),
                         htole64(digest_bytes(state, len))};

    return digest_bytes(parts, sizeof parts);
}

void image_begin(struct bytes *out)
{
    static const struct image_header empty;

    assert(out->len == 0);
    bytes_append(out, &empty, sizeof empty);
}

void image_end(struct bytes *out, uint64_t position)
{
    static const uint8_t zeros[8];
    struct image_header h;

    assert(out->len >= sizeof h);
    size_t len = out->len - sizeof h;
    memcpy(h.magic, magic, sizeof magic);
    h.position = htole64(position);
    h.len = htole64((uint64_t)len);
    h.digest = htole64(image_digest(position, out->data + sizeof h, len));
    memcpy(out->data, &h, sizeof h);
    if (out->len % 8 != 0)
        bytes_append(out, zeros, 8 - out->len % 8);
}

bool image_open(const void *data, size_t len, uint64_t *ret_position, const uint8_t **ret_state,
                size_t *ret_len)
{
    const uint8_t *state = (const uint8_t *)data + sizeof(struct image_header);
    struct image_header h;

    if (len < sizeof h || len % 8 != 0)
        return false;
    memcpy(&h, data, sizeof h);
    uint64_t room = (uint64_t)(len - sizeof h);
    uint64_t state_len = le64toh(h.len);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || state_len > room || room - state_len >= 8)
        return false;
    for (uint64_t i = state_len; i < room; i++)
        if (state[i] != 0)
            return false;
    uint64_t position = le64toh(h.position);
    if (image_digest(position, state, (size_t)state_len) != le64toh(h.digest))
        return false;
    *ret_position = position;
    *ret_state = state;
    *ret_len = (size_t)state_len;
    return true;
}
