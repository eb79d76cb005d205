/* An order to come online, copied and checked: all that one life of a resource
 * is given. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_LIFE_H
#define HOLDFAST_RESOURCES_LIFE_H

#include "resources/handler.h"
#include "resources/monitor.h"
#include "resources/unit.h"

struct life {
    uint64_t operation;
    uint32_t pending_timeout_ms;
    uint32_t looks_alive_ms; /* The type's, where the order left it to that. */
    uint32_t is_alive_ms;
    bool self_fencing;           /* It needs a node that resets itself. */
    const uint8_t *instructions; /* Of the online order; NULL. */
    size_t instructions_len;
    struct handler_context context; /* `events` and `data` are the user's to fill. */
    const struct handler_ops *ops;
    /* Why it cannot begin: unknown type, bad or missing properties. 0: it can. */
    uint32_t code;
    const char *text;
    struct arena arena; /* Holds everything above. */
};

/* How long after the end of the lease what is being stopped in its budget is ended at
 * once: so long before the node is reset, if it is to be, that it may end before that. */
uint64_t life_hard_ms(const struct life *l);
struct life *life_new(const struct unit_env *env, const struct monitor_order *order);
void life_free(struct life *l); /* NULL is fine. */

#endif
