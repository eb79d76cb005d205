/* Two property lists in the 16-bit layout, byte for byte as Windows writes
 * them, and the means to write lists that are wrong and to have them checked. */
#ifndef HOLDFAST_TESTS_BASE_PROPLIST_EXAMPLE_H
#define HOLDFAST_TESTS_BASE_PROPLIST_EXAMPLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/proplist.h"

/* clang-format off */

/* "Virtual Machine" = DWORD 2. */
static const uint8_t example_vm[] = {
    0x01, 0x00, 0x00, 0x00,                         /* one property */
    0x03, 0x00, 0x04, 0x00, 0x20, 0x00, 0x00, 0x00, /* name of 32 bytes */
    'V',  0x00, 'i',  0x00, 'r',  0x00, 't',  0x00, 'u', 0x00, 'a', 0x00, 'l', 0x00, ' ', 0x00,
    'M',  0x00, 'a',  0x00, 'c',  0x00, 'h',  0x00, 'i', 0x00, 'n', 0x00, 'e', 0x00, 0x00, 0x00,
    0x02, 0x00, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, /* DWORD of 4 bytes */
    0x02, 0x00, 0x00, 0x00,                         /* 2 */
    0x00, 0x00, 0x00, 0x00,                         /* end mark */
};

/* "Description" = SZ "Hi", padded; "FailoverThreshold" = DWORD 0xFFFFFFFF. */
static const uint8_t example_two[] = {
    0x02, 0x00, 0x00, 0x00,
    0x03, 0x00, 0x04, 0x00, 0x18, 0x00, 0x00, 0x00,
    'D',  0x00, 'e',  0x00, 's',  0x00, 'c',  0x00, 'r', 0x00, 'i', 0x00, 'p', 0x00, 't', 0x00,
    'i',  0x00, 'o',  0x00, 'n',  0x00, 0x00, 0x00,
    0x03, 0x00, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00,
    'H',  0x00, 'i',  0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00,
    0x03, 0x00, 0x04, 0x00, 0x24, 0x00, 0x00, 0x00,
    'F',  0x00, 'a',  0x00, 'i',  0x00, 'l',  0x00, 'o', 0x00, 'v', 0x00, 'e', 0x00, 'r', 0x00,
    'T',  0x00, 'h',  0x00, 'r',  0x00, 'e',  0x00, 's', 0x00, 'h', 0x00, 'o', 0x00, 'l', 0x00,
    'd',  0x00, 0x00, 0x00,
    0x02, 0x00, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF,
    0x00, 0x00, 0x00, 0x00,
};

/* clang-format on */

/* The next three write a list by hand: raw_u32(&b, count), then raw_data() for
 * each name and value, with raw_u32(&b, 0) as end mark. */
static inline void raw_u32(struct bytes *b, uint32_t value)
{
    bytes_append(b, &value, sizeof value);
}

static inline void raw_data(struct bytes *b, uint32_t syntax, const void *data, uint32_t len)
{
    raw_u32(b, syntax);
    raw_u32(b, len);
    bytes_append(b, data, len);
    bytes_append(b, "\0\0\0", (4 - len % 4) % 4);
}

#define RAW_NAME 0x00040003u

/* A list with the one property "N", of one value. */
static inline void raw_list(struct bytes *b, uint32_t syntax, const void *data, uint32_t len)
{
    raw_u32(b, 1);
    raw_data(b, RAW_NAME, u"N", 4);
    raw_data(b, syntax, data, len);
    raw_u32(b, 0);
}

/* Check a copy that ends where its memory ends and is not aligned, so that the
 * sanitizer sees the first byte read too far. */
static inline uint32_t check(const void *data, size_t len)
{
    uint8_t *copy = xmalloc(len + 1);
    uint32_t code;

    if (len > 0)
        memcpy(copy + 1, data, len);
    code = proplist_check(copy + 1, len, PROPLIST_UTF16);
    free(copy);
    return code;
}

static inline uint32_t check_bytes(struct bytes *b)
{
    uint32_t code = check(b->data, b->len);

    bytes_release(b);
    return code;
}

/* The answer to a list with one value of this syntax and contents. */
static inline uint32_t check_value(uint32_t syntax, const void *data, uint32_t len)
{
    struct bytes b = BYTES_INIT;

    raw_list(&b, syntax, data, len);
    return check_bytes(&b);
}

#endif
