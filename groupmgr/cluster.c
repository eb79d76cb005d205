#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"

/* ------------------------------------------------------------------- life */

struct cluster *cluster_new(void)
{
    struct cluster *c = xcalloc(1, sizeof(*c));

    c->name = xstrdup("");
    c->level = LEVEL_MIN;
    c->epoch = 1;
    commons_preset(OBJECT_CLUSTER, &c->settings);
    c->queue.prev = c->queue.next = &c->queue;
    timer_init(&c->forming, TIMER_FORMING, 0, c, &c->forming_until_ms);
    assert(cluster_next_deadline(c) == UINT64_MAX);
    return c;
}

void cluster_free(struct cluster *c)
{
    if (c == NULL)
        return;
    records_release(c);
    fence_devices_release(c);
    events_release(&c->events);
    free(c->name);
    commons_release(OBJECT_CLUSTER, &c->settings);
    free(c);
}

/* ---------------------------------------------------------------- refusal */

uint32_t refuse(struct reply *reply, uint32_t code, const char *format, ...)
{
    va_list args;

    assert(code != 0);
    va_start(args, format);
    vsnprintf(reply->detail, sizeof(reply->detail), format, args);
    va_end(args);
    /* A long name may have been cut inside a character; the detail is text. */
    for (size_t len = strlen(reply->detail); !utf8_is_valid(reply->detail, len);)
        reply->detail[--len] = '\0';
    return code;
}

uint32_t instructions_check(const struct command *cmd, struct reply *reply)
{
    assert(reply != NULL);
    if (cmd->instructions_len > INSTRUCTIONS_BYTES_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "instructions of more than %u bytes",
                      (unsigned)INSTRUCTIONS_BYTES_MAX);
    if (cmd->instructions == NULL && cmd->instructions_len > 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "instructions");
    return 0;
}

/* ------------------------------------------------------------------ apply */

static uint32_t apply_tick(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    assert(cmd->kind == COMMAND_TICK);
    (void)c, (void)cmd, (void)reply;
    return 0;
}

static uint32_t apply_cluster_init(struct cluster *c, const struct command *cmd,
                                   struct reply *reply)
{
    uint32_t level = cmd->level; /* 0: founded by a build from before levels. */

    assert(cmd->kind == COMMAND_CLUSTER_INIT);
    if (!name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of the cluster");
    if (c->name[0] != '\0')
        return refuse(reply, ERROR_ALREADY_EXISTS, "%s", c->name);
    free(c->name);
    c->name = xstrdup(cmd->name);
    if (c->node_count > 0 && cluster_level_possible(c) < level)
        level = cluster_level_possible(c); /* Of a member that was up before it. */
    if (level > c->level)
        level_enter(c, level);
    return 0;
}

uint32_t apply_cluster_set(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct event e = {.object = OBJECT_CLUSTER, .name = c->name, .cause = CAUSE_CONFIGURED};
    uint32_t code = commons_check(c, OBJECT_CLUSTER, cmd, reply);

    assert(cmd->kind == COMMAND_CLUSTER_SET);
    if (code != 0)
        return code;
    commons_set(c, OBJECT_CLUSTER, &c->settings, cmd);
    if (c->forming_until_ms == 0)
        rescue_stranded(c); /* What waits for a fencing that is required no more. */
    room_freed(c);          /* By what is not enforced any more, or may be pushed out now. */
    event_record(c, &e);
    return 0;
}

/* ----------------------------------------------------------- what is due */

static void timer_due(struct cluster *c, struct timer *t)
{
    switch (t->kind) {
    case TIMER_FORMING:
        forming_due(c);
        break;
    case TIMER_QUARANTINE:
        quarantine_due(c, t->record);
        break;
    case TIMER_RESCUE:
        rescue_due(c, t->record);
        break;
    case TIMER_START:
        start_due(c, t->record);
        break;
    case TIMER_FAILBACK:
        failback_due(c, t->record);
        break;
    case TIMER_RESTART:
        restart_due(c, t->record);
        break;
    case TIMER_RETRY:
        retry_due(c, t->record);
        break;
    default:
        assert(t->kind == TIMER_RESTART); /* Nobody sets another one. */
    }
}

/* Time passes with every command, also with one that is refused or was applied
 * before: what falls due depends on the stamp alone. */
static void timers_run(struct cluster *c)
{
    struct timer *t;

    c->command = COMMAND_TICK;
    while ((t = timer_first(c)) != NULL && *t->at_ms <= c->now_ms) {
        timer_set(c, t, 0);
        assert(t->slot == 0);
        timer_due(c, t);
    }
}

/* --------------------------------------------------------------- dispatch */

static command_handler *const handlers[COMMAND_KIND_END] = {
    [COMMAND_TICK] = apply_tick,
    [COMMAND_CLUSTER_INIT] = apply_cluster_init,
    [COMMAND_NODE_UP] = apply_node_up,
    [COMMAND_NODE_DOWN] = apply_node_down,
    [COMMAND_NODE_LEAVING] = apply_node_leaving,
    [COMMAND_PULSE] = apply_pulse,
    [COMMAND_REPORT] = apply_report,
    [COMMAND_GROUP_CREATE] = apply_group_create,
    [COMMAND_GROUP_DELETE] = apply_group_delete,
    [COMMAND_GROUP_ONLINE] = apply_group_online,
    [COMMAND_GROUP_OFFLINE] = apply_group_offline,
    [COMMAND_GROUP_MOVE] = apply_group_move,
    [COMMAND_GROUP_SET] = apply_group_set,
    [COMMAND_RESOURCE_CREATE] = apply_resource_create,
    [COMMAND_RESOURCE_DELETE] = apply_resource_delete,
    [COMMAND_RESOURCE_ONLINE] = apply_resource_online,
    [COMMAND_RESOURCE_OFFLINE] = apply_resource_offline,
    [COMMAND_RESOURCE_FAIL] = apply_resource_fail,
    [COMMAND_RESOURCE_DEPEND] = apply_resource_depend,
    [COMMAND_RESOURCE_UNDEPEND] = apply_resource_undepend,
    [COMMAND_RESOURCE_SET] = apply_resource_set,
    [COMMAND_RESOURCE_DEPENDENCIES] = apply_resource_dependencies,
    [COMMAND_CLUSTER_SET] = apply_cluster_set,
    [COMMAND_GROUP_CANCEL] = apply_group_cancel,
    [COMMAND_RESOURCE_RESTART] = apply_resource_restart,
    [COMMAND_RESOURCE_MOVE] = apply_resource_move,
    [COMMAND_RESOURCE_MAINTENANCE] = apply_resource_maintenance,
    [COMMAND_RESOURCE_ADD_OWNER] = apply_resource_add_owner,
    [COMMAND_RESOURCE_REMOVE_OWNER] = apply_resource_remove_owner,
    [COMMAND_NODE_SET] = apply_node_set,
    [COMMAND_NODE_PAUSE] = apply_node_pause,
    [COMMAND_NODE_RESUME] = apply_node_resume,
    [COMMAND_NODE_EVICT] = apply_node_evict,
    [COMMAND_FENCE_CREATE] = apply_fence_create,
    [COMMAND_FENCE_DELETE] = apply_fence_delete,
    [COMMAND_FENCE_LEVEL] = apply_fence_level,
    [COMMAND_FENCE_NODE] = apply_fence_node,
    [COMMAND_FENCE_CONFIRM] = apply_fence_confirm,
    [COMMAND_FENCE_ATTEMPT] = apply_fence_attempt,
    [COMMAND_FENCE_RESULT] = apply_fence_result,
    [COMMAND_NODE_JOIN] = apply_node_join,
    [COMMAND_NODE_REMOVED] = apply_node_removed,
    [COMMAND_NODE_ENDED] = apply_node_ended,
    [COMMAND_CLUSTER_LEVEL] = apply_cluster_level,
    [COMMAND_CLUSTER_RECOVER] = apply_cluster_recover,
};

/* Groups are settled in the order in which they were touched. Settling touches
 * the group itself again when it moves something; the next round finds it done. */
static void settle_touched(struct cluster *c)
{
    while (c->touched != NULL) {
        struct group_record *g = c->touched;

        assert(g->touched);
        c->touched = g->next_touched;
        if (c->touched == NULL)
            c->touched_last = NULL;
        g->touched = false;
        group_settle(c, g);
    }
}

/* What begins from the queue, or as a part of a drain or failback, may end at once
 * and make room for more. */
static void settle_all(struct cluster *c)
{
    do {
        settle_touched(c);
        while (c->queue_woken || c->room_freed) {
            bool freed = c->room_freed;

            c->room_freed = false;
            if (freed && c->forming_until_ms == 0)
                rescue_stranded(c);
            if (freed)
                drains_retry(c);
            queue_run(c);
            settle_touched(c);
        }
    } while (drains_run(c));
    assert(c->touched == NULL && !c->room_freed);
}

static void dispatch(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    assert(c->touched == NULL && !c->room_freed);
    c->command = cmd->kind;
    if (cmd->kind >= COMMAND_TICK && cmd->kind < COMMAND_KIND_END && handlers[cmd->kind] != NULL)
        reply->code = handlers[cmd->kind](c, cmd, reply);
    else
        reply->code = refuse(reply, ERROR_INVALID_PARAMETER, "command %u", (unsigned)cmd->kind);
    settle_all(c);
}

static void dispatch_once(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct session *s = session_find(c, cmd->client);

    assert(cmd->client != 0);
    if (s != NULL && cmd->seq < s->seq) {
        reply->code =
            refuse(reply, ERROR_INVALID_PARAMETER, "call %llu of a client that is at %llu already",
                   (unsigned long long)cmd->seq, (unsigned long long)s->seq);
        return;
    }
    if (s != NULL && cmd->seq == s->seq) {
        session_use(c, s);
        *reply = s->reply;
        return;
    }
    if (s == NULL && !session_admit(c)) {
        reply->code = refuse(reply, RPC_S_SERVER_TOO_BUSY, "too many clients");
        return;
    }
    dispatch(c, cmd, reply);
    if (s == NULL)
        s = session_insert(c, cmd->client);
    s->seq = cmd->seq;
    s->reply = *reply;
    session_use(c, s);
}

void cluster_apply(struct cluster *c, uint64_t stamp_ms, const struct command *cmd,
                   struct reply *ret)
{
    assert(cmd != NULL && ret != NULL);
    events_absorb(&c->events);
    c->index++;
    if (stamp_ms > c->now_ms)
        c->now_ms = stamp_ms;
    memset(ret, 0, sizeof(*ret));
    ret->index = c->index;

    timers_run(c);
    settle_all(c);

    if (cmd->client == 0)
        dispatch(c, cmd, ret);
    else
        dispatch_once(c, cmd, ret);
    assert(c->touched == NULL);
}

/* --------------------------------------------------------------- look-ups */

uint64_t cluster_index(const struct cluster *c)
{
    assert(c != NULL);
    return c->index;
}

uint64_t cluster_now_ms(const struct cluster *c)
{
    assert(c != NULL);
    return c->now_ms;
}

const char *cluster_name(const struct cluster *c)
{
    assert(c->name != NULL);
    return c->name;
}

uint32_t cluster_epoch(const struct cluster *c)
{
    assert(c->epoch > 0);
    return c->epoch;
}

const struct settings *cluster_settings(const struct cluster *c)
{
    assert(c != NULL);
    return &c->settings;
}

/* The public object of a record, NULL for NULL. */
#define PUBLIC(record, member) ((record) != NULL ? &(record)->member : NULL)

const struct node *cluster_node(const struct cluster *c, uint32_t id)
{
    const struct node_record *n = find_node(c, id);

    return PUBLIC(n, node);
}

const struct node *cluster_node_by_name(const struct cluster *c, const char *name)
{
    const struct node_record *n = find_node_by_name(c, name);

    return PUBLIC(n, node);
}

const struct group *cluster_group(const struct cluster *c, uint64_t id)
{
    const struct group_record *g = find_group(c, id);

    return PUBLIC(g, group);
}

const struct group *cluster_group_by_name(const struct cluster *c, const char *name)
{
    const struct group_record *g = find_group_by_name(c, name);

    return PUBLIC(g, group);
}

const struct resource *cluster_resource(const struct cluster *c, uint64_t id)
{
    const struct resource_record *r = find_resource(c, id);

    return PUBLIC(r, resource);
}

const struct resource *cluster_resource_by_name(const struct cluster *c, const char *name)
{
    const struct resource_record *r = find_resource_by_name(c, name);

    return PUBLIC(r, resource);
}

const struct node *cluster_next_node(const struct cluster *c, const struct node *after)
{
    assert(after == NULL || find_node(c, after->id) != NULL);
    for (unsigned i = 0; i < c->node_count; i++)
        if (after == NULL || c->nodes[i]->node.id > after->id)
            return &c->nodes[i]->node;
    return NULL;
}

const struct group *cluster_next_group(const struct cluster *c, const struct group *after)
{
    const struct group_record *g = after == NULL ? c->groups : group_record(after)->next;

    assert(after == NULL || group_record(after)->cluster == c);
    return PUBLIC(g, group);
}
