/* The writing half of base/proplist.h: the builder, and the change of layout,
 * which is a walk over one list and a build of another. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/proplist.h"

#define SYNTAX_ENDMARK 0x00000000u
#define SYNTAX_NAME 0x00040003u

static void put_u32(struct bytes *out, uint32_t value)
{
    bytes_append(out, &value, sizeof value);
}

static uint32_t get_u32(const struct bytes *b, size_t at)
{
    uint32_t value;

    memcpy(&value, b->data + at, sizeof value);
    return value;
}

static void set_u32(struct bytes *b, size_t at, uint32_t value)
{
    memcpy(b->data + at, &value, sizeof value);
}

/* A header whose length is not known yet; returns where the data begins. */
static size_t header_begin(struct bytes *out, uint32_t syntax)
{
    put_u32(out, syntax);
    put_u32(out, 0);
    return out->len;
}

/* Write the length of the data that begins at `begin`, and pad it. */
static void header_end(struct bytes *out, size_t begin)
{
    static const uint8_t zeros[4];
    size_t len = out->len - begin;

    assert(len <= 2 * PROPLIST_BYTES_MAX);
    set_u32(out, begin - 4, (uint32_t)len);
    bytes_append(out, zeros, (4 - len % 4) % 4);
}

static void put_nul(struct bytes *out, enum proplist_width width)
{
    static const uint8_t zeros[4];

    bytes_append(out, zeros, (size_t)width);
}

/* ----------------------------------------------------------------- builder */

void proplist_builder_init(struct proplist_builder *b, enum proplist_width width)
{
    assert(width == PROPLIST_UTF16 || width == PROPLIST_WCHAR);
    *b = (struct proplist_builder){BYTES_INIT, width};
    put_u32(&b->bytes, 0);
}

void proplist_builder_release(struct proplist_builder *b)
{
    bytes_release(&b->bytes);
}

/* A text and its NUL. Texts longer than any list are not even copied. */
static bool put_text(struct proplist_builder *b, const char *utf8)
{
    size_t len = strlen(utf8);

    if (len > PROPLIST_BYTES_MAX || !proplist_text_from_utf8(utf8, len, b->width, &b->bytes))
        return false;
    put_nul(&b->bytes, b->width);
    return b->bytes.len <= PROPLIST_BYTES_MAX;
}

static bool put_name(struct proplist_builder *b, const char *name)
{
    size_t begin = header_begin(&b->bytes, SYNTAX_NAME);

    if (name[0] == '\0' || !put_text(b, name))
        return false;
    header_end(&b->bytes, begin);
    return true;
}

static bool put_value(struct proplist_builder *b, uint32_t syntax, const void *data, size_t len)
{
    size_t begin = header_begin(&b->bytes, syntax);

    if (len > PROPLIST_BYTES_MAX)
        return false;
    bytes_append(&b->bytes, data, len);
    header_end(&b->bytes, begin);
    return true;
}

static bool put_sz(struct proplist_builder *b, const char *utf8)
{
    size_t begin = header_begin(&b->bytes, PROPLIST_SZ);

    if (!put_text(b, utf8))
        return false;
    header_end(&b->bytes, begin);
    return true;
}

/* Close the property that began at `before`, or take it away again if writing
 * it failed or the list has become too long. */
static uint32_t property_end(struct proplist_builder *b, size_t before, bool written)
{
    if (!written || b->bytes.len + 4 > PROPLIST_BYTES_MAX) {
        b->bytes.len = before;
        return ERROR_INVALID_PARAMETER;
    }
    put_u32(&b->bytes, SYNTAX_ENDMARK);
    set_u32(&b->bytes, 0, get_u32(&b->bytes, 0) + 1);
    return 0;
}

static uint32_t add_raw(struct proplist_builder *b, const char *name, uint32_t syntax,
                        const void *data, size_t len)
{
    size_t before = b->bytes.len;

    return property_end(b, before, put_name(b, name) && put_value(b, syntax, data, len));
}

uint32_t proplist_add_dword(struct proplist_builder *b, const char *name, uint32_t value)
{
    return add_raw(b, name, PROPLIST_DWORD, &value, sizeof value);
}

uint32_t proplist_add_ularge(struct proplist_builder *b, const char *name, uint64_t value)
{
    return add_raw(b, name, PROPLIST_ULARGE_INTEGER, &value, sizeof value);
}

uint32_t proplist_add_binary(struct proplist_builder *b, const char *name, const void *data,
                             size_t len)
{
    return add_raw(b, name, PROPLIST_BINARY, data, len);
}

uint32_t proplist_add_sz(struct proplist_builder *b, const char *name, const char *value)
{
    size_t before = b->bytes.len;

    return property_end(b, before, put_name(b, name) && put_sz(b, value));
}

/* Each string with its NUL, then one more NUL; two when there is no string, as
 * Windows wants to see two at the end in any case. */
static bool put_multi_sz(struct proplist_builder *b, const char *const *strings, size_t count)
{
    size_t begin = header_begin(&b->bytes, PROPLIST_MULTI_SZ);

    for (size_t i = 0; i < count; i++) {
        /* An empty string would be read as the end of them all. */
        if (strings[i][0] == '\0' || !put_text(b, strings[i]))
            return false;
    }
    if (count == 0)
        put_nul(&b->bytes, b->width);
    put_nul(&b->bytes, b->width);
    header_end(&b->bytes, begin);
    return true;
}

uint32_t proplist_add_multi_sz(struct proplist_builder *b, const char *name,
                               const char *const *strings, size_t count)
{
    size_t before = b->bytes.len;

    return property_end(b, before, put_name(b, name) && put_multi_sz(b, strings, count));
}

uint32_t proplist_add_values(struct proplist_builder *b, const char *name,
                             const struct proplist_value *values, size_t count)
{
    struct proplist_builder one; /* A list of this property alone, to check it. */
    bool written;
    uint32_t code;

    proplist_builder_init(&one, b->width);
    written = count > 0 && put_name(&one, name);
    for (size_t i = 0; written && i < count; i++) {
        assert(values[i].width == b->width);
        written = put_value(&one, values[i].syntax, values[i].data, values[i].len) &&
                  one.bytes.len <= PROPLIST_BYTES_MAX;
    }
    code = property_end(&one, 4, written);
    if (code == 0)
        code = proplist_check(one.bytes.data, one.bytes.len, b->width);
    if (code == 0 && one.bytes.len - 4 > PROPLIST_BYTES_MAX - b->bytes.len)
        code = ERROR_INVALID_PARAMETER;
    if (code == 0) {
        bytes_append(&b->bytes, one.bytes.data + 4, one.bytes.len - 4);
        set_u32(&b->bytes, 0, get_u32(&b->bytes, 0) + 1);
    }
    proplist_builder_release(&one);
    return code;
}

/* -------------------------------------------------------------- conversion */

static bool convert_list(const void *data, size_t len, enum proplist_width from,
                         enum proplist_width to, struct bytes *out);

static bool convert_value(const struct proplist_value *v, enum proplist_width to, struct bytes *out)
{
    size_t begin = header_begin(out, v->syntax);
    bool converted = true;

    switch (v->syntax) {
    case PROPLIST_SZ:
    case PROPLIST_EXPAND_SZ:
    case PROPLIST_EXPANDED_SZ:
    case PROPLIST_MULTI_SZ:
        converted = proplist_text_convert(v->data, v->len, v->width, to, out);
        break;
    case PROPLIST_PROPERTY_LIST:
        converted = convert_list(v->data, v->len, v->width, to, out);
        break;
    default:
        bytes_append(out, v->data, v->len);
    }
    header_end(out, begin);
    return converted;
}

static bool convert_property(struct proplist_property *property, enum proplist_width to,
                             struct bytes *out)
{
    size_t begin = header_begin(out, SYNTAX_NAME);
    struct proplist_value value;

    if (!proplist_text_convert(property->name, property->name_len, property->value.width, to, out))
        return false;
    put_nul(out, to);
    header_end(out, begin);
    while (proplist_value_next(property, &value)) {
        if (!convert_value(&value, to, out))
            return false;
    }
    put_u32(out, SYNTAX_ENDMARK);
    return true;
}

/* Returns false only for a list that is malformed. */
static bool convert_list(const void *data, size_t len, enum proplist_width from,
                         enum proplist_width to, struct bytes *out)
{
    struct proplist list;
    struct proplist_property property;

    if (proplist_open(data, len, from, &list) != 0)
        return false;
    if (len == 0)
        return true;
    put_u32(out, list.count_left);
    while (proplist_next(&list, &property)) {
        if (!convert_property(&property, to, out))
            return false;
    }
    return list.count_left == 0;
}

uint32_t proplist_convert(const void *data, size_t len, enum proplist_width from,
                          enum proplist_width to, struct bytes *out)
{
    const size_t before = out->len;
    uint32_t code = proplist_check(data, len, from);

    if (code != 0)
        return code;
    /* Checked already: only a buffer that changes meanwhile can fail now. */
    if (!convert_list(data, len, from, to, out))
        code = ERROR_INVALID_DATA;
    else if (out->len - before > PROPLIST_BYTES_MAX)
        code = ERROR_INVALID_PARAMETER;
    if (code != 0)
        out->len = before;
    return code;
}
