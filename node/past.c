#include "node/past.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "consensus/history.h"
#include "net/msgpack.h"

struct past {
    struct past_moment at;
    uint64_t limit;
    struct cluster *cluster; /* As far as it has been read. */
    bool overshot;           /* A later command is known: the moment is complete. */
    bool unreadable;
};

static bool is_within(const struct past *p, const struct cluster *c)
{
    return cluster_index(c) <= p->at.index && cluster_index(c) <= p->limit &&
           (cluster_index(c) == 0 || cluster_now_ms(c) <= p->at.stamp_ms);
}

static void replace(struct past *p, struct cluster *c)
{
    assert(c != NULL);
    cluster_free(p->cluster);
    p->cluster = c;
    p->overshot = false;
}

static bool on_snapshot(uint64_t position, const uint8_t *state, size_t len, void *data)
{
    struct past *p = data;
    struct arena arena = {0};
    const struct value *v;
    struct cluster *c = NULL;

    (void)position;
    if (msgpack_read(state, len, &arena, &v) == 0)
        cluster_read(v, &c);
    arena_release(&arena);
    if (c == NULL)
        return false; /* Of another version: an older one is none either, and then we say so. */
    if (!is_within(p, c)) {
        cluster_free(c);
        return false;
    }
    replace(p, c);
    return true;
}

static void on_empty(void *data)
{
    replace(data, cluster_new());
}

static bool apply(struct past *p, uint64_t stamp_ms, const struct value *v, struct arena *arena)
{
    struct command cmd;
    struct reply reply;

    if (value_get(v, "check") != NULL)
        return true; /* Between replicas: no command of the state machine. */
    if (command_read(v, arena, &cmd) != 0) {
        p->unreadable = true;
        return false;
    }
    p->overshot = cluster_index(p->cluster) == p->at.index || stamp_ms > p->at.stamp_ms;
    if (p->overshot || cluster_index(p->cluster) == p->limit)
        return false;
    cluster_apply(p->cluster, stamp_ms, &cmd, &reply);
    return true;
}

static bool on_command(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                       void *data)
{
    struct past *p = data;
    struct arena arena = {0};
    const struct value *v;
    bool more;

    (void)position;
    p->unreadable = msgpack_read(command, len, &arena, &v) != 0;
    more = !p->unreadable && apply(p, stamp_ms, v, &arena);
    arena_release(&arena);
    return more;
}

static uint32_t judge(const struct past *p, char **ret_why)
{
    uint64_t index = cluster_index(p->cluster);

    if (p->unreadable) {
        *ret_why = xasprintf("the command behind index %" PRIu64 " is not readable by this version",
                             index);
        return ERROR_INVALID_DATA;
    }
    if (p->overshot || index == p->at.index)
        return 0;
    if (index < p->limit && p->limit != UINT64_MAX) {
        *ret_why =
            xasprintf("the log ends at index %" PRIu64 " of %" PRIu64 ": it was being written",
                      index, p->limit);
        return ERROR_RETRY;
    }
    if (p->at.index != UINT64_MAX) {
        *ret_why = xasprintf("the last command is %" PRIu64, index);
        return ERROR_NOT_FOUND;
    }
    return 0; /* Nothing has happened since. */
}

uint32_t past_read(const char *dir, struct past_moment at, uint64_t limit, struct cluster **ret,
                   char **ret_why)
{
    struct past p = {.at = at, .limit = limit};
    struct history_reader reader = {
        .snapshot = on_snapshot, .empty = on_empty, .command = on_command, .data = &p};
    uint32_t code;

    *ret_why = NULL;
    if (at.index != UINT64_MAX && at.index > limit) {
        *ret_why = xasprintf("the last command is %" PRIu64, limit);
        return ERROR_NOT_FOUND;
    }
    code = history_read(dir, &reader, ret_why);
    if (code == 0)
        code = judge(&p, ret_why);
    if (code != 0) {
        cluster_free(p.cluster);
        return code;
    }
    assert(p.cluster != NULL);
    *ret = p.cluster;
    return 0;
}
