#include "base/text.h"

#include <assert.h>
#include <string.h>

/* The bytes that a sequence has, by its first byte; 0 for a byte that cannot
 * begin one. C0, C1 and F5 up would be overlong or too large. */
static size_t sequence_len(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    if (first >= 0xF0 && first <= 0xF4)
        return 4;
    return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *byte = (const uint8_t *)s;
    size_t need = len == 0 ? 0 : sequence_len(byte[0]);
    uint32_t code;

    if (need == 0 || need > len)
        return 0;
    code = need == 1 ? byte[0] : byte[0] & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (byte[i] & 0x3F);
    }
    if (code < least[need] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    *ret = code;
    return need;
}

bool utf8_is_valid(const char *s, size_t len)
{
    uint32_t code;

    while (len > 0) {
        size_t used = utf8_decode(s, len, &code);
        if (used == 0)
            return false;
        s += used;
        len -= used;
    }
    return true;
}

size_t utf8_encode(uint32_t code, char out[4])
{
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t mark[] = {0, 0, 0xC0, 0xE0, 0xF0};

    assert(code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF));
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(mark[len] | code);
    return len;
}

/* C0, DEL and C1: they would let a name write over a terminal or a log. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

bool name_is_valid(const char *name)
{
    bool blank = true;
    uint32_t code;
    size_t len;

    if (name == NULL)
        return false;
    len = strnlen(name, NAME_BYTES_MAX + 1);
    if (len > NAME_BYTES_MAX)
        return false;
    while (len > 0) {
        size_t used = utf8_decode(name, len, &code);
        if (used == 0 || is_control(code))
            return false;
        if (code != ' ')
            blank = false;
        name += used;
        len -= used;
    }
    return !blank;
}

int name_compare(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = ascii_lower((unsigned char)*a);
        int y = ascii_lower((unsigned char)*b);
        if (x != y || x == 0)
            return x - y;
    }
}
