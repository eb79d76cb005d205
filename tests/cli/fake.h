/* A node that says what a test tells it to: one thread, blocking, on a Unix
 * socket in a temporary folder. And a run of the command with its output. */
#ifndef HOLDFAST_TESTS_CLI_FAKE_H
#define HOLDFAST_TESTS_CLI_FAKE_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/value.h"

struct fake;

/* What to do with one request. `seen` counts the requests of that method
 * before it. */
struct fake_request {
    const char *method;
    const struct value *params;
    unsigned seen;
};
struct fake_answer {
    uint32_t code;         /* Not 0: an error, */
    const char *message;   /* with these words. */
    const char *json;      /* The result, as JSON; "{}" if NULL. 'x"..."' are bytes: none needed. */
    bool hang_up;          /* Close the connection instead of answering. */
    bool silent;           /* Say nothing. */
    const char *notify[4]; /* Parameters of `event` notifications to send after it, as JSON. */
    bool hang_up_after;
    const struct value *value; /* Instead of `json`. */
};
typedef void (*fake_handler)(const struct fake_request *request, struct fake_answer *answer,
                             void *data);

/* Answers with what cluster_answers() says where `handler` is NULL. */
struct fake *fake_start(fake_handler handler, void *data);
/* Stop answering, close the socket; its file goes away. */
void fake_stop(struct fake *f);
const char *fake_socket(const struct fake *f);
/* The parameters of the `position`-th request of `method`, encoded; NULL if it
 * did not come. Only when no call is under way. */
const struct bytes *fake_seen(const struct fake *f, const char *method, unsigned position);
unsigned fake_connections(const struct fake *f);

/* Plausible answers to every method: cluster `demo`, nodes n1 to n3, group
 * `DemoGroup` with `db` and `web`, which needs it. */
void cluster_answers(const struct fake_request *request, struct fake_answer *answer, void *data);

/* ---------------------------------------------------------------- running */

struct run {
    int status;
    char *out; /* Owned. */
    char *err;
};

/* Run `holdfast WORDS`; the words end with NULL. `f` may be NULL. */
struct run run_words(const struct fake *f, const char *const words[]);
/* The same on a terminal of `columns`. */
struct run run_on_terminal(const struct fake *f, unsigned columns, const char *const words[]);
void run_release(struct run *r);
#define RUN(f, ...) run_words(f, (const char *const[]){__VA_ARGS__, NULL})

#endif
