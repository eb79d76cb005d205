#include "groupmgr/records.h"

#include <stdlib.h>

struct session *session_find(const struct cluster *c, uint64_t client)
{
    struct session *s;

    HASH_FIND(by_client, c->sessions_by_client, &client, sizeof(client), s);
    assert(s == NULL || s->client == client);
    return s;
}

bool cluster_knows_call(const struct cluster *c, uint64_t client, uint64_t seq)
{
    const struct session *s = client != 0 ? session_find(c, client) : NULL;

    return s != NULL && s->seq >= seq;
}

bool session_admit(struct cluster *c)
{
    struct session *idlest = c->sessions;

    assert(c->session_count < SESSIONS_MAX || idlest != NULL);
    if (c->session_count < SESSIONS_MAX)
        return true;
    /* A call that is still being repeated must find its answer: rather turn a
     * new client away than forget one that was heard a moment ago. */
    if (c->now_ms - idlest->used_ms < SESSION_IDLE_MS_MIN)
        return false;
    session_remove(c, idlest);
    return true;
}

struct session *session_insert(struct cluster *c, uint64_t client)
{
    struct session *s = xcalloc(1, sizeof(*s));

    assert(session_find(c, client) == NULL && c->session_count < SESSIONS_MAX);
    s->client = client;
    s->tracked.kind = TRACKED_SESSION;
    DL_APPEND(c->sessions, s);
    HASH_ADD(by_client, c->sessions_by_client, client, sizeof(s->client), s);
    c->session_count++;
    digest_touch(c, &s->tracked);
    return s;
}

void session_remove(struct cluster *c, struct session *s)
{
    assert(c->session_count > 0);
    digest_forget(c, &s->tracked);
    HASH_DELETE(by_client, c->sessions_by_client, s);
    DL_DELETE(c->sessions, s);
    c->session_count--;
    free(s);
}

void session_use(struct cluster *c, struct session *s)
{
    assert(s->used_ms <= c->now_ms);
    s->used_ms = c->now_ms;
    DL_DELETE(c->sessions, s);
    DL_APPEND(c->sessions, s);
    digest_touch(c, &s->tracked);
}
