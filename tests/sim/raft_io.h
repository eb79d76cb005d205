/* raft's I/O in the simulation, as its files share it. */
#ifndef HOLDFAST_SIM_RAFT_IO_H
#define HOLDFAST_SIM_RAFT_IO_H

#include <raft.h>

#include "tests/sim/disk.h"

struct port {
    struct raft_io *io;
    struct process *process;
    struct disk *disk;
    raft_id id;
    unsigned tick_ms;
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    struct event *next_tick;
    raft_io_close_cb closed;
};

static inline struct port *port_of(const struct raft_io *io)
{
    return io->impl;
}

/* With libc's memory. */
uint8_t *copy_of(const void *data, size_t len);
/* In the heap of the process that calls: all in one buffer, as entries of one
 * segment or message are. NULL for none. */
struct raft_entry *entries_read(const struct stored_entry *entries, size_t n);

/* raft_mail.c: the method. */
int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *m,
            raft_io_send_cb cb);

#endif
