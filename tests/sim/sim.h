/* A whole cluster in one process, on one virtual clock, from one seed.
 *
 * What runs is the product: daemon, executor, leases, libraft, monitor. What is
 * replaced lies below it: libuv (loop.c), sockets (rpc.c), disk and raft's
 * connections (disk.c, raft_io.c), clocks, memory and chance (system.c,
 * memory.c), and the resources themselves (handler.c). docs/testing.md has the
 * whole picture.
 *
 * One thread. The state below is global, since what is replaced has no place to
 * carry it: clock_boot_ms() takes no argument. */
#ifndef HOLDFAST_SIM_SIM_H
#define HOLDFAST_SIM_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { MACHINES_MAX = 7, DURATION_MS = 60000 };

#define MS UINT64_C(1000000) /* The clock counts nanoseconds. */
#define SECONDS (1000 * MS)
#define NEVER_NS UINT64_MAX

/* ------------------------------------------------------------------ chance
 * Each part draws from a stream of its own, so that what one of them draws does
 * not change what the others get. */

struct rng {
    uint64_t s[2];
};
void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);                  /* 0 .. n-1; n > 0 */
uint64_t rng_range(struct rng *r, uint64_t low, uint64_t high); /* Both included. */
bool rng_chance(struct rng *r, unsigned per_mille);
/* Mostly near `low`, seldom up to `high`. */
uint64_t rng_skewed(struct rng *r, uint64_t low, uint64_t high);

/* ------------------------------------------------------------------ events */

struct process;
struct event;

/* Call fire(arg) at `at_ns`, inside `p` (NULL: outside of any). If `p` has ended
 * by then nothing is called. `arg_free` frees arg after it fired or was dropped. */
struct event *event_at(uint64_t at_ns, struct process *p, void (*fire)(void *arg), void *arg,
                       void (*arg_free)(void *arg));
/* One that is firing may have begun: see event_is_canceled(). */
void event_cancel(struct event *e);
/* The event that brought us into this process was canceled meanwhile. */
bool event_is_canceled(void);
/* From inside fire(): the argument is somebody else's now. */
void event_keep_arg(void);
void events_run(uint64_t until_ns);
/* Deliver now what came while `p` was frozen, or forget it. */
void events_deferred(struct process *p, bool deliver);
void events_drop(void);

/* ---------------------------------------------------------------- machines */

enum process_kind { PROCESS_DAEMON, PROCESS_MONITOR };

struct process {
    enum process_kind kind;
    struct machine *machine;
    bool alive;
    bool frozen;   /* SIGSTOP. */
    unsigned life; /* Counts all processes. */
    void *memory;  /* Blocks of its heap. */
    jmp_buf on_exit;
    uv_loop_t *loop;
    uv_check_t *check; /* Called at the end of each turn; NULL. */
    bool turn_planned;
    unsigned open; /* Handles and the like that keep its loop alive. */
    bool started;
    struct daemon *daemon; /* In its heap. */
    struct host *host;
    bool idle;           /* Wants another turn at once. */
    struct guard *guard; /* Of its raft_io. */
    uv_poll_t *lease_poll;
    struct port *port;                       /* raft_io.c. */
    struct event *deferred, **deferred_tail; /* Events that came while it was frozen. */
    struct process *next;                    /* Of all ever. */
};

enum { OUTLETS = 2, OUTLETS_ALL = 3 };

struct machine {
    uint32_t id;
    char name[8];
    bool on;
    bool frozen;
    unsigned outlets_off; /* Of its power supplies, a bit each: fence_agent.c. */
    uint64_t plug_free_ns[OUTLETS + 1];
    bool tended;    /* An operator has seen that it is off, and sees to it that it stays so. */
    bool wanted_on; /* Once he leaves. */
    uint64_t woke_ns;
    int64_t drift_ppm;  /* Of its boot clock. */
    uint64_t booted_ns; /* When its boot clock was 0. */
    int64_t wall_offset_ms;
    struct process *daemon, *monitor; /* NULL: none. */
    struct disk *disk;
    struct rng rng;    /* Latencies, raft's time-outs, identifiers. */
    struct rng script; /* What resources do. */
    unsigned pause_ms; /* The supervisor's. */
    bool stopping;     /* Stopped by order; stays so until machine_on(). */
    uint64_t daemon_since_ns;
    struct event *restart;
    struct {
        unsigned timeout_s;
        bool magic;
        struct event *reset; /* NULL: it does not count. */
        bool marked;         /* base/reset_mark.h, since this boot. */
    } watchdog;
    unsigned level; /* That the programs on its disk know; in force when its daemon starts. */
    struct config *config;
    uint64_t lease_incarnation; /* What its monitor was last told. */
    uint64_t lease_deadline_ms;
    char last_error[256]; /* Of its daemon's log. */
};

/* What chance decided for a history as a whole. */
struct profile {
    unsigned machines;
    unsigned voters; /* The others begin as stand-bys. */
    unsigned lease_ms, pulse_ms, election_ms, heartbeat_ms, guard_ms;
    unsigned snapshot_threshold, snapshot_trailing;
    unsigned delay_us_min, delay_us_max; /* Of a message. */
    unsigned fsync_us_min, fsync_us_max;
    unsigned lossy_per_mille, duplicate_per_mille; /* While the network is bad. */
    /* Of a resource's life, per mille. */
    unsigned online_fails, online_hangs, offline_fails, offline_hangs, silent, dies, locks;
    unsigned slow_ms_max;
    unsigned level;      /* The functional level that all programs know at first. */
    unsigned watchdog_s; /* The shortest time of each machine's watchdog; 0: they have none. */
};

struct sim {
    uint64_t seed;
    uint64_t now_ns;
    uint64_t steps;          /* Events fired. */
    struct process *current; /* Whose code is running; NULL. */
    struct process *processes;
    unsigned process_count;
    struct profile profile;
    struct machine machines[MACHINES_MAX + 1]; /* By id, from 1. */
    struct rng net;
    bool bad_network; /* Loses, repeats and reorders. */
    bool calm;        /* Faults are over: from now on everything goes well. */
    bool failed;      /* An invariant is broken; first_failure says which. */
    int trace;
    char failure[512];
};
extern struct sim sim;

static inline struct machine *machine_of(uint32_t id)
{
    return id >= 1 && id <= sim.profile.machines ? &sim.machines[id] : NULL;
}

/* machine.c */
void machines_init(void);
void machines_release(void);
void machine_on(struct machine *m);   /* Boots: the daemon starts, which starts its monitor. */
void machine_off(struct machine *m);  /* A power cut. */
void machine_tend(struct machine *m); /* It stays off until machine_leave(). */
void machine_leave(struct machine *m);
void machine_freeze(struct machine *m); /* As a paused virtual machine. */
void machine_thaw(struct machine *m);
void machine_stop(struct machine *m); /* SIGTERM for the daemon: an orderly stop. */
void daemon_kill(struct machine *m);
void monitor_kill(struct machine *m);
void process_freeze(struct process *p);
void process_thaw(struct process *p);
uint64_t machine_boot_ns(const struct machine *m);
/* When its boot clock will show `boot_ns`. */
uint64_t machine_when(const struct machine *m, uint64_t boot_ns);
/* Begins a monitor, as the daemon's fork does. False if there is one. */
bool monitor_start(struct machine *m);

/* process.c */
struct process *process_new(enum process_kind kind, struct machine *m);
/* Run fn(arg) inside `p`, as one event of its loop. */
void process_enter(struct process *p, void (*fn)(void *arg), void *arg);
/* It ends here and now, whatever it was doing: memory, timers, sockets. */
void process_kill(struct process *p);
bool process_is_frozen(const struct process *p);
void processes_release(void);

/* memory.c */
void memory_release(struct process *p);

/* rpc.c: sockets. */
void sockets_of_process_close(struct process *p, bool silently);
void sockets_release(void);

/* network.c */
bool link_is_cut(uint32_t from, uint32_t to);
void link_cut(uint32_t from, uint32_t to);
void links_mend(void);
/* How long a message takes now. */
uint64_t link_delay_ns(uint32_t from, uint32_t to);

/* disk.c: see there for the rest. */
enum disk_mood { DISK_FINE, DISK_SLOW, DISK_FULL, DISK_BROKEN };
struct disk *disk_new(struct machine *m);
void disk_free(struct disk *d);
void disk_set_mood(struct disk *d, enum disk_mood mood);
enum disk_mood disk_mood(const struct disk *d);
/* The process that wrote is gone; `power_cut`: and the page cache with it. */
void disk_on_crash(struct disk *d, bool power_cut);

/* handler.c: the resources. */
void truth_release(void);
void truth_on_monitor_gone(struct machine *m);
struct cluster;
/* Resources have changed groups: what runs of them belongs to their new one. */
void truth_regroup(const struct cluster *c);
/* No two machines run something of the same group: asked now. */
void truth_check(void);
/* From now on `resource` cannot come online on machine `m`, or can again. */
void truth_poison(const char *resource, uint32_t m, bool poisoned);
void truth_heal(void);
/* Things that resources do by themselves; true if there was one to do it. */
bool truth_fail(const char *resource);
bool truth_lock(const char *resource, bool locked);

/* watchdog.c */
enum { WATCHDOG_FD = 79 };
int watchdog_device_open(void);
int watchdog_device_close(void);
void watchdog_device_on_power_cut(struct machine *m);

/* fence_agent.c */
void fence_agents_init(void);
void fence_agents_on_daemon_gone(const struct process *daemon);
void fence_agents_on_power_cut(const struct machine *m);
void fence_agents_on_thaw(const struct machine *m);
/* A device has been told to do something to it, and has not done it yet. */
bool fence_devices_owe(const struct machine *m);

/* oracle.c */
void oracle_init(void);
void oracle_release(void);
void oracle_on_end(void);                    /* At the end of a history: all copies equal. */
uint64_t oracle_index(void);                 /* Highest index that any node has applied. */
uint64_t oracle_attempted_ns(uint32_t node); /* When a fencing of it last began. */
unsigned oracle_level(void);                 /* The functional level by then. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line of the trace; level 1 is what people want to read, 2 is everything. */
void trace(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
