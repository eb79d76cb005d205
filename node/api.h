/* The API: every method of docs/api.md, on the Unix socket and on TCP, and
 * what nodes and raft say to each other on the same port.
 *
 * Input is checked whole before anything else happens: names, flags, property
 * lists, types. Who may change things: on the Unix socket root and the user
 * that the daemon runs as; on TCP, until nodes and callers have identities,
 * everybody who can reach it, which is why it listens on loopback unless told
 * otherwise. Loop thread. */
#ifndef HOLDFAST_NODE_API_H
#define HOLDFAST_NODE_API_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "groupmgr/groupmgr.h"
#include "net/address.h"
#include "node/views.h"

struct api;
struct calls;
struct fence;
struct peers;
struct pulse;
struct replica;

struct api_config {
    uv_loop_t *loop;
    const char *socket; /* Borrowed, like all texts here. */
    const struct address *listen;
    const char *cluster;
    const char *disk;
    const char *raft_dir;
    uint32_t self;
    uint32_t epoch; /* consensus/epoch.h. */
    unsigned lease_ms;
    const struct config *file; /* What this node was started with. */
    struct replica *replica;
    struct calls *calls;
    struct pulse *pulse;
    struct executor *executor;
    struct fence *fence;
    struct peers *peers;
    bool witness; /* Says this node's file. */
    const char *(*refuse_peer)(uint32_t id, const char *disk, void *data);
    /* Go on with this node alone as `epoch`: 0, and soon the process ends and is started
     * again, or why it could not be written down. */
    uint32_t (*recover)(uint32_t epoch, void *data);
    /* A node that was not refused says where it is to be dialled. */
    void (*learn)(uint32_t id, const char *address, void *data);
    void *data;
};

/* Opens both servers. Returns 0, or a code with *ret_why (to free). */
uint32_t api_open(const struct api_config *config, struct api **ret, char **ret_why);
/* From now on calls are answered; before, they get ERROR_NOT_READY. */
void api_start(struct api *a, struct consensus *consensus);
void api_close(struct api *a);
void api_free(struct api *a); /* Once the loop has run. */

/* A command was applied: tells those who follow events. */
void api_on_command(struct api *a);

#endif
