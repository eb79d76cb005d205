/* Texts at the border: wchar_t in the API, UTF-8 behind it. Any thread. */
#ifndef HOLDFAST_CLUSAPI_WIDE_H
#define HOLDFAST_CLUSAPI_WIDE_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#include "base/value.h"

/* A copy of `text` in `a`. ERROR_INVALID_PARAMETER for NULL,
 * ERROR_INVALID_NAME for what is not text or has more than `bytes_max` bytes. */
uint32_t wide_to_utf8(const wchar_t *text, size_t bytes_max, struct arena *a, const char **ret);

/* Hand out `utf8` by the rule of all lpcch parameters: *count is the room in
 * characters, with the NUL, and becomes the length without it. A NULL `buffer`
 * asks for the length only; both NULL ask for nothing.
 *
 * ERROR_MORE_DATA if it does not fit: what fits is there, with a NUL.
 * ERROR_INVALID_PARAMETER for a buffer without a count. */
uint32_t wide_copy_out(const char *utf8, wchar_t *buffer, unsigned *count);

#endif
