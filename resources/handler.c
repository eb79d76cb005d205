#include "resources/handler.h"

#include <string.h>

#include "base/error.h"
#include "resources/dummy.h"
#include "resources/process.h"

static const struct handler_ops *const handlers[] = {&dummy_handler, &process_handler};

const struct handler_ops *handler_find(const struct type *type)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(handlers[i]->type, type->name) == 0)
            return handlers[i];
    }
    return NULL;
}

uint32_t handler_instruction(const struct type *type, const uint8_t *instructions, size_t len,
                             struct proplist_property *ret)
{
    struct proplist list;
    uint32_t rc = proplist_open(instructions, len, PROPLIST_UTF16, &list);

    if (rc != 0)
        return rc;
    rc = proplist_find(&list, type->name, ret);
    return rc == ERROR_FILE_NOT_FOUND ? proplist_find(&list, type->alias, ret) : rc;
}

const char *handler_file_name(struct arena *a, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_";
    char *copy = arena_strndup(a, name, strlen(name));

    for (char *c = copy; *c != '\0'; c++) {
        if (strchr(allowed, *c) == NULL)
            *c = '_';
    }
    /* Neither hidden nor a way out of the folder. */
    if (copy[0] == '.')
        copy[0] = '_';
    return copy;
}
