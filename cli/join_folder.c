/* The data folder of a node that joins: whether anything lives in it, and how its content
 * is set aside. node/identity.h says what is in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/reset_mark.h"
#include "cli/join.h"
#include "cli/output.h"

enum { MONITOR_MS = 20000, POLL_MS = 50 }; /* A lease and terminating, and some. */

static const char *path_in(const struct join *j, const char *name)
{
    return arena_printf(&j->cli->arena, "%s/%s", j->data, name);
}

/* ------------------------------------------------------------------- looking */

static bool exists(const struct join *j, const char *name)
{
    return access(path_in(j, name), F_OK) == 0;
}

void join_read_folder(struct join *j)
{
    FILE *f = fopen(path_in(j, "identity"), "re");
    char line[64] = "";

    if (f != NULL && fgets(line, sizeof(line), f) == NULL)
        line[0] = '\0';
    if (f != NULL)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    j->disk = f != NULL ? arena_strndup(&j->cli->arena, line, strlen(line)) : NULL;
    /* An identity alone is of a daemon that nobody has let join yet. */
    j->begun = exists(j, "member") || exists(j, "raft/metadata1") || exists(j, "raft/metadata2") ||
               exists(j, "diverged");
    j->rejoins = exists(j, "rejoin");
}

static bool is_locked(const struct join *j, const char *name)
{
    int fd = open(path_in(j, name), O_RDWR | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return locked;
}

bool join_is_running(const struct join *j)
{
    return j->lock < 0 && is_locked(j, "lock");
}

/* Was process `pid` started as `holdfastd ... FILE`? */
static bool runs_with(const struct join *j, const char *pid)
{
    const char *path = arena_printf(&j->cli->arena, "/proc/%s/cmdline", pid);
    FILE *f = fopen(path, "re");
    char words[8192];
    bool found = false;

    if (f == NULL)
        return false;
    size_t len = fread(words, 1, sizeof(words) - 1, f);
    fclose(f);
    words[len] = '\0';
    const char *slash = strrchr(words, '/');
    if (strcmp(slash != NULL ? slash + 1 : words, "holdfastd") != 0)
        return false;
    for (size_t at = strlen(words) + 1; at < len; at += strlen(words + at) + 1) {
        const char *equals = strncmp(words + at, "--config=", 9) == 0 ? words + at + 9 : words + at;
        found |= strcmp(equals, j->config) == 0;
    }
    return found;
}

pid_t join_supervisor(const struct join *j)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    pid_t pid = 0;

    while (proc != NULL && pid == 0 && (entry = readdir(proc)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && runs_with(j, entry->d_name))
            pid = (pid_t)atol(entry->d_name);
    if (proc != NULL)
        closedir(proc);
    return pid;
}

/* ------------------------------------------------------------------- locking */

static int cannot(struct join *j, const char *what, const char *path)
{
    int error = errno;

    cli_report(j->cli, j->about, error_from_errno(error),
               arena_printf(&j->cli->arena, "cannot %s %s: %s", what, path, strerror(error)),
               error == EACCES || error == EPERM ? "run it as root, or as the user of holdfastd"
               : error == EBUSY || error == EXDEV
                   ? "it is a mount of its own: move its content away by hand, and repeat"
                   : NULL);
    return CLI_FAILED;
}

/* As the daemon and the monitor make them: whoever has the lock lives in the folder. */
static int take_lock(struct join *j, const char *name, uint64_t until_ms, int *ret_fd)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    const char *path = path_in(j, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return cannot(j, "open", path);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_boot_ms() >= until_ms) {
            close(fd);
            cli_report(
                j->cli, j->about, ERROR_BUSY,
                arena_printf(&j->cli->arena, "%s is held: something of this node still runs", path),
                "stop it first: systemctl stop holdfastd, or SIGTERM");
            return CLI_FAILED;
        }
        nanosleep(&pause, NULL);
    }
    *ret_fd = fd;
    return CLI_DONE;
}

/* With the monitor's lock nothing runs any more, but for that. */
static int check_reset(struct join *j)
{
    if (!reset_mark_is_set(j->data))
        return CLI_DONE;
    cli_report(j->cli, j->about, ERROR_BUSY,
               arena_printf(&j->cli->arena,
                            "%s is set: what only a reset of this machine ends may still run",
                            path_in(j, "monitor.reset")),
               "reboot this machine first");
    return CLI_FAILED;
}

/* A mount within the folder could not be moved: found out before anything is. */
static int check_mounts(struct join *j)
{
    struct stat folder, raft;

    if (stat(j->data, &folder) != 0 || stat(path_in(j, "raft"), &raft) != 0 ||
        folder.st_dev == raft.st_dev)
        return CLI_DONE;
    errno = EXDEV;
    return cannot(j, "set aside", path_in(j, "raft"));
}

int join_lock_folder(struct join *j)
{
    int status;

    if (mkdir(j->data, 0700) != 0 && errno != EEXIST)
        return cannot(j, "make folder", j->data);
    status = take_lock(j, "lock", 0, &j->lock);
    if (status == CLI_DONE)
        status = take_lock(j, "monitor.lock", clock_boot_ms() + MONITOR_MS, &j->monitor_lock);
    if (status == CLI_DONE)
        status = check_reset(j);
    if (status == CLI_DONE)
        status = check_mounts(j);
    if (status != CLI_DONE)
        join_unlock_folder(j);
    return status;
}

void join_unlock_folder(struct join *j)
{
    if (j->monitor_lock >= 0)
        close(j->monitor_lock);
    if (j->lock >= 0)
        close(j->lock);
    j->lock = j->monitor_lock = -1;
}

/* ---------------------------------------------------------------- setting aside */

static int write_mark(struct join *j, const char *name, const char *text)
{
    const char *path = path_in(j, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int status = CLI_DONE;

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) != 0)
        status = cannot(j, "write", path);
    if (fd >= 0)
        close(fd);
    return status;
}

static void sync_folder(const struct join *j)
{
    int fd = open(j->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Never deleted. Into a folder in the folder: that works also where it is a mount. */
static int make_aside(struct join *j)
{
    struct arena *a = &j->cli->arena;
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm utc;
    char stamp[32];

    gmtime_r(&now, &utc);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
    j->set_aside = arena_printf(a, "%s/old-%s", j->data, stamp);
    for (unsigned n = 2; mkdir(j->set_aside, 0700) != 0; n++) {
        if (errno != EEXIST || n > 1000)
            return cannot(j, "make folder", j->set_aside);
        j->set_aside = arena_printf(a, "%s/old-%s-%u", j->data, stamp, n);
    }
    return CLI_DONE;
}

static int move(struct join *j, const char *name)
{
    const char *to = arena_printf(&j->cli->arena, "%s/%s", j->set_aside, name);

    if (rename(path_in(j, name), to) != 0 && errno != ENOENT)
        return cannot(j, "set aside", path_in(j, name));
    return CLI_DONE;
}

/* Logs stay: they tell what happened. The locks stay, or they would lock nothing. `epoch` and
 * `recover` must not: a node believes the later epoch, so a member that brought an old one
 * along would end all others. */
int join_set_aside(struct join *j)
{
    static const char *const parts[] = {"raft",    "member", "identity",  "epoch",
                                        "recover", "peers",  "resources", "monitor.sock"};
    int status;

    if (j->disk == NULL && !j->begun && !exists(j, "raft") && !exists(j, "epoch") &&
        !exists(j, "recover"))
        return write_mark(j, "rejoin", "this node is to join anew\n");
    status = write_mark(j, "diverged",
                        "`holdfast node join --replace` is under way, or was broken "
                        "off: repeat it\n");
    if (status == CLI_DONE)
        status = make_aside(j);
    sync_folder(j);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == CLI_DONE; i++)
        status = move(j, parts[i]);
    sync_folder(j);
    if (status == CLI_DONE)
        status = write_mark(j, "rejoin", "this node is to join anew\n");
    if (status == CLI_DONE)
        status = move(j, "diverged");
    sync_folder(j);
    return status;
}
