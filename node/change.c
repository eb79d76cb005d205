/* Changes: proposed here, or forwarded to the leader, until they are answered. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/calls_private.h"
#include "node/peers.h"
#include "node/space.h"

enum { FORWARD_TIMEOUT_MS = 5000, DETAIL_BYTES_MAX = 255 };

enum change_state {
    CHANGE_WAITING,   /* For a leader. */
    CHANGE_PROPOSED,  /* In this node's log. */
    CHANGE_FORWARDED, /* Sent to the leader. */
    CHANGE_ENDED,     /* Answered; kept only because the log or a call still holds it. */
};

/* A change on its way to the leader. */
struct forward {
    struct change *change; /* NULL: recalled, its answer counts for nothing. */
    uint32_t leader;
};

struct change {
    struct proposal proposal; /* First: it comes back as the change. */
    struct calls *calls;
    enum change_state state;
    struct bytes command;
    uint64_t deadline_ms;    /* clock_boot_ms(). */
    struct forward *forward; /* While FORWARDED; of the call that is out. */
    bool uncertain;          /* An earlier try may be in a log. */
    change_done done;
    void *data;
    struct change *next, **at;
};

static void change_unlink(struct change *ch)
{
    if (ch->at == NULL)
        return;
    *ch->at = ch->next;
    if (ch->next != NULL)
        ch->next->at = ch->at;
    ch->at = NULL;
}

static void change_free(struct change *ch)
{
    change_unlink(ch);
    bytes_release(&ch->command);
    free(ch);
}

/* Answer. The memory goes now, or when the log or the call gives it back. */
static void change_end(struct change *ch, uint32_t code, const struct reply *reply)
{
    bool held = ch->state == CHANGE_PROPOSED || ch->state == CHANGE_FORWARDED;

    assert(ch->state != CHANGE_ENDED);
    change_unlink(ch);
    ch->state = CHANGE_ENDED;
    ch->done(code, reply, ch->data);
    if (!held)
        change_free(ch);
}

static void change_retry(struct change *ch, uint32_t code)
{
    if (ch->state == CHANGE_ENDED) {
        change_free(ch);
        return;
    }
    ch->state = CHANGE_WAITING;
    if (code != ERROR_NOT_READY && code != ERROR_ACCESS_DENIED)
        ch->uncertain = true;
    calls_schedule_retry(ch->calls);
}

static void change_answered(struct change *ch, uint32_t code, const struct reply *reply)
{
    if (ch->state == CHANGE_ENDED) {
        change_free(ch);
        return;
    }
    ch->state = CHANGE_WAITING; /* Nobody else holds it any more. */
    change_end(ch, code, reply);
}

static void proposal_done(struct proposal *p, uint32_t code)
{
    struct change *ch = (struct change *)p;

    if (code == 0)
        change_answered(ch, 0, &p->reply);
    else if (code == ERROR_DISK_FULL && !ch->uncertain)
        change_answered(ch, code, NULL);
    else
        change_retry(ch, code);
}

/* ----------------------------------------------------------------- forwarding */

static void write_reply(struct bytes *out, const struct reply *reply)
{
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "code", reply->code);
    sink_kv_uint(&m.sink, "index", reply->index);
    sink_kv_str(&m.sink, "detail", reply->detail);
}

static bool read_reply(const struct value *v, struct reply *ret)
{
    const char *detail;
    struct reply r = {0};

    if (!value_get_u32(v, "code", &r.code) || !value_get_uint(v, "index", &r.index) ||
        !value_get_str(v, "detail", DETAIL_BYTES_MAX, &detail))
        return false;
    strcpy(r.detail, detail); /* Bounded by DETAIL_BYTES_MAX. */
    *ret = r;
    return true;
}
_Static_assert(sizeof((struct reply *)0)->detail > DETAIL_BYTES_MAX, "a detail fits");

static void forward_done(uint32_t code, const char *message, const struct value *result, void *data)
{
    struct forward *f = data;
    struct change *ch = f->change;
    struct reply reply;

    (void)message;
    free(f);
    if (ch == NULL)
        return;
    ch->forward = NULL;
    if (code == 0 && read_reply(result, &reply))
        change_answered(ch, 0, &reply);
    else if (code == ERROR_DISK_FULL && !ch->uncertain)
        change_answered(ch, code, NULL);
    else
        change_retry(ch, code != 0 ? code : ERROR_INVALID_DATA);
}

static void change_forward(struct change *ch, struct rpc_conn *conn, uint32_t leader)
{
    struct forward *f = xcalloc(1, sizeof *f);
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 2);
    sink_kv_bin(&m.sink, "command", ch->command.data, ch->command.len);
    sink_kv_bool(&m.sink, "again", ch->uncertain);
    f->change = ch;
    f->leader = leader;
    ch->forward = f;
    ch->state = CHANGE_FORWARDED;
    rpc_call(conn, "peer.propose", &params, FORWARD_TIMEOUT_MS, forward_done, f);
    bytes_release(&params);
}

static void change_send(struct change *ch)
{
    struct calls *c = ch->calls;

    assert(ch->state == CHANGE_WAITING);
    if (c->consensus == NULL)
        return;
    if (consensus_is_leader(c->consensus)) {
        struct reply refusal;

        if (consensus_is_full(c->consensus))
            return; /* The retry timer tries again. */
        /* What may be in a log already is not refused: it may have happened. */
        if (c->space != NULL && !ch->uncertain &&
            space_refuses(c->space, ch->command.data, ch->command.len, &refusal)) {
            change_answered(ch, 0, &refusal);
            return;
        }
        ch->state = CHANGE_PROPOSED;
        consensus_propose(c->consensus, ch->command.data, ch->command.len, &ch->proposal);
        return;
    }
    uint32_t leader = consensus_leader(c->consensus);
    struct rpc_conn *conn = leader != 0 && leader != c->self ? peers_get(c->peers, leader) : NULL;
    if (conn != NULL)
        change_forward(ch, conn, leader);
}

void calls_change(struct calls *c, const struct bytes *command, unsigned timeout_ms,
                  change_done done, void *data)
{
    struct change *ch = xcalloc(1, sizeof *ch);

    assert(command->len > 0 && command->len <= COMMAND_BYTES_MAX);
    ch->proposal.done = proposal_done;
    ch->calls = c;
    ch->deadline_ms = clock_boot_ms() + timeout_ms;
    ch->done = done;
    ch->data = data;
    bytes_append(&ch->command, command->data, command->len);
    ch->next = c->changes;
    ch->at = &c->changes;
    if (ch->next != NULL)
        ch->next->at = &ch->next;
    c->changes = ch;
    /* The timer also serves the deadline, and answers what comes while closing. */
    calls_schedule_retry(c);
    if (!c->closing)
        change_send(ch);
}

void calls_change_command(struct calls *c, const struct command *cmd, unsigned timeout_ms,
                          change_done done, void *data)
{
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &encoded);
    command_write(cmd, &m.sink);
    calls_change(c, &encoded, timeout_ms, done, data);
    bytes_release(&encoded);
}

void changes_send_waiting(struct calls *c)
{
    struct change *next;

    for (struct change *ch = c->changes; ch != NULL; ch = next) {
        next = ch->next;
        if (ch->state == CHANGE_WAITING)
            change_send(ch);
    }
}

/* A leader that is frozen or cut off answers nothing for as long as it is: who has
 * heard of another one need not wait for that. The change may be in the log by now,
 * which is what repeating it is made for: see calls.h. */
void changes_recall(struct calls *c, uint32_t leader)
{
    for (struct change *ch = c->changes; ch != NULL; ch = ch->next) {
        if (ch->state != CHANGE_FORWARDED || ch->forward->leader == leader)
            continue;
        ch->forward->change = NULL;
        ch->forward = NULL;
        ch->state = CHANGE_WAITING;
        ch->uncertain = true;
        calls_schedule_retry(c);
    }
}

void changes_expire(struct calls *c, uint64_t now_ms)
{
    struct change *next;

    for (struct change *ch = c->changes; ch != NULL; ch = next) {
        next = ch->next;
        if (now_ms < ch->deadline_ms)
            continue;
        bool no_leader = c->consensus == NULL || consensus_leader(c->consensus) == 0;
        change_end(ch, no_leader ? ERROR_CLUSTER_NO_QUORUM : ERROR_TIMEOUT, NULL);
    }
}

void changes_abort(struct calls *c, uint32_t code)
{
    while (c->changes != NULL)
        change_end(c->changes, code, NULL);
}

/* -------------------------------------------------------- serving other nodes */

/* A change that another node has forwarded: one try, that node repeats it. */
struct forwarded {
    struct proposal proposal; /* First. */
    struct rpc_request *request;
};

static void forwarded_done(struct proposal *p, uint32_t code)
{
    struct forwarded *f = (struct forwarded *)p;
    struct bytes result = BYTES_INIT;

    if (code == 0) {
        write_reply(&result, &p->reply);
        rpc_reply(f->request, &result);
        bytes_release(&result);
    } else {
        rpc_reply_error(f->request, code, NULL);
    }
    free(f);
}

/* Is it what a node may put into the log? The sender checked it too, but an
 * unreadable entry would stop every replica. */
static bool command_is_valid(const uint8_t *data, size_t len)
{
    struct arena arena = {0};
    const struct value *v;
    struct command cmd;
    bool valid = len > 0 && len <= COMMAND_BYTES_MAX && msgpack_read(data, len, &arena, &v) == 0 &&
                 command_read(v, &arena, &cmd) == 0;

    arena_release(&arena);
    return valid;
}

void calls_serve_propose(struct calls *c, struct rpc_request *request, const struct value *params)
{
    const uint8_t *command;
    size_t len;

    if (c->closing || c->consensus == NULL || !consensus_is_leader(c->consensus) ||
        consensus_is_full(c->consensus)) {
        rpc_reply_error(request, ERROR_NOT_READY, NULL);
        return;
    }
    if (!value_get_bin(params, "command", &command, &len) || !command_is_valid(command, len)) {
        rpc_reply_error(request, ERROR_INVALID_DATA, "not a command of this version");
        return;
    }
    struct reply refusal;
    bool again = false;
    value_get_bool(params, "again", &again);
    if (c->space != NULL && !again && space_refuses(c->space, command, len, &refusal)) {
        struct bytes result = BYTES_INIT;
        write_reply(&result, &refusal);
        rpc_reply(request, &result);
        bytes_release(&result);
        return;
    }
    struct forwarded *f = xcalloc(1, sizeof *f);
    f->proposal.done = forwarded_done;
    f->request = request;
    consensus_propose(c->consensus, command, len, &f->proposal);
}
