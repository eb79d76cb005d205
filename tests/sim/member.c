#include "tests/sim/member.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
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

/* What consensus_add() and its kin return; ERROR_INVALID_STATE: it makes no sense now. */
static uint32_t submit(struct consensus *consensus, const struct change *c)
{
    const struct raft *r = &consensus->raft;
    const struct raft_server *s = server_of(r, c->machine->id);
    bool may_lose = voters(r) > VOTERS_MIN && c->machine->id != r->id;

    if (strcmp(c->verb, "add") == 0) {
        if (s == NULL)
            return consensus_add(consensus, c->machine->id,
                                 c->machine->config->peers[c->machine->id - 1].address);
        return s->role == RAFT_SPARE
                   ? consensus_assign(consensus, c->machine->id, CONSENSUS_STANDBY)
                   : ERROR_INVALID_STATE;
    }
    if (strcmp(c->verb, "promote") == 0)
        return s != NULL && s->role != RAFT_VOTER
                   ? consensus_assign(consensus, c->machine->id, CONSENSUS_VOTER)
                   : ERROR_INVALID_STATE;
    if (s == NULL || (s->role == RAFT_VOTER && !may_lose) || c->machine->id == r->id)
        return ERROR_INVALID_STATE;
    if (strcmp(c->verb, "demote") == 0)
        return s->role == RAFT_VOTER
                   ? consensus_assign(consensus, c->machine->id, CONSENSUS_STANDBY)
                   : ERROR_INVALID_STATE;
    return consensus_remove(consensus, c->machine->id);
}

static void change_now(void *arg)
{
    const struct change *c = arg;
    struct consensus *consensus = sim.current->daemon->consensus;
    uint32_t code = submit(consensus, c);

    trace(1, "membership: %s %s: %s", c->verb, c->machine->name,
          code == 0 ? "submitted" : error_name(code));
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
