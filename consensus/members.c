/* Who is in the raft configuration, and its changes.
 *
 * libraft takes one change at a time and is built without asserts, so what it only
 * asserts is checked here before it is asked: a second request would overwrite the
 * first, whose callback then never comes (`legacy.change`), and raft_add() and
 * raft_remove() take leadership for granted. */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus_private.h"

/* -------------------------------------------------------------------- queries */

static enum consensus_role role_from_raft(int role)
{
    return role == RAFT_VOTER     ? CONSENSUS_VOTER
           : role == RAFT_STANDBY ? CONSENSUS_STANDBY
                                  : CONSENSUS_SPARE;
}

static int role_to_raft(enum consensus_role role)
{
    return role == CONSENSUS_VOTER     ? RAFT_VOTER
           : role == CONSENSUS_STANDBY ? RAFT_STANDBY
                                       : RAFT_SPARE;
}

bool consensus_server_at(const struct consensus *c, unsigned position, struct consensus_server *ret)
{
    const struct raft_configuration *conf = &c->raft.configuration;

    if (position >= conf->n)
        return false;
    *ret = (struct consensus_server){.id = (uint32_t)conf->servers[position].id,
                                     .address = conf->servers[position].address,
                                     .role = role_from_raft(conf->servers[position].role)};
    return true;
}

bool consensus_role_of(const struct consensus *c, uint32_t id, enum consensus_role *ret)
{
    struct consensus_server s;

    for (unsigned i = 0; consensus_server_at(c, i, &s); i++) {
        if (s.id != id)
            continue;
        *ret = s.role;
        return true;
    }
    return false;
}

enum consensus_role consensus_role(const struct consensus *c)
{
    enum consensus_role role;

    return consensus_role_of(c, c->id, &role) ? role : CONSENSUS_SPARE;
}

const char *consensus_address(const struct consensus *c, uint32_t id)
{
    struct consensus_server s;

    for (unsigned i = 0; consensus_server_at(c, i, &s); i++)
        if (s.id == id)
            return s.address;
    return NULL;
}

uint32_t consensus_highest_id(const struct consensus *c)
{
    struct consensus_server s;
    uint32_t highest = 0;

    for (unsigned i = 0; consensus_server_at(c, i, &s); i++)
        highest = s.id > highest ? s.id : highest;
    return highest;
}

bool consensus_is_changing(const struct consensus *c)
{
    return c->change != NULL || c->raft.configuration_uncommitted_index != 0;
}

/* -------------------------------------------------------------------- changes */

/* A leader may only change the configuration once it has committed an entry of its own
 * term (Ongaro's correction of single-server changes, 2015): two leaders could else
 * each have a majority of a configuration that the other does not know of. */
static uint32_t change_refusal(const struct consensus *c)
{
    if (c->closing || !consensus_is_settled(c) || c->transfer != NULL ||
        c->raft.leader_state.transferee != 0)
        return ERROR_NOT_READY;
    if (consensus_is_changing(c) || c->raft.leader_state.promotee_id != 0)
        return ERROR_BUSY;
    return 0;
}

static void changed(struct raft_change *req, int status)
{
    struct consensus *c = req->data;

    assert(c->change == req);
    c->change = NULL;
    free(req);
    if (status != 0)
        log_warn("raft", "a change of the configuration did not come about: %s",
                 raft_strerror(status));
}

static struct raft_change *change_begin(struct consensus *c)
{
    assert(c->change == NULL);
    c->change = xcalloc(1, sizeof *c->change);
    c->change->data = c;
    return c->change;
}

static uint32_t change_begun(struct consensus *c, int rv)
{
    if (rv == 0)
        return 0;
    /* raft_assign() may fail after it has noted the request. */
    if (c->raft.legacy.change == c->change)
        c->raft.legacy.change = NULL;
    free(c->change);
    c->change = NULL;
    return rv == RAFT_NOTLEADER    ? ERROR_NOT_READY
           : rv == RAFT_CANTCHANGE ? ERROR_BUSY
                                   : ERROR_INVALID_PARAMETER;
}

uint32_t consensus_add(struct consensus *c, uint32_t id, const char *address)
{
    enum consensus_role role;
    uint32_t code = change_refusal(c);

    assert(id > 0 && address != NULL);
    if (code == 0 && consensus_role_of(c, id, &role))
        code = ERROR_INVALID_PARAMETER;
    if (code != 0)
        return code;
    return change_begun(c, raft_add(&c->raft, change_begin(c), id, address, changed));
}

uint32_t consensus_assign(struct consensus *c, uint32_t id, enum consensus_role role)
{
    enum consensus_role now;
    uint32_t code = change_refusal(c);

    if (code == 0 && (!consensus_role_of(c, id, &now) || now == role))
        code = ERROR_INVALID_PARAMETER;
    if (code != 0)
        return code;
    return change_begun(c, raft_assign(&c->raft, change_begin(c), id, role_to_raft(role), changed));
}

uint32_t consensus_remove(struct consensus *c, uint32_t id)
{
    enum consensus_role role;
    uint32_t code = change_refusal(c);

    if (code == 0 && !consensus_role_of(c, id, &role))
        code = ERROR_INVALID_PARAMETER;
    if (code != 0)
        return code;
    return change_begun(c, raft_remove(&c->raft, change_begin(c), id, changed));
}
