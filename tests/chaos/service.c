/* What the groups of scripts/chaos run: says in a journal of its own that it runs.
 *
 *   chaos-service FOLDER
 *
 * One file for each life, named GROUP.TOKEN.NODE.PID, with a line for its start, one
 * for each beat and, if there is time for it, one for its end:
 *
 *   start NS GROUP NODE TOKEN PID
 *   beat NS
 *   stop NS
 *
 * NS is CLOCK_BOOTTIME. All nodes of one machine share that clock, network namespaces
 * and containers too, so what two journals say can be compared exactly: whoever wrote
 * a beat ran then. It tells nothing about clusters of several machines.
 *
 * A line is one write() to a file opened for appending: it is there as a whole even
 * if the process is killed right behind it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BEAT_NS 10000000u

static volatile sig_atomic_t asked_to_stop;

static void on_term(int number)
{
    (void)number;
    asked_to_stop = 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Dies if it cannot be written: a service whose journal has holes proves nothing. */
static void journal_say(int fd, const char *word, const char *rest)
{
    char line[1024];
    int length = snprintf(line, sizeof line, "%s %" PRIu64 "%s\n", word, now_ns(), rest);

    if (length < 0 || (size_t)length >= sizeof line || write(fd, line, (size_t)length) != length) {
        perror("chaos-service: cannot write its journal");
        exit(3);
    }
}

static const char *surroundings(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0' || strpbrk(value, "/ \n") != NULL) {
        fprintf(stderr, "chaos-service: %s must be set, to a word; run it by a resource\n", name);
        exit(2);
    }
    return value;
}

static int journal_open(const char *folder)
{
    const char *group = surroundings("HOLDFAST_GROUP"), *node = surroundings("HOLDFAST_NODE"),
               *token = surroundings("HOLDFAST_TOKEN");
    char path[4096], who[768];
    int fd;

    snprintf(path, sizeof path, "%s/%s.%s.%s.%d", folder, group, token, node, (int)getpid());
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "chaos-service: cannot make %s: %s\n", path, strerror(errno));
        exit(2);
    }
    snprintf(who, sizeof who, " %s %s %s %d", group, node, token, (int)getpid());
    journal_say(fd, "start", who);
    return fd;
}

/* Sleeps to points of time, so that the cost of a beat does not add up. Late, by
 * being frozen for example, it beats at once, and goes on from there. */
static uint64_t beat_wait(uint64_t due)
{
    struct timespec until = {.tv_sec = (time_t)(due / 1000000000u),
                             .tv_nsec = (long)(due % 1000000000u)};
    uint64_t now;

    clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
    now = now_ns();
    return now > due + BEAT_NS ? now + BEAT_NS : due + BEAT_NS;
}

int main(int argc, char **argv)
{
    struct sigaction on_sigterm = {.sa_handler = on_term};
    uint64_t due = now_ns() + BEAT_NS;
    int fd;

    if (argc != 2) {
        fprintf(stderr, "usage: chaos-service FOLDER\n");
        return 2;
    }
    sigaction(SIGTERM, &on_sigterm, NULL);
    fd = journal_open(argv[1]);
    while (!asked_to_stop) {
        due = beat_wait(due);
        if (!asked_to_stop)
            journal_say(fd, "beat", "");
    }
    journal_say(fd, "stop", "");
    return 0;
}
