#include "node/survey.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/rpc.h"
#include "node/past.h"
#include "node/peers.h"

enum {
    STEP_MS = 50,
    PATIENCE_MS = 1500, /* With those that cannot be reached. */
    ANSWER_MS = 1000,
    MEMBERS_MAX = 2 * NODES_MAX,
};

struct survey_member {
    struct survey *survey;
    uint32_t id;
    bool is_server; /* In raft's configuration, as: */
    enum consensus_role role;
    bool asked, reached;
    struct consensus_end end; /* Of his log, if reached. */
    uint32_t leader;          /* Whom he follows; 0. */
};

struct survey {
    uv_work_t work; /* First. */
    uv_timer_t timer;
    struct survey_config config;
    survey_done done;
    void *data;
    struct survey_member members[MEMBERS_MAX];
    unsigned count;
    unsigned out; /* Questions without an answer yet. */
    uint64_t until_ms;
    bool read; /* The log was read: */
    uint32_t code;
    char *why;
    struct cluster *state; /* At its end. */
    struct consensus_end end;
    uint32_t leader;
    uint64_t applied_index, applied_ms;
    char refusal[400];
};

/* ------------------------------------------------------------------- gathering */

static void on_timer_closed(uv_handle_t *handle)
{
    struct survey *s = handle->data;
    bool closing = *s->config.closing;

    s->done(s, closing ? ERROR_CLUSTER_NODE_SHUTTING_DOWN : s->code, s->why, s->data);
}

static void finish(struct survey *s)
{
    if (!*s->config.closing) {
        s->leader = consensus_leader(s->config.consensus);
        consensus_log_end(s->config.consensus, &s->end);
    }
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void answered(uint32_t code, const char *message, const struct value *result, void *data)
{
    struct survey_member *m = data;

    (void)message;
    m->survey->out--;
    m->reached = code == 0 && value_get_uint(result, "term", &m->end.term) &&
                 value_get_uint(result, "index", &m->end.index) &&
                 value_get_u32(result, "leader", &m->leader);
}

/* True if everybody has answered. */
static bool ask(struct survey *s)
{
    bool all = true;

    for (unsigned i = 0; i < s->count; i++) {
        struct survey_member *m = &s->members[i];
        struct rpc_conn *conn = NULL;

        if (m->id == s->config.self)
            continue;
        if (!m->asked)
            conn = peers_get(s->config.peers, m->id);
        if (conn != NULL) {
            m->asked = true;
            s->out++;
            rpc_call(conn, "peer.log", NULL, ANSWER_MS, answered, m);
        }
        all &= m->asked;
    }
    return all && s->out == 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct survey *s = timer->data;
    bool over = *s->config.closing || uv_now(s->config.loop) >= s->until_ms;

    if (!over)
        over = ask(s);
    if (over && s->out == 0 && s->read)
        finish(s);
}

static void on_work(uv_work_t *work)
{
    struct survey *s = (struct survey *)work;

    s->code = past_read(s->config.raft_dir, (struct past_moment){UINT64_MAX, UINT64_MAX},
                        UINT64_MAX, &s->state, &s->why);
}

static void on_work_done(uv_work_t *work, int status)
{
    struct survey *s = (struct survey *)work;

    if (status != 0)
        s->code = ERROR_OPERATION_ABORTED;
    s->read = true;
}

static struct survey_member *member_of(struct survey *s, uint32_t id)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->members[i].id == id)
            return &s->members[i];
    assert(s->count < MEMBERS_MAX);
    s->members[s->count] = (struct survey_member){.survey = s, .id = id};
    return &s->members[s->count++];
}

void survey_begin(const struct survey_config *config, survey_done done, void *data)
{
    struct survey *s = xcalloc(1, sizeof *s);
    struct consensus_server server;

    s->config = *config;
    s->done = done;
    s->data = data;
    s->applied_index = cluster_index(config->state);
    s->applied_ms = cluster_now_ms(config->state);
    for (unsigned i = 0;
         s->count < MEMBERS_MAX && consensus_server_at(config->consensus, i, &server); i++) {
        struct survey_member *m = member_of(s, server.id);
        m->is_server = true;
        m->role = server.role;
    }
    s->until_ms = uv_now(config->loop) + PATIENCE_MS;
    uv_timer_init(config->loop, &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, on_timer, 0, STEP_MS);
    if (uv_queue_work(config->loop, &s->work, on_work, on_work_done) != 0) {
        s->code = ERROR_NOT_ENOUGH_MEMORY;
        s->read = true;
    }
}

void survey_free(struct survey *s)
{
    cluster_free(s->state);
    free(s->why);
    free(s);
}

struct consensus_end survey_end(const struct survey *s)
{
    return s->end;
}

/* --------------------------------------------------------------------- judging */

static const char *name_of(const struct survey *s, uint32_t id, char room[32])
{
    const struct node *n = s->state != NULL ? cluster_node(s->state, id) : NULL;

    if (n != NULL)
        return n->name;
    snprintf(room, 32, "node %u", id);
    return room;
}

static bool is_ahead(const struct survey *s, const struct survey_member *m)
{
    return m->reached && (m->end.term > s->end.term ||
                          (m->end.term == s->end.term && m->end.index > s->end.index));
}

static bool is_voter(const struct survey_member *m)
{
    return m->is_server && m->role == CONSENSUS_VOTER;
}

/* Somebody leads, or they could elect somebody. */
static uint32_t quorum_refusal(struct survey *s)
{
    unsigned voters = 0, here = 0;
    uint32_t leader = s->leader;
    char room[32];

    for (unsigned i = 0; i < s->count; i++) {
        const struct survey_member *m = &s->members[i];
        voters += is_voter(m);
        here += is_voter(m) && (m->reached || m->id == s->config.self);
        if (m->reached && m->leader != 0 && leader == 0)
            leader = m->leader;
    }
    if (leader != 0)
        snprintf(s->refusal, sizeof s->refusal, "the cluster has a leader, %.255s: nothing is lost",
                 name_of(s, leader, room));
    else if (here > voters / 2)
        snprintf(s->refusal, sizeof s->refusal,
                 "%u of %u voters can be reached, which is a majority: they will elect a leader",
                 here, voters);
    return s->refusal[0] != '\0' ? ERROR_INVALID_STATE : 0;
}

static uint32_t self_refusal(struct survey *s)
{
    const struct survey_member *self = member_of(s, s->config.self);

    if (!self->is_server || self->role == CONSENSUS_SPARE ||
        cluster_node(s->state, s->config.self) == NULL) {
        snprintf(
            s->refusal, sizeof s->refusal,
            "this node has no copy of the cluster's state to go on from: run it on another one");
        return ERROR_CLUSTER_NODE_NOT_MEMBER;
    }
    if (!s->config.self_witness)
        return 0;
    snprintf(s->refusal, sizeof s->refusal,
             "this node is a witness, which can own no groups: run it on another one, or take the "
             "witness out of its file and start it again if it is the only one left");
    return ERROR_HOST_NODE_NOT_AVAILABLE;
}

static uint32_t ahead_refusal(struct survey *s)
{
    const struct survey_member *best = NULL;
    char room[32];

    for (unsigned i = 0; i < s->count; i++) {
        const struct survey_member *m = &s->members[i];
        if (is_ahead(s, m) && (best == NULL || m->end.term > best->end.term ||
                               (m->end.term == best->end.term && m->end.index > best->end.index)))
            best = m;
    }
    if (best == NULL)
        return 0;
    snprintf(s->refusal, sizeof s->refusal,
             "%.255s has the newer log (its last entry is %llu of term %llu): run it there instead",
             name_of(s, best->id, room), (unsigned long long)best->end.index,
             (unsigned long long)best->end.term);
    return ERROR_CLUSTER_DATABASE_SEQMISMATCH;
}

uint32_t survey_refusal(struct survey *s, const char **ret_why, bool *ret_forcible)
{
    uint32_t code;

    s->refusal[0] = '\0';
    code = quorum_refusal(s);
    if (code == 0)
        code = self_refusal(s);
    *ret_forcible = code == 0;
    if (code == 0)
        code = ahead_refusal(s);
    *ret_why = s->refusal;
    return code;
}

/* --------------------------------------------------------------------- showing */

static void write_member(const struct survey *s, const struct survey_member *m, struct sink *sink)
{
    const struct node *n = cluster_node(s->state, m->id);
    uint64_t groups = 0;

    for (const struct group *g = cluster_next_group(s->state, NULL); g != NULL;
         g = cluster_next_group(s->state, g))
        groups += g->owner == m->id;
    sink_map(sink, 11);
    sink_kv_uint(sink, "id", m->id);
    sink_kv_str(sink, "name", n != NULL ? n->name : NULL);
    sink_kv_str(sink, "address", n != NULL ? n->address : NULL);
    sink_kv_str(sink, "state", n != NULL ? node_state_name(n->state) : NULL);
    sink_kv_str(sink, "role",
                !m->is_server                ? NULL
                : m->role == CONSENSUS_VOTER ? "voter"
                                             : "standby");
    sink_kv_uint(sink, "groups", groups);
    sink_kv_bool(sink, "dropped", m->id != s->config.self);
    sink_kv_bool(sink, "reached", m->reached);
    sink_kv_uint(sink, "last_term", m->end.term);
    sink_kv_uint(sink, "last_index", m->end.index);
    sink_kv_bool(sink, "ahead", is_ahead(s, m));
}

static void write_refusal(struct survey *s, struct sink *sink)
{
    const char *why;
    bool forcible;
    uint32_t code = survey_refusal(s, &why, &forcible);

    sink_str(sink, "refusal");
    if (code == 0) {
        sink_nil(sink);
        return;
    }
    sink_map(sink, 3);
    sink_kv_uint(sink, "code", code);
    sink_kv_str(sink, "text", why);
    sink_kv_bool(sink, "forcible", forcible);
}

void survey_write(struct survey *s, struct sink *sink)
{
    uint32_t groups = 0;
    char room[32];

    for (const struct node *n = cluster_next_node(s->state, NULL); n != NULL;
         n = cluster_next_node(s->state, n))
        if (s->count < MEMBERS_MAX)
            (void)member_of(s, n->id);
    for (const struct group *g = cluster_next_group(s->state, NULL); g != NULL;
         g = cluster_next_group(s->state, g))
        groups++;
    sink_map(sink, 13);
    sink_kv_str(sink, "name", cluster_name(s->state));
    sink_kv_str(sink, "node", name_of(s, s->config.self, room));
    sink_kv_uint(sink, "epoch", cluster_epoch(s->state));
    sink_kv_uint(sink, "last_term", s->end.term);
    sink_kv_uint(sink, "last_index", s->end.index);
    sink_kv_uint(sink, "committed_index", s->end.committed);
    sink_kv_uint(sink, "index", cluster_index(s->state));
    sink_kv_uint(sink, "stamp_ms", cluster_now_ms(s->state));
    sink_kv_uint(sink, "applied_index", s->applied_index);
    sink_kv_uint(sink, "applied_ms", s->applied_ms);
    sink_kv_uint(sink, "groups", groups);
    sink_kv_array(sink, "members", s->count);
    for (unsigned i = 0; i < s->count; i++)
        write_member(s, &s->members[i], sink);
    write_refusal(s, sink);
}
