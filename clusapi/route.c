#include "clusapi/route.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { ADDRESSES_MAX = 1 + 64, NAME_BYTES = 256 };

struct route {
    pthread_mutex_t mutex;
    char cluster[NAME_BYTES]; /* "" until known. */
    unsigned count;
    struct address addresses[ADDRESSES_MAX]; /* [0] is home. */
};

struct route *route_new(const struct address *home)
{
    struct route *r = xcalloc(1, sizeof(*r));
    pthread_mutex_init(&r->mutex, NULL);
    r->addresses[0] = *home;
    r->count = 1;
    return r;
}

void route_free(struct route *r)
{
    if (r == NULL)
        return;
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

static bool address_equal(const struct address *a, const struct address *b)
{
    return a->is_unix == b->is_unix && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool address_known(const struct route *r, const struct address *address)
{
    for (unsigned i = 0; i < r->count; i++) {
        if (address_equal(&r->addresses[i], address))
            return true;
    }
    return false;
}

/* Add the addresses of `nodes`. Those known before stay: a node that has just
 * been started may not have heard of all the others yet, and trying one that is
 * gone costs little. Mutex held. */
static void addresses_add(struct route *r, const struct value *nodes)
{
    for (uint32_t i = 0; i < nodes->len; i++) {
        struct address address;
        const char *text;
        if (!value_get_str(&nodes->items[i], "address", sizeof(address.host) + 8, &text) ||
            address_parse(text, 0, &address) != ERROR_SUCCESS || address_known(r, &address))
            continue;
        if (r->count == ADDRESSES_MAX) /* Years of moving nodes: begin again. */
            r->count = 1;
        r->addresses[r->count++] = address;
    }
}

bool route_learn(struct route *r, const struct value *status)
{
    const struct value *nodes = value_get_array(status, "nodes");
    const char *name = "";
    bool ours = true;

    value_get_str(status, "name", NAME_BYTES - 1, &name);
    pthread_mutex_lock(&r->mutex);
    if (name[0] != '\0' && r->cluster[0] == '\0')
        strcpy(r->cluster, name);
    else if (name[0] != '\0')
        ours = strcmp(r->cluster, name) == 0;
    if (ours && nodes != NULL)
        addresses_add(r, nodes);
    pthread_mutex_unlock(&r->mutex);
    return ours;
}

void route_next(struct route *r, struct address *address, bool *ret_wrapped)
{
    unsigned at = 0;

    pthread_mutex_lock(&r->mutex);
    while (at < r->count && !address_equal(&r->addresses[at], address))
        at++;
    /* An address that is no more begins again at home. */
    at = at + 1 < r->count ? at + 1 : 0;
    *address = r->addresses[at];
    *ret_wrapped = at == 0;
    pthread_mutex_unlock(&r->mutex);
}

const char *route_cluster_name(struct route *r, struct arena *a)
{
    pthread_mutex_lock(&r->mutex);
    const char *name = arena_strndup(a, r->cluster, strlen(r->cluster));
    pthread_mutex_unlock(&r->mutex);
    return name;
}
