/* A line of a scenario as words. */
#ifndef HOLDFAST_TESTS_SCENARIOS_WORDS_H
#define HOLDFAST_TESTS_SCENARIOS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum { WORDS_MAX = 128 };

/* `text`, or `text=value`. A comma, and a colon at the end of a word, are words
 * of their own unless quoted. "quoted words" are one word; a value in [brackets]
 * is a list. */
struct word {
    char *text;
    char *value; /* NULL: no `=`. */
    bool quoted; /* `text` was. */
    enum { VALUE_PLAIN, VALUE_QUOTED, VALUE_LIST } form;
};

struct words {
    struct word at[WORDS_MAX + 1]; /* Behind the last: text "". */
    unsigned count;
    unsigned next; /* To be read. */
    char *memory;  /* Owned. */
};

/* False if a quote or bracket is not closed or there are too many words. */
bool words_split(struct words *w, const char *line);
void words_release(struct words *w);

/* The next word without taking it; text "" at the end. */
const struct word *words_peek(const struct words *w);
/* Take the next word if it is `text`, unquoted. */
bool words_take(struct words *w, const char *text);
/* The next word's text, taken; NULL at the end. */
char *words_next(struct words *w);
bool words_done(const struct words *w);

/* "7", "0x10"; whole and within 32 bits. */
bool number_parse(const char *text, uint32_t *ret);
/* "500ms", "3s", "2min", "6h", "1d". */
bool duration_parse(const char *text, uint64_t *ret_ms);
/* "23:59", "23:59:30", "23:59:30.250": milliseconds since midnight. */
bool clock_parse(const char *text, uint64_t *ret_ms);

#endif
