/* The configuration file of holdfastd.
 *
 * An INI file; docs/configuration.md describes every key. Every error is
 * reported with its line, all of them at once, and nothing is started on a
 * file with errors. */
#ifndef HOLDFAST_NODE_CONFIG_H
#define HOLDFAST_NODE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "consensus/consensus.h"
#include "net/address.h"

enum { CONFIG_PEERS_MAX = 64 };

struct config_peer {
    uint32_t id; /* Its raft id: place in the order of the names, from 1. */
    char *name;
    char *address; /* host:port */
    enum consensus_role role;
    bool witness; /* It votes and owns no groups. */
};

/* Milliseconds. */
struct config_timing {
    unsigned lease_ms;
    unsigned pulse_ms;
    unsigned election_ms;
    unsigned heartbeat_ms;
    unsigned guard_ms;
};

struct config {
    /* [node] */
    char *node; /* This node's name. */
    char *data_dir;
    char *socket;  /* Of the API; default /run/holdfast/api.sock. */
    char *log;     /* NULL: standard error. */
    char *monitor; /* Path of holdfast-monitor; default: beside holdfastd. */
    struct address listen;
    bool listen_given;
    bool debug;
    unsigned functional_level; /* The highest that it may know: that of its build, or less. */
    /* [cluster] */
    char *cluster;
    struct config_peer peers[CONFIG_PEERS_MAX]; /* In order of id. */
    unsigned peer_count;
    /* Instead of peers: join the cluster that one of these addresses belongs to. Then
     * this node alone is among the peers, without an id until node/join.h finds it. */
    char *join;    /* HOST:PORT, separated by blanks or commas; NULL. */
    char *address; /* Of this node, as NAME=HOST:PORT would have it; with `join` only. */
    bool fixed_roles;        /* The leader chooses no voters. */
    unsigned voter_grace_ms; /* A voter that is down for so long may be replaced. */
    /* [timing], from the profile where not given. */
    struct config_timing timing;
    char *profile;
    /* [fencing]: what a node does about itself. */
    char *watchdog;   /* NULL: /dev/watchdog. */
    char *self_fence; /* "none", "watchdog", "reboot"; NULL: none. */
};

/* Read `path`. Errors go to `errors`, a line each: "FILE:LINE: text". Returns 0
 * with a config to release, or ERROR_INVALID_DATA, or why it cannot be read. */
uint32_t config_load(const char *path, FILE *errors, struct config *ret);
void config_release(struct config *c);

/* What the file says, one KEY = VALUE a line, as `holdfastd --print` shows it to
 * programs: [node] name, data, socket, log and address (with its role, as in a peer),
 * [cluster] name, join and peers. What is not given and has no default is left out. */
void config_print(const struct config *c, FILE *to);

/* This node among the peers; NULL if it is none of them. */
const struct config_peer *config_self(const struct config *c);

#endif
