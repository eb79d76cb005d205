#include "base/error.h"

#include <errno.h>
#include <stddef.h>

struct error_entry {
    uint32_t code;
    const char *name;
    const char *text;
    const char *advice;
};

/* By number, as base/error_list.h is; a test holds it to that. */
static const struct error_entry entries[] = {
#define ERROR_ENTRY(number, name, text, advice) {number, #name, text, advice},
#include "base/error_list.h"
#undef ERROR_ENTRY
};

static const struct error_entry *error_find(uint32_t code)
{
    size_t low = 0;
    size_t high = sizeof entries / sizeof entries[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof entries / sizeof entries[0] || entries[low].code != code)
        return NULL;
    return &entries[low];
}

const char *error_name(uint32_t code)
{
    const struct error_entry *entry = error_find(code);

    return entry == NULL ? "unknown" : entry->name;
}

const char *error_text(uint32_t code)
{
    const struct error_entry *entry = error_find(code);

    return entry == NULL ? "unknown error" : entry->text;
}

const char *error_advice(uint32_t code)
{
    const struct error_entry *entry = error_find(code);

    return entry == NULL ? "" : entry->advice;
}

static const struct {
    int errnum;
    uint32_t code;
} errnos[] = {
    {EACCES, ERROR_ACCESS_DENIED},
    {EADDRINUSE, ERROR_ADDRESS_IN_USE},
    {EAGAIN, ERROR_RETRY},
    {EBADF, ERROR_INVALID_HANDLE},
    {EBADMSG, ERROR_INVALID_DATA},
    {EBUSY, ERROR_BUSY},
    {ECANCELED, ERROR_OPERATION_ABORTED},
    {ECONNABORTED, ERROR_CONNECTION_ABORTED},
    {ECONNREFUSED, ERROR_CONNECTION_REFUSED},
    {ECONNRESET, ERROR_CONNECTION_ABORTED},
    {EDQUOT, ERROR_DISK_FULL},
    {EEXIST, ERROR_ALREADY_EXISTS},
    {EFBIG, ERROR_DISK_FULL},
    {EHOSTDOWN, ERROR_HOST_UNREACHABLE},
    {EHOSTUNREACH, ERROR_HOST_UNREACHABLE},
    {EILSEQ, ERROR_INVALID_DATA},
    {EINPROGRESS, ERROR_IO_PENDING},
    {EINTR, ERROR_RETRY},
    {EINVAL, ERROR_INVALID_PARAMETER},
    {EIO, ERROR_IO_DEVICE},
    {EISDIR, ERROR_ACCESS_DENIED},
    {EMFILE, ERROR_TOO_MANY_OPEN_FILES},
    {ENAMETOOLONG, ERROR_FILENAME_EXCED_RANGE},
    {ENETDOWN, ERROR_NETWORK_UNREACHABLE},
    {ENETUNREACH, ERROR_NETWORK_UNREACHABLE},
    {ENFILE, ERROR_TOO_MANY_OPEN_FILES},
    {ENODATA, ERROR_NOT_FOUND},
    {ENODEV, ERROR_NOT_READY},
    {ENOENT, ERROR_FILE_NOT_FOUND},
    {ENOMEM, ERROR_NOT_ENOUGH_MEMORY},
    {ENOSPC, ERROR_DISK_FULL},
    {ENOSYS, ERROR_CALL_NOT_IMPLEMENTED},
    {ENOTCONN, ERROR_CONNECTION_ABORTED},
    {ENOTDIR, ERROR_PATH_NOT_FOUND},
    {ENOTEMPTY, ERROR_DIR_NOT_EMPTY},
    {EOPNOTSUPP, ERROR_NOT_SUPPORTED},
    {EPERM, ERROR_ACCESS_DENIED},
    {EPIPE, ERROR_CONNECTION_ABORTED},
    {EROFS, ERROR_ACCESS_DENIED},
    {ESRCH, ERROR_NOT_FOUND},
    {ETIMEDOUT, ERROR_TIMEOUT},
};

uint32_t error_from_errno(int errnum)
{
    if (errnum == 0)
        return ERROR_SUCCESS;
    for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++) {
        if (errnos[i].errnum == errnum)
            return errnos[i].code;
    }
    return ERROR_GEN_FAILURE;
}
