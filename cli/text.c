#include "cli/output.h"

#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static bool is_blank(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

/* Escape sequences, and marks that reverse the direction of what follows. */
static bool is_unfit_for_terminals(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static const char *text_copy(struct arena *a, const char *s, size_t len, bool clean)
{
    struct bytes out = BYTES_INIT;
    const char *copy;

    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = utf8_decode(s + i, len - i, &c);

        if (clean && n > 0 && is_blank(c))
            bytes_append(&out, " ", 1);
        else if (n == 0 || c == 0 || (clean && is_unfit_for_terminals(c)))
            bytes_append(&out, REPLACEMENT, 3);
        else
            bytes_append(&out, s + i, n);
        i += n == 0 ? 1 : n;
    }
    copy = arena_strndup(a, out.len == 0 ? "" : (const char *)out.data, out.len);
    bytes_release(&out);
    return copy;
}

const char *text_utf8(struct arena *a, const char *s, size_t len)
{
    return text_copy(a, s, len, false);
}

const char *text_clean(struct arena *a, const char *s, size_t len)
{
    return text_copy(a, s, len, true);
}

static unsigned char_width(uint32_t c)
{
    int w = wcwidth((wchar_t)c);
    return w < 0 ? 1 : (unsigned)w;
}

unsigned text_width(const char *s)
{
    size_t len = strlen(s);
    unsigned width = 0;

    for (size_t i = 0; i < len;) {
        uint32_t c = '?';
        size_t n = utf8_decode(s + i, len - i, &c);
        width += char_width(c);
        i += n == 0 ? 1 : n;
    }
    return width;
}

const char *text_fit(struct arena *a, const char *s, unsigned width)
{
    size_t len = strlen(s), i = 0;
    unsigned used = 0;

    while (i < len) {
        uint32_t c = '?';
        size_t n = utf8_decode(s + i, len - i, &c);
        if (used + char_width(c) > width)
            break;
        used += char_width(c);
        i += n == 0 ? 1 : n;
    }
    return arena_strndup(a, s, i);
}

/* ------------------------------------------------------------------- time */

const char *text_duration(struct arena *a, uint64_t ms)
{
    uint64_t s = ms / 1000;

    if (ms < 100)
        return arena_printf(a, "%u ms", (unsigned)ms);
    if (ms < 10000)
        return arena_printf(a, "%u.%u s", (unsigned)s, (unsigned)(ms % 1000 / 100));
    if (s < 120)
        return arena_printf(a, "%u s", (unsigned)s);
    if (s < 120 * 60)
        return arena_printf(a, "%u min", (unsigned)(s / 60));
    if (s < 48 * 3600)
        return arena_printf(a, "%u h", (unsigned)(s / 3600));
    return arena_printf(a, "%llu d", (unsigned long long)(s / 86400));
}

const char *text_ago(struct arena *a, uint64_t now_ms, uint64_t since_ms)
{
    if (since_ms == 0)
        return "-";
    return arena_printf(a, "%s ago", text_duration(a, now_ms > since_ms ? now_ms - since_ms : 0));
}

const char *text_time(struct arena *a, uint64_t stamp_ms)
{
    time_t t = (time_t)(stamp_ms / 1000);
    struct tm tm;
    char day[64];

    if (stamp_ms > (uint64_t)INT64_MAX / 2 || localtime_r(&t, &tm) == NULL ||
        strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return "-";
    return arena_printf(a, "%s.%03u", day, (unsigned)(stamp_ms % 1000));
}

/* ----------------------------------------------------------------- values */

static const char *text_hex(struct arena *a, const uint8_t *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, 2 * len + 1);

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[p[i] >> 4];
        text[2 * i + 1] = digits[p[i] & 15];
    }
    return text;
}

/* "a, b, c" of an array, "k v, k v" of a map. */
static const char *text_items(struct arena *a, const struct value *v)
{
    struct bytes out = BYTES_INIT;
    const char *text;

    for (uint32_t i = 0; i < v->len; i++) {
        const char *comma = i == 0 ? "" : ", ";
        if (v->type == VALUE_ARRAY)
            bytes_printf(&out, "%s%s", comma, text_value(a, &v->items[i]));
        else
            bytes_printf(&out, "%s%s %s", comma, text_value(a, &v->pairs[i].key),
                         text_value(a, &v->pairs[i].value));
    }
    text = out.len == 0 ? "-" : arena_strndup(a, (const char *)out.data, out.len);
    bytes_release(&out);
    return text;
}

const char *text_value(struct arena *a, const struct value *v)
{
    if (v == NULL)
        return "-";
    switch (v->type) {
    case VALUE_NIL:
        return "-";
    case VALUE_BOOL:
        return v->boolean ? "yes" : "no";
    case VALUE_UINT:
        return arena_printf(a, "%llu", (unsigned long long)v->uint);
    case VALUE_INT:
        return arena_printf(a, "%lld", (long long)v->integer);
    case VALUE_REAL:
        return arena_printf(a, "%g", v->real);
    case VALUE_STR:
        return v->len == 0 ? "-" : text_clean(a, v->str, v->len);
    case VALUE_BIN:
        return v->len == 0 ? "-" : text_hex(a, v->bin, v->len);
    case VALUE_ARRAY:
    case VALUE_MAP:
        return text_items(a, v);
    }
    return "-";
}

const char *text_field(struct arena *a, const struct value *v, const char *key)
{
    return text_value(a, value_get(v, key));
}

const char *text_since(struct arena *a, const struct value *v)
{
    uint64_t since_ms = 0;

    value_get_uint(v, "since_ms", &since_ms);
    return text_ago(a, clock_wall_ms(), since_ms);
}

const char *text_age(const struct cli *cli, struct arena *a, const struct value *v)
{
    uint64_t since_ms = 0;

    value_get_uint(v, "since_ms", &since_ms);
    return text_ago(a, cli->then_ms != 0 ? cli->then_ms : clock_wall_ms(), since_ms);
}

const char *text_for(struct arena *a, const struct value *v)
{
    uint64_t since_ms = 0, now_ms = clock_wall_ms();

    if (!value_get_uint(v, "since_ms", &since_ms) || since_ms == 0)
        return "";
    return arena_printf(a, " for %s", text_duration(a, now_ms > since_ms ? now_ms - since_ms : 0));
}

const char *text_failure(struct arena *a, const struct value *v)
{
    const struct value *text = value_get(v, "text");
    bool has_text = text != NULL && text->type == VALUE_STR && text->len > 0;
    uint32_t code = 0;

    value_get_u32(v, "code", &code);
    if (code == 0)
        return has_text ? text_value(a, text) : "";
    return arena_printf(a, "%s (%u %s)", has_text ? text_value(a, text) : error_text(code), code,
                        error_name(code));
}

const char *text_pid(struct arena *a, const struct value *v)
{
    uint64_t pid = 0;

    return value_get_uint(v, "pid", &pid) && pid == 0 ? "-" : text_field(a, v, "pid");
}

const char *text_needs(struct arena *a, const struct value *resource)
{
    const char *expression = text_field(a, resource, "expression");

    return strstr(expression, " or ") != NULL ? expression : text_field(a, resource, "providers");
}

const char *text_persistent(struct arena *a, const struct value *v)
{
    const struct value *p = value_get(v, "persistent");

    if (p != NULL && p->type == VALUE_BOOL)
        return p->boolean ? "Online" : "Offline";
    return text_value(a, p);
}

/* ----------------------------------------------------------------- colour */

enum style style_of_state(const char *state)
{
    size_t len = strlen(state);

    if (strcmp(state, "Online") == 0 || strcmp(state, "Up") == 0)
        return STYLE_GOOD;
    if (strcmp(state, "Failed") == 0 || strcmp(state, "Down") == 0)
        return STYLE_BAD;
    if (len >= 7 && strcmp(state + len - 7, "Pending") == 0)
        return STYLE_BUSY;
    if (strcmp(state, "PartialOnline") == 0 || strcmp(state, "Paused") == 0 ||
        strcmp(state, "Joining") == 0 || strcmp(state, "Initializing") == 0)
        return STYLE_BUSY;
    return STYLE_PLAIN;
}

const char *style_text(const struct cli *cli, struct arena *a, enum style style, const char *s)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "",  [STYLE_GOOD] = "32", [STYLE_BAD] = "31",
        [STYLE_BUSY] = "33", [STYLE_HEAD] = "1",
    };

    if (style == STYLE_PLAIN || !cli->io->colour || !cli->io->out_is_terminal)
        return s;
    return arena_printf(a, "\033[%sm%s\033[0m", codes[style], s);
}
