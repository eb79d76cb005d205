/* The characters of property lists: UTF-16LE as on Windows, or the machine's
 * wchar_t, and UTF-8 everywhere else.
 *
 * An unpaired surrogate, and a wchar_t that is a surrogate or above U+10FFFF,
 * is not text and is refused everywhere here. Nothing needs to be aligned; all
 * lengths are bytes, without a NUL unless said otherwise. Any thread. */
#ifndef HOLDFAST_BASE_PROPLIST_TEXT_H
#define HOLDFAST_BASE_PROPLIST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/value.h"

/* The bytes of a character unit, and the name of the layout that has them. */
enum proplist_width {
    PROPLIST_UTF16 = 2, /* Windows, the wire, the log. */
    PROPLIST_WCHAR = 4, /* A C program's memory on Linux. */
};

/* Decode the code point at `s`; returns the bytes it takes, 0 if they are
 * invalid or there are none. A NUL is a valid code point. */
size_t proplist_char_decode(const void *s, size_t len, enum proplist_width width, uint32_t *ret);

/* The bytes before the first NUL; `len` rounded down to whole units if none. */
size_t proplist_text_len(const void *s, size_t len, enum proplist_width width);
bool proplist_text_is_valid(const void *s, size_t len, enum proplist_width width);
/* Equal to UTF-8 `utf8`, A to Z taken as a to z. Invalid text equals nothing. */
bool proplist_text_equal(const void *s, size_t len, enum proplist_width width, const char *utf8);

/* Append to `out`; no NUL is added. False if the text is invalid; `out` is
 * unchanged then. */
bool proplist_text_convert(const void *s, size_t len, enum proplist_width from,
                           enum proplist_width to, struct bytes *out);
bool proplist_text_from_utf8(const char *utf8, size_t len, enum proplist_width to,
                             struct bytes *out);
/* A NUL-terminated copy in `arena`; NULL if the text is invalid. */
char *proplist_text_to_utf8(const void *s, size_t len, enum proplist_width from,
                            struct arena *arena);

#endif
