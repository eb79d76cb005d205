/* Whom a fact is about, and what can be said of it. */
#ifndef HOLDFAST_TESTS_SCENARIOS_OBJECT_H
#define HOLDFAST_TESTS_SCENARIOS_OBJECT_H

#include "tests/scenarios/stage.h"
#include "tests/scenarios/words.h"

struct object {
    enum object_kind kind;
    uint64_t id;
    const char *name;
    uint32_t state;
    uint32_t node;  /* Owner. */
    const void *of; /* The public object. */
};

/* The next word, or the alarm. */
const char *needed(struct stage *s, struct words *w, const char *what);
/* `holds`; if not, what is true instead is appended to `instead`. */
bool check(struct bytes *instead, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Take the words that name an object; false if there is none. */
bool take_object(struct stage *s, struct words *w, struct object *ret);
/* Take a state of such objects by its name. */
bool take_state(struct words *w, enum object_kind kind, uint32_t *ret);
bool object_of_node(const struct stage *s, const char *name, struct object *ret);
const char *node_name(const struct stage *s, uint32_t id);

/* trait.c: what is said of an object, from the word behind the first on. */
typedef bool object_trait(struct stage *s, struct words *w, const struct object *o,
                          struct bytes *instead);
object_trait object_has, object_status, object_drain, object_fencing, object_passed_over, object_why,
    object_placed_by, object_verdict;

#endif
