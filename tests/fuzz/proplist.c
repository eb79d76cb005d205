/* A fuzz target for property lists: the first byte chooses the layout, the
 * rest is the list. What is accepted must be read, found, converted, and built
 * anew without a difference. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/proplist.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() would do, but must not depend on how the target is compiled. */
#define MUST(claim)                                                               \
    do {                                                                          \
        if (!(claim)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                              \
        }                                                                         \
    } while (0)

#define VALUES_MAX 64

static bool equal(const struct bytes *a, const struct bytes *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void read_value(const struct proplist_value *value, struct arena *arena)
{
    uint32_t dword;
    uint64_t ularge;
    const char *text = NULL;
    const char *const *texts;
    size_t count;

    MUST((proplist_value_dword(value, &dword) == 0) == (value->syntax == PROPLIST_DWORD));
    MUST((proplist_value_ularge(value, &ularge) == 0) ==
         (value->syntax == PROPLIST_ULARGE_INTEGER));
    if (proplist_value_sz(value, arena, &text) == 0)
        MUST(utf8_is_valid(text, strlen(text)));
    if (proplist_value_multi_sz(value, arena, &texts, &count) == 0) {
        for (size_t i = 0; i < count; i++)
            MUST(texts[i][0] != '\0');
        MUST(texts[count] == NULL);
    }
}

/* The first property of that name must be one that compares equal. */
static void find_by_name(const struct proplist *list, const char *name)
{
    struct proplist_property found;

    MUST(proplist_find(list, name, &found) == 0);
    MUST(proplist_name_is(&found, name));
}

/* Read everything and write it anew. False if a property has more values than
 * the array here. */
static bool rebuild(const struct proplist *whole, struct proplist_builder *b)
{
    struct proplist list = *whole;
    struct proplist_property property;
    uint32_t count = 0;

    while (proplist_next(&list, &property)) {
        struct arena arena = {0};
        struct proplist_value values[VALUES_MAX];
        size_t value_count = 0;
        const char *name = proplist_name(&property, &arena);

        MUST(name != NULL && utf8_is_valid(name, strlen(name)));
        if (count < 16) /* Else time would grow with the square of the count. */
            find_by_name(whole, name);
        while (value_count < VALUES_MAX && proplist_value_next(&property, &values[value_count])) {
            read_value(&values[value_count], &arena);
            value_count++;
        }
        MUST(value_count > 0);
        if (value_count == VALUES_MAX) {
            arena_release(&arena);
            return false;
        }
        MUST(proplist_add_values(b, name, values, value_count) == 0);
        arena_release(&arena);
        count++;
    }
    MUST(count == whole->count_left);
    return true;
}

/* Padding and, in lists inside, padding again: all that may differ from what a
 * builder writes goes away in a conversion, so `normal` is compared. */
static void rebuild_and_compare(const struct bytes *normal, enum proplist_width width)
{
    struct proplist list;
    struct proplist_builder b;

    MUST(proplist_open(normal->data, normal->len, width, &list) == 0);
    proplist_builder_init(&b, width);
    if (rebuild(&list, &b) && normal->len > 0)
        MUST(equal(&b.bytes, normal));
    proplist_builder_release(&b);
}

static void convert_and_compare(const uint8_t *list, size_t len, enum proplist_width from)
{
    const enum proplist_width to = from == PROPLIST_UTF16 ? PROPLIST_WCHAR : PROPLIST_UTF16;
    struct bytes normal = BYTES_INIT;
    struct bytes other = BYTES_INIT;
    struct bytes back = BYTES_INIT;

    MUST(proplist_convert(list, len, from, from, &normal) == 0);
    MUST(normal.len == len);
    MUST(proplist_convert(list, len, from, to, &other) == 0);
    MUST(proplist_check(other.data, other.len, to) == 0);
    MUST(proplist_convert(other.data, other.len, to, from, &back) == 0);
    MUST(equal(&back, &normal));
    rebuild_and_compare(&normal, from);
    rebuild_and_compare(&other, to);
    bytes_release(&normal);
    bytes_release(&other);
    bytes_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum proplist_width width;
    struct bytes untouched = BYTES_INIT;
    uint32_t code;

    if (size == 0)
        return 0;
    width = data[0] & 1 ? PROPLIST_WCHAR : PROPLIST_UTF16;
    code = proplist_check(data + 1, size - 1, width);
    MUST(code == 0 || code == ERROR_INVALID_DATA || code == ERROR_INVALID_PARAMETER);
    if (code == 0) {
        convert_and_compare(data + 1, size - 1, width);
    } else {
        MUST(proplist_convert(data + 1, size - 1, width, PROPLIST_WCHAR, &untouched) == code);
        MUST(untouched.len == 0);
    }
    bytes_release(&untouched);
    return 0;
}
