/* From proposals to raft entries: what one turn of the loop gathers is one batch. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "consensus/consensus_private.h"

enum { BATCH_BYTES_MAX = 1 << 20 };

static void on_hurry(uv_idle_t *handle)
{
    (void)handle; /* Its being active is all. */
}

static struct batch *gathering_batch(struct consensus *c)
{
    if (c->gathering == NULL) {
        c->gathering = xcalloc(1, sizeof *c->gathering);
        c->gathering->consensus = c;
        batch_begin(&c->gathering->entry);
        if (!c->closing) /* Else maybe_closed() answers. */
            uv_idle_start(&c->hurry, on_hurry);
    }
    return c->gathering;
}

/* Room grows by doubling; the count is a power of two when it must grow. */
static void push(void ***list, uint32_t *count, void *item)
{
    if ((*count & (*count - 1)) == 0)
        *list = xrealloc(*list, (*count == 0 ? 1 : 2 * (size_t)*count) * sizeof **list);
    (*list)[(*count)++] = item;
}

static void batch_free(struct batch *b)
{
    bytes_release(&b->entry);
    free(b->requests);
    free(b->barriers);
    free(b);
}

void batch_finish(struct batch *b, uint32_t code)
{
    struct consensus *c = b->consensus;

    for (uint32_t i = 0; i < b->command_count; i++) {
        c->waiting--;
        if (b->requests[i] != NULL)
            c->callbacks.finished(b->requests[i], code, c->data);
    }
    for (uint32_t i = 0; i < b->barrier_count; i++) {
        c->waiting--;
        c->callbacks.finished(b->barriers[i], code, c->data);
    }
    batch_free(b);
}

static void batch_refuse(struct batch *b, uint32_t code)
{
    b->refusal = code;
    b->next = b->consensus->refused;
    b->consensus->refused = b;
}

static void under_way_remove(struct consensus *c, struct batch *b)
{
    for (struct batch **at = &c->under_way; *at != NULL; at = &(*at)->next) {
        if (*at != b)
            continue;
        *at = b->next;
        if (c->under_way_tail == &b->next)
            c->under_way_tail = at;
        return;
    }
    assert(false); /* A batch under way is on the list. */
}

static uint32_t code_from_raft(int status)
{
    switch (status) {
    case 0:
        return 0;
    case RAFT_NOTLEADER:
        return ERROR_NOT_READY;
    case RAFT_NOSPACE:
        return ERROR_DISK_FULL;
    default: /* Leadership lost, shutting down: it may still be committed. */
        return ERROR_RETRY;
    }
}

static void entry_applied(struct raft_apply *req, int status, void *result)
{
    struct batch *b = req->data;

    (void)result;
    under_way_remove(b->consensus, b);
    /* A success is told only in the term in which it was proposed. */
    if (status == 0)
        b->consensus->settled_term = raft_current_term(&b->consensus->raft);
    batch_finish(b, code_from_raft(status));
}

/* The wall clock, but never behind the time that the state machine has reached
 * and the time that has passed since: it takes no earlier stamp, so with a leader
 * whose clock was set back its time would stand still, and with it every delay. */
static uint64_t next_stamp_ms(const struct consensus *c)
{
    uint64_t wall = clock_wall_ms();
    uint64_t reached = c->stamp_ms + (clock_boot_ms() - c->stamp_boot_ms);

    return c->stamp_ms != 0 && reached > wall ? reached : wall;
}

void proposals_flush(struct consensus *c)
{
    struct batch *b = c->gathering;
    struct raft_buffer buffer;

    if (b == NULL)
        return;
    c->gathering = NULL;
    uv_idle_stop(&c->hurry);
    if (c->closing || raft_state(&c->raft) != RAFT_LEADER) {
        batch_refuse(b, ERROR_NOT_READY);
        return;
    }
    b->tag = ++c->tag;
    struct batch_header h = {
        .stamp_ms = next_stamp_ms(c), .origin = c->id, .tag = b->tag, .count = b->command_count};
    batch_end(&b->entry, &h);
    /* On the list before raft_apply(): a lone voter may apply at once. */
    b->next = NULL;
    *c->under_way_tail = b;
    c->under_way_tail = &b->next;
    b->req.data = b;
    buffer.base = raft_malloc(b->entry.len); /* raft frees it with its own heap. */
    if (buffer.base == NULL)
        c->callbacks.fatal("out of memory", c->data);
    memcpy(buffer.base, b->entry.data, b->entry.len);
    buffer.len = b->entry.len;
    bytes_release(&b->entry);
    int rv = raft_apply(&c->raft, &b->req, &buffer, 1, entry_applied);
    if (rv != 0) {
        raft_free(buffer.base);
        under_way_remove(c, b);
        batch_refuse(b, code_from_raft(rv));
    }
}

bool consensus_is_full(const struct consensus *c)
{
    return c->waiting >= PROPOSALS_MAX;
}

void consensus_propose(struct consensus *c, const void *command, size_t len, void *request)
{
    assert(len > 0 && len <= COMMAND_BYTES_MAX);
    if (c->gathering != NULL && c->gathering->entry.len + len > BATCH_BYTES_MAX && !c->closing)
        proposals_flush(c);
    struct batch *b = gathering_batch(c);
    batch_add(&b->entry, command, len);
    push(&b->requests, &b->command_count, request);
    c->waiting++;
}

void consensus_barrier(struct consensus *c, void *request)
{
    struct batch *b = gathering_batch(c);

    push(&b->barriers, &b->barrier_count, request);
    c->waiting++;
}

void proposals_tell_refused(struct consensus *c)
{
    while (c->refused != NULL) {
        struct batch *b = c->refused;
        c->refused = b->next;
        batch_finish(b, b->refusal);
    }
}

struct batch *proposals_find(const struct consensus *c, const struct batch_header *h)
{
    struct batch *b = h->origin == c->id ? c->under_way : NULL;

    while (b != NULL && b->tag != h->tag)
        b = b->next;
    return b;
}
