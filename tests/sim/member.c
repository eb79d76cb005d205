#include "tests/sim/member.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/consensus_private.h"
#include "node/daemon.h"
#include "tests/sim/redirect.h"

#undef malloc
#undef free
#undef calloc

enum { VOTERS_MIN = 3 };

struct change {
    struct machine *machine;
    char verb[12];
};

struct pending {
    struct raft_change req; /* First. */
    struct process *process;
};

static void changed(struct raft_change *req, int status)
{
    struct pending *p = (struct pending *)req;

    trace(2, "membership: done, status %d", status);
    p->process->changing = false;
    sim_free(p);
}

static const struct raft_server *server_of(const struct raft *r, uint32_t id)
{
    for (unsigned i = 0; i < r->configuration.n; i++)
        if (r->configuration.servers[i].id == id)
            return &r->configuration.servers[i];
    return NULL;
}

static unsigned voters(const struct raft *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->configuration.n; i++)
        n += r->configuration.servers[i].role == RAFT_VOTER;
    return n;
}

/* RAFT_BUSY: not now. */
static int submit(struct raft *r, struct raft_change *req, const struct change *c)
{
    const struct raft_server *s = server_of(r, c->machine->id);
    bool may_lose = voters(r) > VOTERS_MIN && c->machine->id != r->id;

    if (strcmp(c->verb, "add") == 0) {
        if (s == NULL)
            return raft_add(r, req, c->machine->id,
                            c->machine->config->peers[c->machine->id - 1].address, changed);
        return s->role == RAFT_SPARE ? raft_assign(r, req, s->id, RAFT_STANDBY, changed)
                                     : RAFT_BUSY;
    }
    if (strcmp(c->verb, "promote") == 0)
        return s != NULL && s->role != RAFT_VOTER ? raft_assign(r, req, s->id, RAFT_VOTER, changed)
                                                  : RAFT_BUSY;
    if (s == NULL || (s->role == RAFT_VOTER && !may_lose) || c->machine->id == r->id)
        return RAFT_BUSY;
    if (strcmp(c->verb, "demote") == 0)
        return s->role == RAFT_VOTER ? raft_assign(r, req, s->id, RAFT_STANDBY, changed)
                                     : RAFT_BUSY;
    return raft_remove(r, req, s->id, changed);
}

static void change_now(void *arg)
{
    const struct change *c = arg;
    struct process *p = sim.current;
    struct consensus *consensus = p->daemon->consensus;
    struct raft *r = &consensus->raft;

    /* libraft takes one change at a time and, built without asserts, does not
     * always say so. */
    if (raft_state(r) != RAFT_LEADER || p->changing || r->configuration_uncommitted_index != 0 ||
        r->leader_state.transferee != 0 || !consensus_is_settled(consensus)) {
        trace(1, "membership: %s %s: not now (changing %d, uncommitted %llu, transferee %llu)",
              c->verb, c->machine->name, p->changing, r->configuration_uncommitted_index,
              r->leader_state.transferee);
        return;
    }
    struct pending *pending = sim_calloc(1, sizeof *pending);
    pending->process = p;
    p->changing = true;
    int rv = submit(r, &pending->req, c);
    trace(1, "membership: %s %s: %s", c->verb, c->machine->name,
          rv == 0 ? "submitted" : raft_strerror(rv));
    if (rv != 0) {
        p->changing = false;
        if (r->legacy.change == &pending->req) /* raft_assign() leaves it there. */
            r->legacy.change = NULL;
        sim_free(pending);
    }
}

void member_change(struct machine *leader, struct machine *m, const char *verb)
{
    struct change *c = calloc(1, sizeof *c);

    c->machine = m;
    strncpy(c->verb, verb, sizeof c->verb - 1);
    event_at(sim.now_ns, leader->daemon, change_now, c, free);
}

bool member_restore(struct machine *leader)
{
    const struct raft *r = &leader->daemon->daemon->consensus->raft;

    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        const struct raft_server *s = server_of(r, id);
        if (s != NULL && s->role == RAFT_VOTER)
            continue;
        member_change(leader, &sim.machines[id], s == NULL ? "add" : "promote");
        return false;
    }
    return r->configuration_uncommitted_index == 0;
}
