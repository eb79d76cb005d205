#include "clusapi/session.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "clusapi/lane.h"
#include "clusapi/route.h"

enum { LANES_MAX = 8, CALL_MS_MAX = 3600 * 1000, STARTING_POLL_MS = 50 };

struct session {
    atomic_uint references;
    struct route *route; /* Owned. */
    struct address home;
    unsigned call_ms;
    pthread_mutex_t mutex; /* Of what follows. */
    pthread_cond_t lane_free;
    struct lane *idle[LANES_MAX]; /* Owned; the one used last at the end. */
    unsigned idle_count;
    unsigned lane_count; /* With those in use. */
};

static unsigned call_ms_wanted(void)
{
    const char *text = secure_getenv("HOLDFAST_TIMEOUT_MS");
    char *end;
    if (text == NULL || *text == '\0')
        return SESSION_CALL_MS;
    errno = 0;
    unsigned long ms = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && ms <= CALL_MS_MAX ? (unsigned)ms : SESSION_CALL_MS;
}

/* A daemon that is just starting says so, and is worth waiting for; one that
 * does not answer may never. */
static uint32_t connect_first(struct lane *first, unsigned timeout_ms)
{
    uint64_t deadline_ms = clock_boot_ms() + timeout_ms;
    uint32_t code;
    while ((code = lane_connect(first, timeout_ms)) == ERROR_NOT_READY &&
           clock_boot_ms() < deadline_ms) {
        const struct timespec pause = {.tv_nsec = STARTING_POLL_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return code;
}

uint32_t session_open(const struct address *home, struct session **ret)
{
    struct session *s = xcalloc(1, sizeof(*s));
    struct lane *first = xcalloc(1, sizeof(*first));

    atomic_init(&s->references, 1);
    s->route = route_new(home);
    s->home = *home;
    s->call_ms = call_ms_wanted();
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->lane_free, NULL);
    lane_init(first, s->route, home);
    s->idle[s->idle_count++] = first;
    s->lane_count = 1;

    uint32_t code = connect_first(first, s->call_ms);
    if (code != ERROR_SUCCESS) {
        session_release(s);
        return code == ERROR_ACCESS_DENIED ? code : (uint32_t)RPC_S_SERVER_UNAVAILABLE;
    }
    *ret = s;
    return ERROR_SUCCESS;
}

struct session *session_retain(struct session *s)
{
    atomic_fetch_add(&s->references, 1);
    return s;
}

void session_release(struct session *s)
{
    if (s == NULL || atomic_fetch_sub(&s->references, 1) != 1)
        return;
    assert(s->idle_count == s->lane_count); /* A call keeps its object, that keeps us. */
    for (unsigned i = 0; i < s->idle_count; i++) {
        lane_release(s->idle[i]);
        free(s->idle[i]);
    }
    pthread_cond_destroy(&s->lane_free);
    pthread_mutex_destroy(&s->mutex);
    route_free(s->route);
    free(s);
}

bool session_is_foreign(const struct session *a, const struct session *b)
{
    struct arena arena = {0};
    const char *name_a = route_cluster_name(a->route, &arena);
    const char *name_b = route_cluster_name(b->route, &arena);
    bool foreign = name_a[0] != '\0' && name_b[0] != '\0' && strcmp(name_a, name_b) != 0;
    arena_release(&arena);
    return foreign;
}

static struct lane *lane_take(struct session *s)
{
    struct lane *l;

    pthread_mutex_lock(&s->mutex);
    while (s->idle_count == 0 && s->lane_count == LANES_MAX)
        pthread_cond_wait(&s->lane_free, &s->mutex);
    if (s->idle_count > 0) {
        l = s->idle[--s->idle_count];
    } else {
        l = xcalloc(1, sizeof(*l));
        lane_init(l, s->route, &s->home);
        s->lane_count++;
    }
    pthread_mutex_unlock(&s->mutex);
    return l;
}

static void lane_give(struct session *s, struct lane *l)
{
    pthread_mutex_lock(&s->mutex);
    s->idle[s->idle_count++] = l;
    pthread_cond_signal(&s->lane_free);
    pthread_mutex_unlock(&s->mutex);
}

uint32_t session_call(struct session *s, const struct call *call, struct arena *a,
                      const struct value **ret_result)
{
    struct lane *l = lane_take(s);
    uint32_t code = lane_call(l, call, s->call_ms, a, ret_result);
    lane_give(s, l);
    return code;
}
