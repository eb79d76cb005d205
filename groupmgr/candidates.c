/* Candidates as they stand in a snapshot. A group has one for each node: with
 * many groups they are most of it, so they are packed. */
#include <stdlib.h>

#include "groupmgr/fields.h"
#include "groupmgr/records.h"
#include "groupmgr/snapshot.h"

enum {
    NUMBERS = 4, /* Of a candidate, each packed into at most: */
    VARINT_BYTES_MAX = 5,
};

/* Seven bits to a byte, the lowest first. Returns the bytes written, at most 5. */
static size_t varint_put(uint8_t *to, uint32_t number)
{
    size_t len = 0;

    for (; number >= 0x80; number >>= 7)
        to[len++] = (uint8_t)(number | 0x80);
    to[len++] = (uint8_t)number;
    assert(len <= VARINT_BYTES_MAX);
    return len;
}

void candidates_write(struct field_writer *w, const struct candidate *candidates, unsigned count)
{
    uint8_t packed[NODES_MAX * NUMBERS * VARINT_BYTES_MAX];
    size_t len = 0;

    assert(count <= NODES_MAX);
    for (unsigned i = 0; w->s != NULL && i < count; i++) {
        len += varint_put(packed + len, candidates[i].node);
        len += varint_put(packed + len, (uint32_t)candidates[i].rule);
        len += varint_put(packed + len, candidates[i].value);
        len += varint_put(packed + len, candidates[i].best);
    }
    field_bin(w, "candidates", packed, w->s != NULL ? len : count);
}

/* False at the end, and of what is no number of 32 bits in its shortest form. */
static bool varint_get(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
    uint64_t number = 0;
    unsigned shift = 0;
    uint8_t byte = 0x80;

    for (; (byte & 0x80) != 0 && *at < end && shift < 7 * VARINT_BYTES_MAX; shift += 7) {
        byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
    }
    if ((byte & 0x80) != 0 || number > UINT32_MAX || (byte == 0 && shift > 7))
        return false;
    *ret = (uint32_t)number;
    return true;
}

unsigned candidates_read(struct field_reader *r, struct candidate **ret)
{
    size_t len;
    const uint8_t *at = read_bin(r, "candidates", &len), *end;
    unsigned count = 0;

    *ret = NULL;
    if (len == 0)
        return 0;
    end = at + len;
    *ret = xcalloc(NODES_MAX, sizeof(**ret));
    while (at < end && !r->bad) {
        struct candidate one = {0}, *candidate = count < NODES_MAX ? &(*ret)[count] : &one;
        uint32_t rule = 0;

        r->bad |= count == NODES_MAX || !varint_get(&at, end, &candidate->node) ||
                  !varint_get(&at, end, &rule) || !varint_get(&at, end, &candidate->value) ||
                  !varint_get(&at, end, &candidate->best) || rule >= PLACEMENT_RULE_COUNT;
        candidate->rule = (enum placement_rule)(r->bad ? 0 : rule);
        count += !r->bad;
    }
    assert(count <= NODES_MAX);
    *ret = xrealloc(*ret, (count > 0 ? count : 1) * sizeof(**ret));
    return count;
}
