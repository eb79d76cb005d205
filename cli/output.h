/* What people and programs get to read: text, tables, colours, JSON. Whatever
 * comes from outside is made harmless before it reaches a terminal. */
#ifndef HOLDFAST_CLI_OUTPUT_H
#define HOLDFAST_CLI_OUTPUT_H

#include <jansson.h>

#include "cli/cli.h"

/* ------------------------------------------------------------------- text */

/* A copy in `a` that is UTF-8: what is not becomes U+FFFD, and so does NUL.
 * text_clean() also takes control characters out, which could play tricks on a
 * terminal; line breaks and tabs become blanks. */
const char *text_utf8(struct arena *a, const char *s, size_t len);
const char *text_clean(struct arena *a, const char *s, size_t len);

/* Columns that `s` (clean UTF-8) takes on a terminal. Needs a UTF-8 locale in
 * this thread for wide characters; cli_run() sets one. */
unsigned text_width(const char *s);
/* At most `width` columns of `s`, in `a`. */
const char *text_fit(struct arena *a, const char *s, unsigned width);

/* "20 ms", "0.4 s", "12 s", "5 min", "7 h", "3 d". */
const char *text_duration(struct arena *a, uint64_t ms);
/* How long `now_ms` is after `since_ms`: "12 s ago"; "-" if that is 0. A node's
 * clock may be ahead of ours: never negative. */
const char *text_ago(struct arena *a, uint64_t now_ms, uint64_t since_ms);
/* Local time, "2026-01-31 12:00:00.123". */
const char *text_time(struct arena *a, uint64_t stamp_ms);

/* Any value in words, for people: "-" for nothing, "yes"/"no", lists joined by
 * commas, bytes in hex. Clean. */
const char *text_value(struct arena *a, const struct value *v);
/* text_value() of what map `v` has under `key`. */
const char *text_field(struct arena *a, const struct value *v, const char *key);
/* "12 s ago" of the stamp under `since_ms`, and " for 12 s", "" if there is none. */
const char *text_since(struct arena *a, const struct value *v);
const char *text_for(struct arena *a, const struct value *v);
/* text_since() as of the moment that is shown. */
const char *text_age(const struct cli *cli, struct arena *a, const struct value *v);
/* "disk is gone (1117 ERROR_IO_DEVICE)" of the fields `code` and `text`; "" if
 * there is neither. */
const char *text_failure(struct arena *a, const struct value *v);
/* The process of a resource; "-" where there is none, or another node has it. */
const char *text_pid(struct arena *a, const struct value *v);
/* What a resource needs: names, or an expression where that says more. */
const char *text_needs(struct arena *a, const struct value *resource);
/* The wanted state of a group or resource: a text, or true for Online. */
const char *text_persistent(struct arena *a, const struct value *v);

/* ----------------------------------------------------------------- colour */

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_BUSY, STYLE_HEAD };

/* Online, Up: good. Failed, Down: bad. Pending and its like: busy. */
enum style style_of_state(const char *state);
/* `s` in that style, if colours are wanted on standard output. In `a`. */
const char *style_text(const struct cli *cli, struct arena *a, enum style style, const char *s);

/* ------------------------------------------------------------------ table */

struct column {
    const char *title; /* NULL in all columns: no line of titles. */
    bool right;        /* Numbers. */
    bool optional;     /* Left out when no row has anything in it. */
};

struct cell {
    const char *text;
    enum style style;
};

/* Columns as wide as what they show. */
struct table {
    struct arena *arena; /* Borrowed, as all texts. */
    const struct column *columns;
    unsigned column_count;
    struct cell *cells; /* Row after row; owned. */
    unsigned cell_count, cell_size;
    const char *indent; /* Before each line. */
};

void table_init(struct table *t, struct arena *a, const struct column *columns, unsigned count);
void table_release(struct table *t);
/* The next cell; `text` NULL or "" shows as "-". */
void table_add(struct table *t, const char *text);
void table_add_styled(struct table *t, const char *text, enum style style);
void table_add_state(struct table *t, const struct value *v, const char *key);
void table_print(const struct table *t, const struct cli *cli);

/* A table of names and values without titles. */
void pairs_init(struct table *t, struct arena *a);
void pairs_add(struct table *t, const char *name, const char *text);

/* ------------------------------------------------------------------- JSON */

/* Never NULL. Numbers beyond 63 bits become strings, bytes hex. */
json_t *json_from_value(const struct value *v);
/* A string that need not be UTF-8. */
json_t *json_from_text(const char *s);
/* Print on standard output and drop `j`. Returns CLI_DONE. */
int json_print(const struct cli *cli, json_t *j);
int json_print_value(const struct cli *cli, const struct value *v);

/* ------------------------------------------------- events, reasons, candidates */

/* "group DemoGroup  Online -> Pending on n1  a client asked for offline" */
const char *text_event(const struct cli *cli, struct arena *a, const struct value *event);
/* "by command 42 (group-offline) at 2026-01-31 12:00:00.123 (3 s ago)" of a reason;
 * "" if there is none. */
const char *text_command(struct arena *a, const struct value *why);
/* "has more groups (5 against 3)" */
const char *text_candidate(struct arena *a, const struct value *candidate);
/* One line each, the chosen one first; nothing if there are none. */
void show_candidates(const struct cli *cli, struct arena *a, const struct value *candidates,
                     const char *indent);
/* "in 12 min, at 2026-01-31 12:00:00.123" */
const char *text_in(struct arena *a, uint64_t now_ms, uint64_t at_ms);

/* ------------------------------------------------------- tables of objects */

void show_node_table(const struct cli *cli, struct arena *a, const struct value *nodes);
void show_group_table(const struct cli *cli, struct arena *a, const struct value *groups);
void show_resource_table(const struct cli *cli, struct arena *a, const struct value *resources);
/* One line, with --verbose also its command and candidates. */
void show_event(const struct cli *cli, struct arena *a, const struct value *event);

#endif
