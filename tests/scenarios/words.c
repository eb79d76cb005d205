#include "tests/scenarios/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ------------------------------------------------------------------- words */

static bool is_end(char c)
{
    return c == '\0' || c == ' ';
}

/* Copy what stands between `open` and `close` to *out. */
static const char *copy_enclosed(const char *s, char close, char **out)
{
    for (s++; *s != '\0' && *s != close; s++)
        *(*out)++ = *s;
    return *s == close ? s + 1 : NULL;
}

/* One part of a word: up to a blank, a comma, a final colon, or `stop`. */
static const char *copy_part(const char *s, char stop, char **out, bool *ret_quoted)
{
    *ret_quoted = *s == '"';
    if (*s == '"')
        s = copy_enclosed(s, '"', out);
    else
        while (!is_end(*s) && *s != ',' && *s != stop && !(*s == ':' && is_end(s[1])))
            *(*out)++ = *s++;
    if (s != NULL)
        *(*out)++ = '\0';
    return s;
}

static const char *copy_value(const char *s, struct word *word, char **out)
{
    bool quoted;

    word->value = *out;
    if (*s == '[') {
        word->form = VALUE_LIST;
        s = copy_enclosed(s, ']', out);
        *(*out)++ = '\0';
        return s;
    }
    s = copy_part(s, '\0', out, &quoted);
    word->form = quoted ? VALUE_QUOTED : VALUE_PLAIN;
    return s;
}

static const char *copy_word(const char *s, struct word *word, char **out)
{
    memset(word, 0, sizeof(*word));
    word->text = *out;
    if (*s == ',' || (*s == ':' && is_end(s[1]))) {
        *(*out)++ = *s;
        *(*out)++ = '\0';
        return s + 1;
    }
    s = copy_part(s, '=', out, &word->quoted);
    return s != NULL && *s == '=' ? copy_value(s + 1, word, out) : s;
}

bool words_split(struct words *w, const char *line)
{
    char *out = xmalloc(2 * strlen(line) + 2);

    memset(w, 0, sizeof(*w));
    w->memory = out;
    while (line != NULL) {
        while (*line == ' ')
            line++;
        if (*line == '\0')
            break;
        if (w->count == WORDS_MAX)
            return false;
        line = copy_word(line, &w->at[w->count], &out);
        w->count++;
    }
    *out = '\0';
    w->at[w->count] = (struct word){.text = out};
    return line != NULL;
}

void words_release(struct words *w)
{
    free(w->memory);
    memset(w, 0, sizeof(*w));
}

const struct word *words_peek(const struct words *w)
{
    return &w->at[w->next];
}

bool words_take(struct words *w, const char *text)
{
    const struct word *word = words_peek(w);

    if (words_done(w) || word->quoted || word->value != NULL || strcmp(word->text, text) != 0)
        return false;
    w->next++;
    return true;
}

char *words_next(struct words *w)
{
    return words_done(w) ? NULL : w->at[w->next++].text;
}

bool words_done(const struct words *w)
{
    return w->next == w->count;
}

/* ----------------------------------------------------------------- numbers */

bool number_parse(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 0);

    if (*text < '0' || *text > '9' || *end != '\0' || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

bool duration_parse(const char *text, uint64_t *ret_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9')
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, end) == 0) {
            *ret_ms = number * units[i].ms;
            return true;
        }
    return false;
}

bool clock_parse(const char *text, uint64_t *ret_ms)
{
    unsigned hour, minute, second = 0, ms = 0;
    int used = 0;

    if (sscanf(text, "%2u:%2u%n", &hour, &minute, &used) != 2)
        return false;
    text += used;
    if (*text == ':' && sscanf(text, ":%2u%n", &second, &used) == 1)
        text += used;
    if (*text == '.' && sscanf(text, ".%3u%n", &ms, &used) == 1 && used == 4)
        text += used;
    *ret_ms = ((hour * 60ull + minute) * 60 + second) * 1000 + ms;
    return *text == '\0' && hour < 24 && minute < 60 && second < 60;
}
