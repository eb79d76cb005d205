#include "clusapi/wide.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/proplist_text.h"

uint32_t wide_to_utf8(const wchar_t *text, size_t bytes_max, struct arena *a, const char **ret)
{
    if (text == NULL)
        return ERROR_INVALID_PARAMETER;
    /* A character takes at least one byte: longer is too long, and no more
     * than that is looked at. */
    size_t len = wcsnlen(text, bytes_max + 1);
    if (len > bytes_max)
        return ERROR_INVALID_NAME;
    char *utf8 = proplist_text_to_utf8(text, len * sizeof(*text), PROPLIST_WCHAR, a);
    if (utf8 == NULL || strlen(utf8) > bytes_max)
        return ERROR_INVALID_NAME;
    *ret = utf8;
    return ERROR_SUCCESS;
}

/* Copies what fits; returns whether that was all. */
static bool copy_bounded(const wchar_t *from, size_t len, wchar_t *buffer, size_t room)
{
    if (room == 0)
        return false;
    size_t fits = len < room ? len : room - 1;
    wmemcpy(buffer, from, fits);
    buffer[fits] = L'\0';
    return fits == len;
}

uint32_t wide_copy_out(const char *utf8, wchar_t *buffer, unsigned *count)
{
    if (buffer != NULL && count == NULL)
        return ERROR_INVALID_PARAMETER;
    if (count == NULL)
        return ERROR_SUCCESS;

    struct bytes wide = BYTES_INIT;
    if (!proplist_text_from_utf8(utf8, strlen(utf8), PROPLIST_WCHAR, &wide))
        return ERROR_INVALID_DATA; /* From the wire: anything can be in it. */
    size_t len = wide.len / sizeof(wchar_t);
    bool fits =
        buffer == NULL || copy_bounded((const wchar_t *)(void *)wide.data, len, buffer, *count);
    *count = (unsigned)len;
    bytes_release(&wide);
    return fits ? ERROR_SUCCESS : ERROR_MORE_DATA;
}
