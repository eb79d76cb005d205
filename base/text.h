/* Text: UTF-8 everywhere, names compared as ASCII without regard to case.
 *
 * Windows folds the case of all letters; here only A to Z are folded, so that
 * every node and every version agrees on which names are equal. Any thread. */
#ifndef HOLDFAST_BASE_TEXT_H
#define HOLDFAST_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES_MAX 255 /* Without the NUL. */

/* Shortest form only, no surrogates, at most U+10FFFF. NULs are valid. */
bool utf8_is_valid(const char *s, size_t len);
/* Decode one code point; returns the bytes it takes, 0 if they are invalid or
 * `len` is 0. */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret);
/* Encode a code point (no surrogate, at most U+10FFFF) into `out`; returns
 * the bytes written. */
size_t utf8_encode(uint32_t code, char out[4]);

/* The name of a group, resource, node or property: valid UTF-8 of at most
 * NAME_BYTES_MAX bytes, no control characters, not only blanks. NULL is not
 * valid. */
bool name_is_valid(const char *name);
/* As strcmp(), A to Z taken as a to z. */
int name_compare(const char *a, const char *b);
static inline bool name_equal(const char *a, const char *b)
{
    return name_compare(a, b) == 0;
}
static inline int ascii_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

#endif
