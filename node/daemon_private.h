/* daemon.c makes all parts; daemon_events.c has what they tell it. */
#ifndef HOLDFAST_NODE_DAEMON_PRIVATE_H
#define HOLDFAST_NODE_DAEMON_PRIVATE_H

#include "node/daemon.h"

/* Whose data is the daemon. */
extern const struct consensus_callbacks daemon_consensus_callbacks;
extern const struct monitor_callbacks daemon_monitor_callbacks;
struct replica_listener daemon_replica_listener(struct daemon *d);
/* Puts the functions in; the data is the caller's. */
void daemon_hear_peers(struct peers_config *config);
void daemon_hear_pulse(struct pulse_config *config);

/* For who takes calls of other nodes (api.h): why this one is not to be listened to, or NULL;
 * and where it says that it is. `data` is the daemon. */
const char *daemon_refuse_peer(uint32_t id, const char *disk, void *data);
void daemon_learn(uint32_t id, const char *address, void *data);

#endif
