/* Tells when a CPU of this machine ran nothing that it should have run: a hypervisor
 * that gave it to others, most of the time.
 *
 *   chaos-standstill FILE
 *
 * A thread for each CPU, bound to it, in front of everything else there (SCHED_FIFO,
 * its highest priority), sleeps from one point of time to the next. Where it wakes late,
 * that CPU ran nobody in the meantime, whatever its priority: not a monitor that
 * had a service to end. Appends to FILE
 *
 *   watching CPUS
 *   CPU FROM TO
 *
 * once it does, and for each time that it woke more than LATE_NS late. FROM is when it
 * should have woken, so the CPU may have stood still for up to PERIOD_NS before; TO is when
 * it did. Both are CLOCK_BOOTTIME in ns, as in the journals of chaos-service.
 *
 * Without the right to real-time priority (CAP_SYS_NICE) it ends with status 4: a thread
 * that waits for its turn tells nothing about its CPU. Runs until its parent ends. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 2000000u
#define LATE_NS 5000000u
#define NOT_PERMITTED 4

static int file;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what, int error, int status)
{
    fprintf(stderr, "chaos-standstill: %s: %s\n", what, strerror(error));
    exit(status);
}

/* A line is one write() to a file opened for appending: threads do not mix theirs. */
static void say(const char *line)
{
    size_t length = strlen(line);

    if (write(file, line, length) != (ssize_t)length)
        fail("cannot write", errno, 3);
}

static void *watch(void *cpu)
{
    char line[96];

    for (;;) {
        uint64_t due = now_ns() + PERIOD_NS, woke; /* So a slow write is no standstill. */
        struct timespec until = {.tv_sec = (time_t)(due / 1000000000u),
                                 .tv_nsec = (long)(due % 1000000000u)};

        clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
        woke = now_ns();
        if (woke > due + LATE_NS) {
            snprintf(line, sizeof line, "%d %" PRIu64 " %" PRIu64 "\n", (int)(intptr_t)cpu, due,
                     woke);
            say(line);
        }
    }
    return NULL;
}

static void watch_start(int cpu)
{
    pthread_attr_t attr; /* The priority is inherited. */
    pthread_t thread;
    cpu_set_t only;
    int error;

    CPU_ZERO(&only);
    CPU_SET((size_t)cpu, &only);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof only, &only);
    error = pthread_create(&thread, &attr, watch, (void *)(intptr_t)cpu);
    if (error)
        fail("cannot make a thread", error, 3);
    pthread_attr_destroy(&attr);
}

int main(int argc, char **argv)
{
    struct sched_param param = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
    cpu_set_t mine;
    char line[32];

    if (argc != 2) {
        fprintf(stderr, "usage: chaos-standstill FILE\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (sched_getaffinity(0, sizeof mine, &mine))
        fail("cannot tell its CPUs", errno, 3);
    file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0)
        fail(argv[1], errno, 3);
    if (mlockall(MCL_CURRENT | MCL_FUTURE))
        fail("cannot lock its memory", errno, NOT_PERMITTED);
    if (sched_setscheduler(0, SCHED_FIFO, &param))
        fail("cannot take real-time priority", errno, NOT_PERMITTED);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &mine))
            watch_start(cpu);
    snprintf(line, sizeof line, "watching %d\n", CPU_COUNT(&mine));
    say(line);
    for (;;)
        pause();
}
