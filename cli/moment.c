/* A moment of the past as people write it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/call.h"

/* Exactly `digits` digits; moves *text behind them. */
static bool take_digits(const char **text, unsigned digits, int *ret)
{
    int n = 0;

    for (unsigned i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)(*text)[i]))
            return false;
        n = 10 * n + ((*text)[i] - '0');
    }
    *text += digits;
    *ret = n;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

/* "2026-11-22T", or a blank instead of the T; a tm_year of INT32_MIN: none. */
static bool take_day(const char **text, struct tm *tm)
{
    const char *p = *text;
    int year, month;

    tm->tm_year = INT32_MIN;
    if (!take_digits(&p, 4, &year) || !take_char(&p, '-'))
        return true;
    if (!take_digits(&p, 2, &month) || !take_char(&p, '-') || !take_digits(&p, 2, &tm->tm_mday) ||
        (!take_char(&p, 'T') && !take_char(&p, ' ')))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    *text = p;
    return true;
}

/* "15:04", "15:04:05", "15:04:05.123" */
static bool take_hours(const char **text, struct tm *tm, unsigned *ret_ms)
{
    unsigned weight = 100;

    *ret_ms = 0;
    if (!take_digits(text, 2, &tm->tm_hour) || !take_char(text, ':') ||
        !take_digits(text, 2, &tm->tm_min))
        return false;
    if (!take_char(text, ':'))
        return true;
    if (!take_digits(text, 2, &tm->tm_sec))
        return false;
    if (!take_char(text, '.'))
        return true;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); ++*text, weight /= 10)
        *ret_ms += weight * (unsigned)(**text - '0');
    return true;
}

static bool parse_clock(const char *text, uint64_t now_ms, uint64_t *ret_ms)
{
    time_t now = (time_t)(now_ms / 1000), t;
    struct tm tm = {0}, today, asked;
    unsigned ms;
    bool utc;

    if (!take_day(&text, &tm) || !take_hours(&text, &tm, &ms))
        return false;
    utc = take_char(&text, 'Z');
    if (*text != '\0' || (utc ? gmtime_r(&now, &today) : localtime_r(&now, &today)) == NULL)
        return false;
    if (tm.tm_year == INT32_MIN) {
        tm.tm_year = today.tm_year;
        tm.tm_mon = today.tm_mon;
        tm.tm_mday = today.tm_mday;
    }
    tm.tm_isdst = utc ? 0 : -1;
    asked = tm;
    t = utc ? timegm(&tm) : mktime(&tm);
    /* A 30th of February would be taken for a day of March. An hour that summer
     * time leaves out is not worth an error. */
    if (t < 0 || tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday || asked.tm_hour > 23 ||
        asked.tm_min > 59 || asked.tm_sec > 59)
        return false;
    *ret_ms = (uint64_t)t * 1000 + ms;
    return true;
}

/* "-90s", "-10m", "-2h", "-1d" */
static bool parse_ago(const char *text, uint64_t now_ms, uint64_t *ret_ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    unsigned long long n;
    char *end;

    if (!isdigit((unsigned char)text[1]))
        return false;
    errno = 0;
    n = strtoull(text + 1, &end, 10);
    for (size_t i = 0; errno == 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) != 0 || n > now_ms / units[i].ms)
            continue;
        *ret_ms = now_ms - n * units[i].ms;
        return true;
    }
    return false;
}

bool moment_parse(const char *text, uint64_t now_ms, struct moment *ret)
{
    unsigned long long n;

    if (text[0] == '-') {
        ret->is_index = false;
        return parse_ago(text, now_ms, &ret->value);
    }
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') {
        ret->is_index = false;
        return parse_clock(text, now_ms, &ret->value);
    }
    errno = 0;
    n = strtoull(text, NULL, 10);
    ret->is_index = true;
    ret->value = n;
    return errno == 0;
}
