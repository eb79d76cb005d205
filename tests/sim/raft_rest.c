/* What consensus/ keeps beside raft's own files: the mark of what was
 * acknowledged, on the simulated disk; and the guard, which must not outlive its
 * process. */
#include "base/error.h"
#include "consensus/acked.h"
#include "consensus/disk_check.h"
#include "consensus/guard.h"
#include "consensus/room.h"
#include "consensus/segments.h"
#include "tests/sim/disk.h"
#include "tests/sim/process.h"

uint32_t acked_open(const char *dir, struct acked **ret)
{
    (void)dir;
    *ret = (struct acked *)sim.current->machine->disk;
    return 0;
}

void acked_close(struct acked *a)
{
    (void)a;
}

uint64_t acked_index(const struct acked *a)
{
    return ((const struct disk *)a)->acked;
}

void acked_raise(struct acked *a, uint64_t index)
{
    struct disk *d = (struct disk *)a;

    if (index > d->acked)
        d->acked = index;
}

uint32_t acked_lower(struct acked *a, uint64_t index)
{
    struct disk *d = (struct disk *)a;

    if (index >= d->acked)
        return 0;
    if (disk_status(d) != 0)
        return ERROR_OPEN_FAILED;
    d->acked = d->acked_synced = index;
    return 0;
}

/* Within one call there, so never found under way. */
uint64_t acked_cut(const struct acked *a)
{
    (void)a;
    return 0;
}

uint32_t acked_set_cut(struct acked *a, uint64_t index)
{
    (void)a;
    (void)index;
    return 0;
}

uint64_t room_free(const char *dir)
{
    (void)dir;
    return disk_mood(sim.current->machine->disk) == DISK_FULL ? 0 : UINT64_MAX;
}

bool room_is_low(const char *dir, unsigned capacity_kb)
{
    return capacity_kb == 0 && room_free(dir) == 0;
}

void room_spare_keep(const char *dir)
{
    (void)dir;
}

void room_spare_give_up(const char *dir)
{
    (void)dir;
}

bool room_for_snapshot(const char *dir, uint64_t bytes)
{
    return room_free(dir) >= bytes;
}

uint32_t disk_check(const char *dir, uint64_t acked, char **ret_why)
{
    (void)dir;
    (void)acked;
    (void)ret_why;
    return 0;
}

uint32_t segments_repair(const char *dir, uint64_t cut, char **ret_why)
{
    (void)dir;
    (void)cut;
    (void)ret_why;
    return 0;
}

bool segments_sync(const char *dir)
{
    (void)dir;
    return true;
}

bool segments_end_before(const char *dir, uint64_t index)
{
    (void)dir;
    (void)index;
    return true; /* Cut within the call: raft_io.c. */
}

bool segments_are_closed(const char *dir)
{
    (void)dir;
    return true;
}

struct guard *__real_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data);
struct guard *__wrap_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data);
void __real_guard_close(struct guard *g);
void __wrap_guard_close(struct guard *g);

/* guard.c lists its guards outside of the process' heap: they are taken off the
 * list also when the process just ends. */
struct guard *__wrap_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data)
{
    return sim.current->guard = __real_guard_open(io, acked, fatal, data);
}

void __wrap_guard_close(struct guard *g)
{
    sim.current->guard = NULL;
    __real_guard_close(g);
}

void guards_forget(struct process *p)
{
    if (p->guard != NULL)
        __real_guard_close(p->guard);
    p->guard = NULL;
}
