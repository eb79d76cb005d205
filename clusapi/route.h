/* The addresses at which a cluster can be reached: the one that the program
 * gave (home), and those of the nodes that were learned. Any thread. */
#ifndef HOLDFAST_CLUSAPI_ROUTE_H
#define HOLDFAST_CLUSAPI_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "net/address.h"

struct route;

struct route *route_new(const struct address *home);
void route_free(struct route *r); /* NULL is fine. */

/* Take over what cluster.status says. False if it is of another cluster than
 * earlier ones: a node that was set up anew must not be mistaken for ours. */
bool route_learn(struct route *r, const struct value *status);
/* The address to try after `address`; *ret_wrapped if that is home again. */
void route_next(struct route *r, struct address *address, bool *ret_wrapped);
/* The cluster's name, copied into `a`; "" if unknown. */
const char *route_cluster_name(struct route *r, struct arena *a);

#endif
