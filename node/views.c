#include "node/views.h"

#include "consensus/consensus.h"
#include "node/config.h"
#include "node/space.h"
#include "node/views_private.h"
#include "resources/types.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

/* ---------------------------------------------------------------------- nodes */

static const struct bit_name status_names[] = {
    {NODE_STATUS_ISOLATED, "isolated"},
    {NODE_STATUS_QUARANTINED, "quarantined"},
    {NODE_STATUS_DRAIN_IN_PROGRESS, "drain-in-progress"},
    {NODE_STATUS_DRAIN_COMPLETED, "drain-completed"},
    {NODE_STATUS_DRAIN_FAILED, "drain-failed"},
};

static const char *role_name(const struct view *v, const struct node *n)
{
    enum consensus_role role;

    if (v->consensus == NULL || !consensus_role_of(v->consensus, n->id, &role))
        return NULL;
    return role == CONSENSUS_VOTER ? "voter" : "standby";
}

/* The last lease that it lost; nil: none that is known of. */
static void view_lapse(const struct lapse *l, struct sink *s)
{
    if (l->down_index == 0 && l->why.index == 0) {
        sink_str(s, "lapse");
        sink_nil(s);
        return;
    }
    sink_kv_map(s, "lapse", 4);
    sink_kv_uint(s, "down_index", l->down_index);
    sink_kv_uint(s, "unheard_ms", l->unheard_ms);
    view_why("why", &l->why, s);
    sink_kv_uint(s, "ms", l->ms);
}

static void view_node_policy(const struct view *v, const struct node *n, struct sink *s)
{
    struct property capacities = {.name = (char *)"capacities",
                                  .type = PROPERTY_MULTI_SZ,
                                  .text = n->capacities.text,
                                  .text_len = n->capacities.len};

    view_why("why", &n->why, s);
    sink_kv_uint(s, "status_code", node_status(v->cluster, n));
    view_bits("status", node_status(v->cluster, n), status_names, COUNT(status_names), s);
    sink_kv_bool(s, "paused", n->paused);
    sink_kv_str(s, "drain", drain_status_name(n->drain));
    sink_kv_uint(s, "drain_code", n->drain);
    sink_kv_str(s, "drain_target", view_node_name(v, n->drain_target));
    sink_kv_uint(s, "departures", n->departures);
    sink_kv_uint(s, "quarantined_until_ms", n->quarantined_until_ms);
    view_lapse(&n->lapse, s);
    sink_kv_str(s, "site", n->site);
    sink_kv_str(s, "rack", n->rack);
    view_property(&capacities, false, s);
    view_node_fencing(v, n, s);
    sink_kv_map(s, "properties", view_common_count(OBJECT_NODE));
    view_commons(OBJECT_NODE, n, s);
}
enum { POLICY_PAIRS = 14 + 5 };

void view_node(const struct view *v, const struct node *n, struct sink *s)
{
    uint64_t groups = 0;

    for (const struct group *g = cluster_next_group(v->cluster, NULL); g != NULL;
         g = cluster_next_group(v->cluster, g))
        groups += g->owner == n->id;
    sink_map(s, 18 + POLICY_PAIRS);
    sink_kv_uint(s, "id", n->id);
    sink_kv_str(s, "name", n->name);
    sink_kv_str(s, "address", n->address);
    sink_kv_str(s, "disk", n->disk);
    sink_kv_str(s, "state", node_state_name(n->state));
    sink_kv_uint(s, "state_code", n->state);
    sink_kv_uint(s, "incarnation", n->incarnation);
    sink_kv_bool(s, "leader", v->consensus != NULL && consensus_leader(v->consensus) == n->id);
    sink_kv_str(s, "role", role_name(v, n));
    sink_kv_bool(s, "leaving", n->leaving);
    sink_kv_bool(s, "witness", n->witness);
    sink_kv_str(s, "log", log_state_name(n->log));
    sink_kv_bool(s, "disk_low", n->disk_low);
    sink_kv_uint(s, "level_min", n->level_min);
    sink_kv_uint(s, "level_max", n->level_max);
    sink_kv_uint(s, "since_ms", n->since_ms);
    sink_kv_str(s, "cause", cause_name(n->why.cause));
    sink_kv_uint(s, "groups", groups);
    view_node_policy(v, n, s);
}

void view_nodes(const struct view *v, struct sink *s)
{
    uint32_t count = 0;
    const struct node *n;

    for (n = cluster_next_node(v->cluster, NULL); n != NULL; n = cluster_next_node(v->cluster, n))
        count++;
    sink_array(s, count);
    for (n = cluster_next_node(v->cluster, NULL); n != NULL; n = cluster_next_node(v->cluster, n))
        view_node(v, n, s);
}

/* --------------------------------------------------------------------- status */

/* In force, and what it could be raised to. */
static void view_level(const struct view *v, struct sink *s)
{
    sink_kv_uint(s, "level", cluster_level(v->cluster));
    sink_kv_uint(s, "level_possible", cluster_level_possible(v->cluster));
}

void view_status(const struct view *v, struct sink *s)
{
    uint32_t leader = consensus_leader(v->consensus);
    char text[256];
    bool wanting = space_is_wanting(v->cluster, v->consensus, text, sizeof text);

    sink_map(s, 12);
    view_level(v, s);
    sink_kv_str(s, "name", cluster_name(v->cluster));
    sink_kv_uint(s, "epoch", cluster_epoch(v->cluster));
    sink_kv_str(s, "node", view_node_name(v, v->self));
    sink_kv_str(s, "leader", view_node_name(v, leader));
    sink_kv_uint(s, "term", consensus_term(v->consensus));
    sink_kv_uint(s, "index", cluster_index(v->cluster));
    sink_kv_bool(s, "quorum", leader != 0);
    sink_kv_str(s, "read_only", wanting ? text : NULL);
    sink_str(s, "nodes");
    view_nodes(v, s);
    sink_str(s, "groups");
    view_groups(v, s);
}

/* In the words of the configuration file. */
static void view_timing(const struct config *c, struct sink *s)
{
    sink_kv_str(s, "voters", c->fixed_roles ? "fixed" : "automatic");
    sink_kv_map(s, "timing", 6);
    sink_kv_uint(s, "lease_ms", c->timing.lease_ms);
    sink_kv_uint(s, "pulse_ms", c->timing.pulse_ms);
    sink_kv_uint(s, "election_ms", c->timing.election_ms);
    sink_kv_uint(s, "heartbeat_ms", c->timing.heartbeat_ms);
    sink_kv_uint(s, "guard_ms", c->timing.guard_ms);
    sink_kv_uint(s, "voter_grace_ms", c->voter_grace_ms);
}

void view_settings(const struct view *v, struct sink *s)
{
    sink_map(s, v->config != NULL ? 8 : 6);
    sink_kv_str(s, "name", cluster_name(v->cluster));
    sink_kv_uint(s, "epoch", cluster_epoch(v->cluster));
    sink_kv_uint(s, "index", cluster_index(v->cluster));
    view_level(v, s);
    sink_kv_map(s, "properties", view_common_count(OBJECT_CLUSTER));
    view_commons(OBJECT_CLUSTER, cluster_settings(v->cluster), s);
    if (v->config != NULL)
        view_timing(v->config, s);
}

/* ------------------------------------------------------------------------ why */

static void why_begin(const struct view *v, const char *kind, uint32_t more, struct sink *s)
{
    sink_map(s, 3 + more);
    sink_kv_str(s, "kind", kind);
    sink_kv_uint(s, "index", cluster_index(v->cluster));
    sink_kv_uint(s, "now_ms", cluster_now_ms(v->cluster));
}

static void view_former(const struct view *v, const struct group *g, struct sink *s)
{
    const struct node *n = cluster_next_node(v->cluster, NULL);

    while (n != NULL && (n->lapse.down_index == 0 || n->id == g->owner ||
                         n->lapse.down_index != g->placement.why.index))
        n = cluster_next_node(v->cluster, n);
    if (n == NULL) {
        sink_nil(s);
        return;
    }
    sink_map(s, 2);
    sink_kv_str(s, "name", n->name);
    view_lapse(&n->lapse, s);
}

void view_why_group(const struct view *v, const struct group *g, const struct resource *r,
                    struct sink *s)
{
    why_begin(v, r == NULL ? "group" : "resource", 4, s);
    /* The node whose death brought it here, for why that lost its lease. */
    sink_str(s, "former");
    view_former(v, g, s);
    sink_kv_str(s, "resource", r == NULL ? NULL : r->name);
    sink_str(s, "node");
    view_node(v, cluster_node(v->cluster, g->owner), s);
    sink_str(s, "group");
    view_group(v, g, true, s);
}

static bool concerns_node(const struct group *g, const struct node *n)
{
    return g->owner == n->id || g->drained_from == n->id;
}

void view_why_node(const struct view *v, const struct node *n, struct sink *s)
{
    const struct group *g;
    uint32_t count = 0;

    why_begin(v, "node", 2, s);
    sink_str(s, "node");
    view_node(v, n, s);
    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        count += concerns_node(g, n);
    sink_kv_array(s, "groups", count);
    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        if (concerns_node(g, n)) {
            sink_map(s, 6);
            sink_kv_str(s, "name", g->name);
            sink_kv_str(s, "state", group_state_name(g->state));
            sink_kv_str(s, "owner", view_node_name(v, g->owner));
            sink_kv_str(s, "drained_from", view_node_name(v, g->drained_from));
            view_why("why", &g->why, s);
            view_why("placed", &g->placement.why, s);
        }
}

/* ---------------------------------------------------------------------- types */

static void write_type(const struct type *t, struct sink *s)
{
    sink_map(s, 4);
    sink_kv_str(s, "name", t->name);
    sink_kv_str(s, "alias", t->alias);
    sink_kv_str(s, "description", t->description);
    sink_kv_array(s, "properties", t->property_count);
    for (unsigned i = 0; i < t->property_count; i++) {
        const struct type_property *p = &t->properties[i];
        sink_map(s, 5);
        sink_kv_str(s, "name", p->name);
        sink_kv_str(s, "type", type_property_kind_name(p->kind));
        sink_kv_str(s, "default", p->default_text);
        sink_kv_bool(s, "required", p->required);
        sink_kv_str(s, "description", p->description);
    }
}

void view_types(struct sink *s)
{
    sink_array(s, type_count());
    for (unsigned i = 0; i < type_count(); i++)
        write_type(type_at(i), s);
}

bool view_type(const char *name, struct sink *s)
{
    const struct type *t = type_find(name);

    if (t == NULL)
        return false;
    write_type(t, s);
    return true;
}
