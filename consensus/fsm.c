/* What raft asks of a state machine: apply, snapshot, restore. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "consensus/consensus_private.h"
#include "consensus/guard.h"
#include "consensus/image.h"
#include "consensus/room.h"
#include "consensus/segments.h"

/* libraft raises last_applied behind the call (legacy.c, applyCommand). Were it to do so
 * before, the time would be that of the next entry, which is later, or none. */
static uint64_t arrived_ms(const struct consensus *c)
{
    raft_index index = raft_last_applied((struct raft *)&c->raft) + 1;
    uint64_t ms = guard_arrived_ms(c->guard, index);

    return ms != 0 ? ms : clock_boot_ms();
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct consensus *c = fsm->data;
    struct batch_cursor cursor;
    struct batch_header h;
    const uint8_t *command;
    size_t len;

    *result = NULL;
    /* Skipping an entry that we cannot read would part this node from the
     * others for good, and an error returned here would be ignored. */
    if (!batch_open(&cursor, buf->base, buf->len, &h))
        c->callbacks.fatal("a committed log entry is not readable by this version", c->data);
    struct batch *own = proposals_find(c, &h);
    assert(own == NULL || own->command_count == h.count);
    c->position++;
    c->arrived_ms = arrived_ms(c);
    if (h.stamp_ms > c->stamp_ms) {
        c->stamp_ms = h.stamp_ms;
        c->stamp_boot_ms = clock_boot_ms();
    }
    for (uint32_t i = 0; batch_next(&cursor, &command, &len); i++)
        c->callbacks.apply(c->position, h.stamp_ms, command, len,
                           own != NULL ? own->requests[i] : NULL, c->data);
    c->callbacks.applied(c->position, c->data);
    retention_note(&c->retention, buf->len);
    if (clock_boot_ms() < c->snapshot_retry_ms)
        return 0;
    if (retention_is_due(&c->retention))
        raft_set_snapshot_threshold(&c->raft, 1);
    else if (c->snapshot_retry_ms != 0)
        raft_set_snapshot_threshold(&c->raft, c->retention.threshold);
    return 0;
}

enum {
    NO_ROOM_MS = 5000,
    UNCLOSED_MS = 1000,
    UNCLOSED_LOOKS = 10, /* Not a time: this process may have stood still. */
};

/* libraft asks again with each entry as long as one is due: that is put off, too. */
static void put_off(struct consensus *c, unsigned ms)
{
    c->snapshot_retry_ms = clock_boot_ms() + ms;
    raft_set_snapshot_threshold(&c->raft, UINT_MAX);
}

/* An open segment has no index in its name: the next start takes it for what follows the
 * closed ones. One that could not be closed comes between those, so entries are missing there,
 * and the start is refused; but behind a snapshot that has them it would be read, as later
 * entries. So there is none while one is open, and a process that cannot close one
 * ends: with nothing closed behind it, the next start reads all in their order. */
static bool is_closed(struct consensus *c)
{
    bool closed = segments_are_closed(c->dir);

    c->unclosed = closed ? 0 : c->unclosed + 1;
    if (c->unclosed >= UNCLOSED_LOOKS)
        c->callbacks.fatal(
            "closing a full segment of the log failed (several of raft/open-* are in "
            "use): stopping before a snapshot hides it",
            c->data);
    return closed;
}

static bool has_room(struct consensus *c, size_t bytes)
{
    bool room = room_for_snapshot(c->dir, bytes);

    if (!room && c->snapshot_retry_ms == 0)
        log_error("raft",
                  "no room for a snapshot of %zu bytes in %s: the log grows, and so does this "
                  "process, until there is; free some space there",
                  bytes, c->dir);
    return room;
}

static void image_make(struct consensus *c, struct bytes *image)
{
    image_begin(image);
    c->callbacks.snapshot(image, c->data);
    image_end(image, c->position);
}

static void image_give(struct consensus *c, const struct bytes *image, struct raft_buffer *bufs[],
                       unsigned *n_bufs)
{
    *bufs = raft_malloc(sizeof **bufs);
    void *copy = raft_malloc(image->len);
    if (*bufs == NULL || copy == NULL)
        c->callbacks.fatal("out of memory", c->data);
    memcpy(copy, image->data, image->len);
    (*bufs)[0] = (struct raft_buffer){.base = copy, .len = image->len};
    *n_bufs = 1;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct consensus *c = fsm->data;
    struct bytes image = BYTES_INIT;

    if (!is_closed(c)) {
        put_off(c, UNCLOSED_MS);
        return RAFT_BUSY;
    }
    image_make(c, &image);
    if (!has_room(c, image.len)) {
        put_off(c, NO_ROOM_MS);
        bytes_release(&image);
        return RAFT_NOSPACE;
    }
    image_give(c, &image, bufs, n_bufs);
    c->snapshots++;
    /* libraft asks for the state first and reads these two afterwards. */
    raft_set_snapshot_trailing(&c->raft, retention_trailing(&c->retention));
    raft_set_snapshot_threshold(&c->raft, c->retention.threshold);
    c->snapshot_retry_ms = 0;
    room_spare_keep(c->dir); /* It may have been given up when the disk was full. */
    retention_restart(&c->retention);
    log_info("raft", "snapshot at position %llu, %zu bytes", (unsigned long long)c->position,
             image.len);
    bytes_release(&image);
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct consensus *c = fsm->data;
    const uint8_t *state;
    uint64_t position;
    size_t len;

    if (!image_open(buf->base, buf->len, &position, &state, &len))
        c->callbacks.fatal("a snapshot's checksum does not agree with its data", c->data);
    uint32_t code = c->callbacks.restore(state, len, c->data);
    if (code != 0)
        c->callbacks.fatal("a snapshot holds no state that this version reads", c->data);
    c->position = position;
    /* Or a leader whose clock was set back would stamp what follows with a time
     * that the state machine has left behind, and its time would stand still. */
    if (c->callbacks.reached_ms != NULL) {
        c->stamp_ms = c->callbacks.reached_ms(c->data);
        c->stamp_boot_ms = clock_boot_ms();
    }
    raft_free(buf->base);
    return 0;
}

void fsm_init(struct raft_fsm *fsm, struct consensus *c)
{
    *fsm = (struct raft_fsm){.version = 1,
                             .data = c,
                             .apply = fsm_apply,
                             .snapshot = fsm_snapshot,
                             .restore = fsm_restore};
}
