#include "base/proplist_text.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

_Static_assert(sizeof(wchar_t) == PROPLIST_WCHAR, "lists in memory have wchar_t of 4 bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "units are read as they lie in memory");

static bool is_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDFFF;
}

static uint32_t unit_at(const void *s, enum proplist_width width)
{
    uint32_t unit = 0;

    /* Copied: callers' buffers need not be aligned. */
    memcpy(&unit, s, (size_t)width);
    return unit;
}

static size_t utf16_decode(const uint8_t *s, size_t len, uint32_t *ret)
{
    uint32_t high = unit_at(s, PROPLIST_UTF16);
    uint32_t low;

    if (!is_surrogate(high)) {
        *ret = high;
        return 2;
    }
    if (high >= 0xDC00 || len < 4)
        return 0;
    low = unit_at(s + 2, PROPLIST_UTF16);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *ret = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 4;
}

size_t proplist_char_decode(const void *s, size_t len, enum proplist_width width, uint32_t *ret)
{
    uint32_t unit;

    if (len < (size_t)width)
        return 0;
    if (width == PROPLIST_UTF16)
        return utf16_decode(s, len, ret);
    unit = unit_at(s, width);
    if (unit > 0x10FFFF || is_surrogate(unit))
        return 0;
    *ret = unit;
    return 4;
}

static void unit_append(uint32_t unit, enum proplist_width width, struct bytes *out)
{
    bytes_append(out, &unit, (size_t)width);
}

static void char_append(uint32_t code, enum proplist_width width, struct bytes *out)
{
    if (width == PROPLIST_UTF16 && code >= 0x10000) {
        unit_append(0xD800 + ((code - 0x10000) >> 10), width, out);
        code = 0xDC00 + (code & 0x3FF);
    }
    unit_append(code, width, out);
}

size_t proplist_text_len(const void *s, size_t len, enum proplist_width width)
{
    size_t used = 0;

    while (len - used >= (size_t)width && unit_at((const uint8_t *)s + used, width) != 0)
        used += (size_t)width;
    return used;
}

bool proplist_text_is_valid(const void *s, size_t len, enum proplist_width width)
{
    const uint8_t *at = s;
    uint32_t code;

    while (len > 0) {
        size_t used = proplist_char_decode(at, len, width, &code);
        if (used == 0)
            return false;
        at += used;
        len -= used;
    }
    return true;
}

static uint32_t fold(uint32_t code)
{
    return code < 0x80 ? (uint32_t)ascii_lower((int)code) : code;
}

bool proplist_text_equal(const void *s, size_t len, enum proplist_width width, const char *utf8)
{
    const uint8_t *at = s;
    size_t left = strlen(utf8);
    uint32_t ours;
    uint32_t theirs;

    while (len > 0 && left > 0) {
        size_t used = proplist_char_decode(at, len, width, &ours);
        size_t taken = utf8_decode(utf8, left, &theirs);
        if (used == 0 || taken == 0 || fold(ours) != fold(theirs))
            return false;
        at += used;
        len -= used;
        utf8 += taken;
        left -= taken;
    }
    return len == 0 && left == 0;
}

bool proplist_text_convert(const void *s, size_t len, enum proplist_width from,
                           enum proplist_width to, struct bytes *out)
{
    const size_t before = out->len;
    const uint8_t *at = s;
    uint32_t code;

    while (len > 0) {
        size_t used = proplist_char_decode(at, len, from, &code);
        if (used == 0) {
            out->len = before;
            return false;
        }
        char_append(code, to, out);
        at += used;
        len -= used;
    }
    return true;
}

bool proplist_text_from_utf8(const char *utf8, size_t len, enum proplist_width to,
                             struct bytes *out)
{
    const size_t before = out->len;
    uint32_t code;

    while (len > 0) {
        size_t used = utf8_decode(utf8, len, &code);
        if (used == 0) {
            out->len = before;
            return false;
        }
        char_append(code, to, out);
        utf8 += used;
        len -= used;
    }
    return true;
}

/* The bytes of UTF-8 that valid text takes. */
static size_t utf8_len(const uint8_t *at, size_t len, enum proplist_width from)
{
    size_t total = 0;
    uint32_t code;
    char encoded[4];

    while (len > 0) {
        size_t used = proplist_char_decode(at, len, from, &code);
        assert(used > 0);
        total += utf8_encode(code, encoded);
        at += used;
        len -= used;
    }
    return total;
}

char *proplist_text_to_utf8(const void *s, size_t len, enum proplist_width from,
                            struct arena *arena)
{
    const uint8_t *at = s;
    uint32_t code;
    char *text;
    char *end;

    if (!proplist_text_is_valid(s, len, from))
        return NULL;
    text = arena_alloc(arena, utf8_len(at, len, from) + 1);
    end = text;
    while (len > 0) {
        size_t used = proplist_char_decode(at, len, from, &code);
        end += utf8_encode(code, end);
        at += used;
        len -= used;
    }
    *end = '\0';
    return text;
}
