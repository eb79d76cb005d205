/* One replicated log of opaque commands: libraft, held safely.
 *
 * Replicates bytes and knows nothing of groups. Whoever is leader proposes;
 * every node applies the same commands in the same order with the same stamps.
 * All commands proposed in one turn of the loop travel in one raft entry (a
 * *batch*, see batch.h), each answered for itself; reads that must be
 * linearizable wait for such an entry too and share it.
 *
 * How libraft is held, and why, stands next to each safeguard: guard.h
 * (fail-stop, acknowledged entries, snapshot installation), disk_check.h
 * (corrupt files), image.h (snapshot checksums), transport.h (connections).
 *
 * Loop thread only. Nothing here blocks but consensus_open(), which reads the
 * data directory. */
#ifndef HOLDFAST_CONSENSUS_CONSENSUS_H
#define HOLDFAST_CONSENSUS_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/value.h"

struct consensus;
struct rpc_conn;
struct rpc_request;

enum consensus_role {
    CONSENSUS_STANDBY = 0, /* Gets the log, does not vote. */
    CONSENSUS_VOTER = 1,
    CONSENSUS_SPARE = 2, /* Just added: gets nothing yet. */
};

/* A member of the first configuration. */
struct consensus_server {
    uint32_t id;         /* > 0 */
    const char *address; /* host:port, a name or an address. */
    enum consensus_role role;
};

enum {
    COMMAND_BYTES_MAX = 1 << 20, /* Of one command. */
    PROPOSALS_MAX = 16384,       /* Waiting for their entry to be committed. */
};

struct consensus_callbacks {
    /* Apply one committed command. `position` counts entries and is the same
     * on every node; `stamp_ms` is the wall clock of the leader that proposed
     * it. `request` is what this process gave to consensus_propose(), NULL for
     * everything that others, or a former life, proposed. */
    void (*apply)(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                  void *request, void *data);
    /* After the last command of an entry; also for entries without any. */
    void (*applied)(uint64_t position, void *data);
    /* What became of a proposal or barrier: 0, committed and applied (apply()
     * has been called with it); ERROR_NOT_READY, not proposed, this node does
     * not lead; ERROR_RETRY, leadership was lost on the way: it may or may not
     * have happened; ERROR_DISK_FULL, refused: a majority has no room. Exactly
     * once for each, never from inside consensus_propose(). */
    void (*finished)(void *request, uint32_t code, void *data);
    /* Append the whole state to `out`. Must not take long: the loop waits. */
    void (*snapshot)(struct bytes *out, void *data);
    /* Replace the whole state. Returns 0, or an error code if these bytes are no
     * state of ours: the process then stops. */
    uint32_t (*restore)(const uint8_t *state, size_t len, void *data);
    /* The highest stamp in the state, asked for after restore(); NULL: it keeps none. */
    uint64_t (*reached_ms)(void *data);
    /* This node's view of who leads changed: `leader` is 0 if nobody is known. */
    void (*leadership)(uint32_t leader, uint64_t term, bool is_self, void *data);
    /* May the node `id`, whose data directory is `disk`, take part? NULL if so,
     * else the reason. Asked on every connection, in both directions. */
    const char *(*refuse_peer)(uint32_t id, const char *disk, void *data);
    /* A node of a later epoch says that the cluster went on without this one. May be NULL. */
    void (*outlived)(const char *message, void *data);
    /* Where the node `id` is to be reached, if somebody knows better than the configuration,
     * which keeps the address that the node was added with; else NULL. May be NULL. */
    const char *(*address_of)(uint32_t id, void *data);
    /* Going on is unsafe. Logs and ends the process; does not return. Whoever
     * supervises it starts it anew, and it recovers from its disk. */
    void (*fatal)(const char *message, void *data) __attribute__((noreturn));
};

struct consensus_config {
    const char *dir;     /* Exists; raft's own folder. */
    const char *cluster; /* Name; peers of another cluster are refused. */
    uint32_t id;
    const char *address;                    /* Own, as the others know it. */
    const char *disk;                       /* Identity of this data directory. */
    uint32_t epoch;                         /* Peers of another one are refused. 0: 1. */
    bool alone; /* Before the start, force a configuration of this node alone into the log:
                 * a majority is lost for good. Done again it changes nothing. */
    const struct consensus_server *servers; /* The first configuration, the same on every
                                             * node of it; used only on an empty directory. */
    unsigned server_count; /* 0: this node will be added to a cluster that exists. */
    unsigned election_ms;  /* T; elections start after T to 2T of silence. */
    unsigned heartbeat_ms;
    unsigned snapshot_threshold; /* Entries; 0: 8192. */
    unsigned snapshot_trailing;  /* 0: 8192. */
};

/* Check the directory, load it, start. `snapshot` etc. may be called from
 * inside. Returns 0 with *ret, or an error code with *ret_why (to free) that
 * names the file and what to do. */
uint32_t consensus_open(uv_loop_t *loop, const struct consensus_config *config,
                        const struct consensus_callbacks *callbacks, void *data,
                        struct consensus **ret, char **ret_why);
/* Stop taking part; `done` is called from the loop once all is released,
 * proposals still waiting are finished before with ERROR_RETRY. */
void consensus_close(struct consensus *c, void (*done)(void *data), void *data);

/* PROPOSALS_MAX are waiting: whoever speaks for clients is to hold back. Pulses
 * and their like go on, or overload would cost nodes their leases. */
bool consensus_is_full(const struct consensus *c);
/* Propose a command (copied). The answer comes through finished(). */
void consensus_propose(struct consensus *c, const void *command, size_t len, void *request);
/* Ask for an entry: when finished(request, 0) comes, everything committed
 * before this call has been applied here. */
void consensus_barrier(struct consensus *c, void *request);

bool consensus_is_leader(const struct consensus *c);
/* It leads and has applied an entry of its own term, so everything that former
 * leaders committed is applied here too (Raft thesis, section 6.4, step 1). */
bool consensus_is_settled(const struct consensus *c);
uint32_t consensus_leader(const struct consensus *c); /* 0: nobody known. */
uint64_t consensus_term(const struct consensus *c);
uint64_t consensus_position(const struct consensus *c); /* Entries applied. */
/* From inside apply() and applied(): when that entry came to this node's log, on
 * clock_boot_ms(); now, if it has been there since a former life. An entry may wait long to
 * be committed: for the next leader, if its own dies. Never before it was proposed. */
uint64_t consensus_arrived_ms(const struct consensus *c);
enum consensus_role consensus_role(const struct consensus *c);
/* Of any node, by the newest configuration here; false if it is in none. */
bool consensus_role_of(const struct consensus *c, uint32_t id, enum consensus_role *ret);
/* For how long this node's disk has owed the oldest entry; 0: nothing. */
uint64_t consensus_writing_ms(const struct consensus *c);
/* Its disk has room for less than a segment of the log, and not for another: room.h. */
bool consensus_is_low(const struct consensus *c);
uint64_t consensus_snapshots(const struct consensus *c); /* Taken by this process. */

/* Where the log of this node ends: what raft compares in an election, the term first. */
struct consensus_end {
    uint64_t term, index;
    uint64_t committed; /* So far is known to be on a majority. */
};
void consensus_log_end(const struct consensus *c, struct consensus_end *ret);

/* The highest id of the newest configuration here; 0: it is empty. */
uint32_t consensus_highest_id(const struct consensus *c);
/* A server of the newest configuration here, by position from 0; false beyond the last.
 * `ret->address` is borrowed until the loop turns. */
bool consensus_server_at(const struct consensus *c, unsigned position,
                         struct consensus_server *ret);

/* Of a server of the newest configuration, as it was added; NULL: it is in none. */
const char *consensus_address(const struct consensus *c, uint32_t id);

/* Hand leadership to the best other voter; ends by itself. */
void consensus_transfer(struct consensus *c);

/* Changes of the configuration, one at a time (members.c says what libraft asks for).
 * Each returns 0 if it was begun: whether it came about is read off the configuration,
 * once consensus_is_changing() is false again; it may fail, as with the leadership.
 * ERROR_NOT_READY: this node does not lead, or not for long enough; ERROR_BUSY: a change
 * is under way; ERROR_INVALID_PARAMETER: it is so already, or there is no such server.
 *
 * A new server is a spare at first; it becomes a stand-by, then a voter. To become a
 * voter it first catches up, which fails after seconds if it cannot. */
uint32_t consensus_add(struct consensus *c, uint32_t id, const char *address);
uint32_t consensus_assign(struct consensus *c, uint32_t id, enum consensus_role role);
uint32_t consensus_remove(struct consensus *c, uint32_t id);
bool consensus_is_changing(const struct consensus *c);

/* A peer asks on `conn` to be connected for raft ("raft.connect"): answers
 * `request` and takes the connection over, or refuses. */
void consensus_accept(struct consensus *c, struct rpc_conn *conn, struct rpc_request *request,
                      const struct value *params);

#endif
