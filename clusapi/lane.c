#include "clusapi/lane.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

enum {
    CONNECT_MS = 2000,
    /* A node that is cut off or stopped must not use up the whole time of a
     * call: after this long another one is asked, under the same sequence. */
    ATTEMPT_MS = 5000,
    ANSWER_GRACE_MS = 1000, /* For the answer that the node gives at the end of that. */
    BACKOFF_MS_MIN = 20,
    BACKOFF_MS_MAX = 1000,
};

static uint64_t random_id(void)
{
    uint64_t id = 0;
    /* Eight bytes come whole or not at all, once the kernel's pool is ready. */
    while (id == 0) {
        if (getrandom(&id, sizeof(id), 0) != sizeof(id) && errno != EINTR)
            abort();
    }
    return id;
}

void lane_init(struct lane *l, struct route *route, const struct address *first)
{
    *l = (struct lane){.route = route, .address = *first, .id = random_id()};
}

static void lane_disconnect(struct lane *l)
{
    client_close(l->client);
    l->client = NULL;
}

void lane_release(struct lane *l)
{
    lane_disconnect(l);
}

uint32_t lane_connect(struct lane *l, unsigned timeout_ms)
{
    static const struct call call = {.method = "cluster.status", .stale = true};
    unsigned connect_ms = timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS;
    const struct value *status = NULL;
    const char *message = NULL;
    struct bytes params = BYTES_INIT;
    struct arena a = {0};

    assert(l->client == NULL);
    uint32_t code = client_open(&l->address, connect_ms, &l->client, NULL);
    if (code != ERROR_SUCCESS) {
        l->client = NULL;
        return code;
    }
    call_encode(&call, 0, 0, timeout_ms, &params);
    code = client_call(l->client, call.method, &params, timeout_ms, &a, &status, &message);
    if (code == ERROR_SUCCESS && !route_learn(l->route, status))
        code = RPC_S_SERVER_UNAVAILABLE;
    if (code != ERROR_SUCCESS)
        lane_disconnect(l);
    bytes_release(&params);
    arena_release(&a);
    return code;
}

/* Says nothing of the call itself: another node, or the same one later, may
 * well carry it out. */
static bool is_transient(uint32_t code)
{
    switch (code) {
    case ERROR_NOT_READY:
    case ERROR_CONNECTION_ABORTED:
    case ERROR_TIMEOUT:
    case RPC_S_INVALID_BINDING:
    case RPC_S_SERVER_UNAVAILABLE:
    case RPC_S_SERVER_TOO_BUSY:
    case RPC_S_CALL_FAILED:
    case RPC_S_CALL_FAILED_DNE:
    case EPT_S_NOT_REGISTERED:
    case ERROR_CLUSTER_NODE_NOT_READY:
    case ERROR_CLUSTER_NODE_SHUTTING_DOWN:
    case ERROR_CLUSTER_NO_QUORUM:
        return true;
    default:
        return false;
    }
}

static void sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Turn to the next address; after a whole round, wait a little first. */
static void lane_turn(struct lane *l, uint64_t *backoff_ms, uint64_t deadline_ms)
{
    bool wrapped;
    lane_disconnect(l);
    route_next(l->route, &l->address, &wrapped);
    if (!wrapped)
        return;
    uint64_t now_ms = clock_boot_ms();
    uint64_t left_ms = now_ms < deadline_ms ? deadline_ms - now_ms : 0;
    sleep_ms(*backoff_ms < left_ms ? *backoff_ms : left_ms);
    *backoff_ms = *backoff_ms * 2 < BACKOFF_MS_MAX ? *backoff_ms * 2 : BACKOFF_MS_MAX;
}

/* One attempt, at l->address. */
static uint32_t lane_attempt(struct lane *l, const char *method, const struct bytes *params,
                             unsigned left_ms, struct arena *a, const struct value **ret_result)
{
    unsigned attempt_ms = left_ms < ATTEMPT_MS ? left_ms : ATTEMPT_MS;
    const char *message = NULL;

    if (l->client == NULL) {
        uint32_t code = lane_connect(l, attempt_ms);
        /* Whatever is wrong with it, it is not the call. */
        if (code != ERROR_SUCCESS)
            return is_transient(code) || code == ERROR_ACCESS_DENIED ? code
                                                                     : RPC_S_SERVER_UNAVAILABLE;
    }
    uint32_t code = client_call(l->client, method, params, attempt_ms + ANSWER_GRACE_MS, a,
                                ret_result, &message);
    if (is_transient(code))
        lane_disconnect(l);
    return code;
}

uint32_t lane_call(struct lane *l, const struct call *call, unsigned timeout_ms, struct arena *a,
                   const struct value **ret_result)
{
    uint64_t deadline_ms = clock_boot_ms() + timeout_ms;
    uint64_t backoff_ms = BACKOFF_MS_MIN;
    unsigned left_ms = timeout_ms;
    struct bytes params = BYTES_INIT;
    uint32_t code;

    /* Encoded once: every repetition is the same call, byte for byte. */
    call_encode(call, call->changing ? l->id : 0, call->changing ? ++l->seq : 0,
                timeout_ms < ATTEMPT_MS ? timeout_ms : ATTEMPT_MS, &params);
    for (;;) {
        bool fresh = l->client == NULL;
        code = lane_attempt(l, call->method, &params, left_ms, a, ret_result);
        if (!is_transient(code) && l->client != NULL)
            break;
        uint64_t now_ms = clock_boot_ms();
        if (now_ms >= deadline_ms)
            break;
        left_ms = (unsigned)(deadline_ms - now_ms);
        /* A connection that was open may only be a daemon that has been
         * restarted: the same node gets a second chance. */
        if (fresh || code != RPC_S_CALL_FAILED)
            lane_turn(l, &backoff_ms, deadline_ms);
    }
    bytes_release(&params);
    return code;
}
