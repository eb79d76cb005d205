/* One caller's way to the cluster: a connection that is remade when it breaks,
 * and the (client, sequence) under which the cluster remembers its changes.
 * One thread at a time. */
#ifndef HOLDFAST_CLUSAPI_LANE_H
#define HOLDFAST_CLUSAPI_LANE_H

#include <stdint.h>

#include "base/value.h"
#include "clusapi/call.h"
#include "clusapi/route.h"
#include "net/client.h"

struct lane {
    struct route *route;    /* Borrowed, outlives the lane. */
    struct client *client;  /* NULL: not connected. */
    struct address address; /* Of the node connected to, or to be tried next. */
    uint64_t id;            /* Client id: random, never 0. */
    uint64_t seq;           /* Of the last change. */
};

void lane_init(struct lane *l, struct route *route, const struct address *first);
void lane_release(struct lane *l);

/* Connect to l->address and learn the route from that node. */
uint32_t lane_connect(struct lane *l, unsigned timeout_ms);

/* As session_call(), for at most `timeout_ms`. */
uint32_t lane_call(struct lane *l, const struct call *call, unsigned timeout_ms, struct arena *a,
                   const struct value **ret_result);

#endif
