/* One call of a fence agent, as the Debian package `fence-agents` ships them.
 *
 * The protocol is ClusterLabs' FenceAgentAPI: "name=value" lines on standard
 * input, the last of them the action; the exit status is the answer. For
 * `status` and `monitor` 0 says on (reachable), 2 off, all else failed; for
 * others 0 says done. A time-out is a failure, never a success.
 *
 * An agent's word that it has done something is not believed here: who calls
 * asks for the status afterwards (node/fence.h).
 *
 * The agent is a child of this process in a session of its own. Starting it,
 * feeding it and reading it never block the loop. At the end of its time its whole
 * session's process group is killed, and the kernel kills it when this process
 * dies (setpriv --pdeathsig): an agent nobody waits for must not go on switching
 * power. Of its output at most FENCE_TEXT_MAX bytes are kept, its last words,
 * with the values of all parameters that may not be shown (base/secret.h)
 * struck out. SIGPIPE must be ignored. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_FENCE_AGENT_H
#define HOLDFAST_RESOURCES_FENCE_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { FENCE_TEXT_MAX = 200, FENCE_PARAMETERS_MAX = 64 };

enum fence_outcome {
    FENCE_DONE,    /* Exit status 0: done; of status, monitor: on. */
    FENCE_OFF,     /* Exit status 2, of status and monitor: off. */
    FENCE_FAILED,  /* Any other end. */
    FENCE_TIMEOUT, /* Killed at the end of its time. */
};
const char *fence_outcome_name(enum fence_outcome o); /* "done", "off", ... */

struct fence_parameter {
    const char *name, *value;
};

/* Borrowed during fence_agent_start(). */
struct fence_call {
    const char *agent;  /* "fence_ipmilan": of /usr/sbin; or an absolute path. */
    const char *action; /* "off", "on", "reboot", "status", "monitor", "metadata". */
    const char *node;   /* Told as nodename; NULL: none. */
    const struct fence_parameter *parameters;
    unsigned parameter_count;
    unsigned timeout_ms; /* From the start to the last word; not 0. */
};

struct fence_agent;
/* The last that is heard of `f`. `text` is one line, "" if it said nothing. */
typedef void (*fence_agent_done)(enum fence_outcome outcome, const char *text, void *data);

/* Returns 0, then done() is called from the loop; or why it cannot be started:
 * ERROR_INVALID_PARAMETER for a parameter that the protocol cannot carry,
 * ERROR_FILE_NOT_FOUND and such for the agent; then nothing has happened. */
uint32_t fence_agent_start(uv_loop_t *loop, const struct fence_call *call, fence_agent_done done,
                           void *data, struct fence_agent **ret);
/* Kill it; done() is not called. Freed once the loop has run. */
void fence_agent_cancel(struct fence_agent *f);

#endif
