/* A service to be watched: it appends what it does to a journal, a line each,
 * with the time since boot, which is one clock for all nodes of one machine:
 *
 *   TIME_NS start|beat|stop NODE RESOURCE PID TOKEN
 *
 *   beat JOURNAL [INTERVAL_MS]     0: no beats */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "-";
}

/* One write each: lines of many services in one file stay whole. */
static void tell(int journal, const char *what)
{
    char line[512];
    struct timespec now;
    int len;

    clock_gettime(CLOCK_BOOTTIME, &now);
    len = snprintf(line, sizeof(line), "%" PRIu64 " %s %s %s %d %s\n",
                   (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, what,
                   environment("HOLDFAST_NODE"), environment("HOLDFAST_RESOURCE"), (int)getpid(),
                   environment("HOLDFAST_TOKEN"));
    if (len < 0 || (size_t)len >= sizeof(line) || write(journal, line, (size_t)len) != len)
        exit(1);
}

int main(int argc, char **argv)
{
    struct timespec interval = {0};
    sigset_t set;
    long ms = argc > 2 ? strtol(argv[2], NULL, 10) : 2;
    int journal;

    if (argc < 2) {
        fprintf(stderr, "usage: beat JOURNAL [INTERVAL_MS]\n");
        return 2;
    }
    journal = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (journal < 0) {
        perror(argv[1]);
        return 1;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    interval.tv_sec = ms / 1000;
    interval.tv_nsec = ms % 1000 * 1000000;
    tell(journal, "start");
    if (ms > 0) {
        while (sigtimedwait(&set, NULL, &interval) < 0)
            tell(journal, "beat");
    } else {
        while (sigwaitinfo(&set, NULL) < 0)
            continue;
    }
    tell(journal, "stop");
    return 0;
}
