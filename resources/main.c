/* holdfast-monitor: runs the resources of one node. Started by holdfastd, which
 * it outlives; docs/resource-types.md says what it runs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "resources/host.h"
#include "resources/realtime.h"

static const char usage[] =
    "usage: holdfast-monitor --dir DIR --node NAME [--log FILE] [--detach]\n"
    "                        [--self-fence none|watchdog|reboot] [--watchdog DEVICE]\n"
    "\n"
    "Runs the resources of node NAME. Its socket, lock and pid file are in DIR.\n"
    "\n"
    "  --dir DIR     folder of this node's monitor; must exist\n"
    "  --node NAME   the node's name, told to what it runs\n"
    "  --log FILE    append the log to FILE; standard error without it\n"
    "  --detach      return as soon as it serves, leaving it in the background\n"
    "  --self-fence HOW   if something outlives the lease: reset this machine\n"
    "  --watchdog DEVICE  of --self-fence watchdog; /dev/watchdog without it\n"
    "  --help        this text\n";

/* Daemons probe the lock for an instant. */
enum { LOCK_TRIES = 20, LOCK_RETRY_US = 25000 };

struct options {
    const char *dir, *node, *log, *watchdog;
    enum self_fence self_fence;
    bool detach;
};

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option longs[] = {
        {"dir", required_argument, NULL, 'd'},
        {"node", required_argument, NULL, 'n'},
        {"log", required_argument, NULL, 'l'},
        {"detach", no_argument, NULL, 'D'},
        {"self-fence", required_argument, NULL, 's'},
        {"watchdog", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'd':
            ret->dir = optarg;
            break;
        case 'n':
            ret->node = optarg;
            break;
        case 'l':
            ret->log = optarg;
            break;
        case 'w':
            ret->watchdog = optarg;
            break;
        case 's':
            if (self_fence_parse(optarg, &ret->self_fence))
                break;
            fputs(usage, stderr);
            return 2;
        case 'D':
            ret->detach = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (ret->dir == NULL || ret->node == NULL || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    return -1;
}

/* What the daemon had open or meant for itself must not reach the resources. */
static void shed_inheritance(void)
{
    static const char *const mine[] = {"NOTIFY_SOCKET",  "LISTEN_FDS",    "LISTEN_PID",
                                       "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"};

    close_range(3, ~0u, 0);
    for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
        unsetenv(mine[i]);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* Returns the descriptor, or -1 with errno. */
static int take_lock(const char *dir)
{
    char *path = xasprintf("%s/monitor.lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    free(path);
    for (unsigned i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        int errnum = errno;
        if (errnum != EWOULDBLOCK || i == LOCK_TRIES) {
            close(fd);
            errno = errnum;
            return -1;
        }
        usleep(LOCK_RETRY_US);
    }
    return fd;
}

static void write_pid(const char *dir)
{
    char *path = xasprintf("%s/monitor.pid", dir);
    FILE *f = fopen(path, "we");

    if (f == NULL || fprintf(f, "%d\n", (int)getpid()) < 0)
        log_warn("monitor", "cannot write %s: %s", path, strerror(errno));
    if (f != NULL)
        fclose(f);
    free(path);
}

static void remove_pid(const char *dir)
{
    char *path = xasprintf("%s/monitor.pid", dir);

    unlink(path);
    free(path);
}

/* Go to the background; the one left in front waits for a byte, which says that
 * the monitor serves. Returns the descriptor to write it to. */
static int detach(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    if (pipe2(ready, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        fprintf(stderr, "holdfast-monitor: cannot detach: %s\n", strerror(errno));
        exit(1);
    }
    if (pid > 0) {
        close(ready[1]);
        /* No exit handlers: they are the child's now. */
        _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ready[0]);
    setsid();
    return ready[1];
}

static int serve(const struct options *o, int lock_fd, int ready_fd)
{
    struct host_config config = {.dir = o->dir,
                                 .node = o->node,
                                 .lock_fd = lock_fd,
                                 .self_fence = o->self_fence,
                                 .watchdog = o->watchdog};
    char message[512];
    struct host *host;
    uv_loop_t loop;

    realtime_enter();
    uv_loop_init(&loop);
    if (host_open(&loop, &config, &host, message, sizeof(message)) != 0) {
        log_error("monitor", "%s", message);
        uv_loop_close(&loop);
        return 1;
    }
    write_pid(o->dir);
    log_info("monitor", "serving node %s in %s, process %d", o->node, o->dir, (int)getpid());
    if (ready_fd >= 0) {
        if (write(ready_fd, "", 1) != 1)
            log_warn("monitor", "whoever started it did not wait");
        close(ready_fd);
    }
    host_run(host);
    remove_pid(o->dir);
    uv_loop_close(&loop);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.watchdog = "/dev/watchdog"};
    int lock_fd, rc, ready_fd = -1;
    char *dir;

    rc = parse_options(argc, argv, &o);
    if (rc >= 0)
        return rc;
    dir = realpath(o.dir, NULL);
    if (dir == NULL) {
        fprintf(stderr, "holdfast-monitor: folder %s: %s\n", o.dir, strerror(errno));
        return 1;
    }
    o.dir = dir;
    shed_inheritance();
    if (o.detach)
        ready_fd = detach();
    rc = 1;
    if (log_open(o.log, o.node, LOG_INFO_) != 0) {
        fprintf(stderr, "holdfast-monitor: cannot open the log %s\n", o.log);
        goto free_dir;
    }
    lock_fd = take_lock(dir);
    if (lock_fd < 0) {
        log_error("monitor", "cannot lock %s/monitor.lock: %s", dir,
                  errno == EWOULDBLOCK ? "another monitor, or what it ran, still lives there"
                                       : strerror(errno));
        goto free_dir;
    }
    if (chdir("/") != 0)
        log_warn("monitor", "cannot change to /: %s", strerror(errno));
    /* The lock goes with the process, not before it. */
    rc = serve(&o, lock_fd, ready_fd);

free_dir:
    free(dir);
    return rc;
}
