/* getaddrinfo() takes no deadline and cannot be interrupted; so it runs in a
 * thread of its own, which is left behind if it takes too long. */
#include "net/resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "net/socket.h"

/* Owned by the thread once its asker has abandoned it, else by the asker. */
struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool done;
    bool abandoned;
    int rc;
    struct addrinfo *list;
    char *host;
    char service[8];
};

static struct lookup *lookup_new(const char *host, uint16_t port)
{
    struct lookup *l = xcalloc(1, sizeof *l);
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&l->ready, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&l->lock, NULL);
    l->host = xstrdup(host);
    snprintf(l->service, sizeof l->service, "%u", (unsigned)port);
    return l;
}

static void lookup_free(struct lookup *l)
{
    if (l->list != NULL)
        freeaddrinfo(l->list);
    pthread_cond_destroy(&l->ready);
    pthread_mutex_destroy(&l->lock);
    free(l->host);
    free(l);
}

static void *lookup_run(void *data)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    struct lookup *l = data;
    bool abandoned;
    int rc = getaddrinfo(l->host, l->service, &hints, &list);

    pthread_mutex_lock(&l->lock);
    l->rc = rc;
    l->list = rc == 0 ? list : NULL;
    l->done = true;
    abandoned = l->abandoned;
    pthread_cond_signal(&l->ready);
    pthread_mutex_unlock(&l->lock);
    if (abandoned)
        lookup_free(l);
    return NULL;
}

/* With every signal blocked: the handlers are the program's, and must not run
 * in a thread that it does not know of. */
static bool lookup_start(struct lookup *l)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    rc = pthread_create(&thread, &attributes, lookup_run, l);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc == 0;
}

static struct timespec time_after(unsigned ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

const char *resolve(const char *host, uint16_t port, unsigned timeout_ms, struct addrinfo **ret)
{
    struct timespec deadline = time_after(timeout_ms);
    struct addrinfo *literal = socket_literal(host, port);
    struct lookup *l;
    const char *why = NULL;

    if (literal != NULL) {
        *ret = literal;
        return NULL;
    }
    l = lookup_new(host, port);
    if (!lookup_start(l)) {
        lookup_free(l);
        return "no thread for the name look-up";
    }
    pthread_mutex_lock(&l->lock);
    while (!l->done && pthread_cond_timedwait(&l->ready, &l->lock, &deadline) == 0)
        continue;
    if (!l->done) {
        l->abandoned = true;
        pthread_mutex_unlock(&l->lock);
        return "the name look-up timed out";
    }
    pthread_mutex_unlock(&l->lock);
    if (l->rc != 0) {
        why = gai_strerror(l->rc);
    } else {
        *ret = l->list;
        l->list = NULL;
    }
    lookup_free(l);
    return why;
}
