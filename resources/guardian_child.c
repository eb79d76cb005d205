/* The guardian process: from fork() to the word that nothing is left. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "resources/cgroup.h"
#include "resources/deadline.h"
#include "resources/guardian_link.h"
#include "resources/realtime.h"
#include "resources/tree.h"

enum {
    /* How long the killed may take to die before they are looked for again. */
    KILL_ROUND_MS = 20,
    KILL_ROUND_MS_MAX = 500,
    /* Rounds that wait for one more death each, before looking all the same: a
     * tree that keeps forking keeps dying, too. */
    KILL_ROUNDS_BLIND = 8,
    /* So much later than the monitor, which knows better what is to be told. Well
     * below the least guard_ms, so that it is still before the end of the lease. */
    LEASE_GRACE_MS = 8,
    /* So long before the deadline it looks whether that has come nearer: the more services
     * run, the earlier it is (lease.h). */
    LEASE_LOOK_MS = 250,
};

struct warden {
    const struct guardian_plan *plan;
    const struct deadline *deadline; /* NULL: none. */
    int link, signals, log;
    int timer; /* -1: none. */
    uint64_t armed_ms;
    int exec;   /* Tells how far the main process came; -1: known. */
    pid_t main; /* 0 once it has ended. */
    pid_t main_group;
    pid_t beside[GUARDIAN_COMMAND_COUNT]; /* The other commands; 0: not running. */
    bool in_cgroup;
    bool stopping;   /* The end of the main process is not the end of the rest. */
    bool terminated; /* The main process's group had its SIGTERM, or has it due. */
    bool killing;
};

static void tell(const struct warden *w, enum guardian_news news, int value, int detail)
{
    struct guardian_message m = {(int32_t)news, value, detail};

    /* A monitor that is stopped must not stop us: the socket holds far more
     * than the few messages of a life, and what does not fit is lost. */
    send(w->link, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ----------------------------------------------------------- becoming one */

static void close_all_but(const int *keep, size_t count)
{
    unsigned from = 3;

    for (;;) {
        unsigned next = ~0u;
        for (size_t i = 0; i < count; i++) {
            if (keep[i] >= (int)from && (unsigned)keep[i] < next)
                next = (unsigned)keep[i];
        }
        if (next > from)
            close_range(from, next - 1, 0);
        if (next == ~0u)
            return;
        from = next + 1;
    }
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* --------------------------------------------------------- the service's side */

static void child_fail(int report, enum guardian_stage stage)
{
    int words[2] = {(int)stage, errno};

    if (report >= 0 && write(report, words, sizeof(words)) > 0)
        _exit(127);
    /* The other commands have no report: their output is the place. */
    dprintf(2, "holdfast: cannot %s: %s\n",
            stage == STAGE_DIRECTORY ? "change to the working directory"
            : stage == STAGE_USER    ? "become the user"
                                     : "run /bin/sh",
            strerror(errno));
    _exit(127);
}

/* Handlers end with exec(), but what is ignored stays ignored: the service
 * starts as from a shell. */
static void child_reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What a monitor that is not root was given to act in time is not the service's.
 * Other ambient capabilities are: somebody meant them to get there. */
static void child_drop_ambient(void)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_IPC_LOCK, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_SYS_NICE, 0, 0);
}

/* Name services may take long: here they hold up only this resource. */
static bool child_become(const char *user)
{
    const struct passwd *account;

    errno = 0;
    account = getpwnam(user);
    if (account == NULL) {
        if (errno == 0)
            errno = ENOENT;
        return false;
    }
    /* Who is not root can only stay what they are. */
    if (account->pw_uid == geteuid() && geteuid() != 0)
        return true;
    if (initgroups(account->pw_name, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
        setuid(account->pw_uid) != 0)
        return false;
    setenv("USER", account->pw_name, 1);
    setenv("LOGNAME", account->pw_name, 1);
    setenv("HOME", account->pw_dir, 1);
    return true;
}

/* Like the environment itself, a working set of what getpwnam() needs. */
static void child_set_environment(const char *const *environment)
{
    clearenv();
    for (; *environment != NULL; environment++)
        putenv((char *)(uintptr_t)*environment);
}

static _Noreturn void child_run(const struct warden *w, enum guardian_command command, int report,
                                pid_t guardian)
{
    const struct guardian_plan *plan = w->plan;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    setsid();
    realtime_leave();
    if (w->in_cgroup)
        cgroup_enter(plan->cgroup);
    dup2(null, 0);
    dup2(w->log, 1);
    dup2(w->log, 2);
    umask(022);
    child_set_environment(plan->environment);
    if (plan->user != NULL && !child_become(plan->user))
        child_fail(report, STAGE_USER);
    if (chdir(plan->directory) != 0)
        child_fail(report, STAGE_DIRECTORY);
    /* If guardian and monitor are both killed, the kernel still ends at least
     * this process. After the change of user, which forgets it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guardian)
        _exit(127);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    child_reset_signals();
    child_drop_ambient();
    execl("/bin/sh", "sh", "-c", plan->commands[command], (char *)NULL);
    child_fail(report, STAGE_SHELL);
    _exit(127);
}

/* ------------------------------------------------------------ starting things */

/* Not fork(): that runs what libuv registered with pthread_atfork(), which
 * closes descriptors by numbers that have long been ours. */
static pid_t spawn(const struct warden *w, enum guardian_command command, int report)
{
    pid_t guardian = getpid();
    pid_t pid = _Fork();

    if (pid == 0)
        child_run(w, command, report, guardian);
    return pid;
}

static void start_main(struct warden *w)
{
    int report[2];

    if (w->plan->cgroup != NULL)
        w->in_cgroup = cgroup_make(w->plan->cgroup);
    if (pipe2(report, O_CLOEXEC) != 0) {
        tell(w, GUARDIAN_NOT_STARTED, STAGE_FORK, errno);
        w->killing = true;
        return;
    }
    w->main = spawn(w, GUARDIAN_MAIN, report[1]);
    close(report[1]);
    w->exec = report[0];
    if (w->main > 0) {
        w->main_group = w->main;
        return;
    }
    tell(w, GUARDIAN_NOT_STARTED, STAGE_FORK, errno);
    w->main = 0;
    close(w->exec);
    w->exec = -1;
    w->killing = true;
}

/* The main process has become the shell, or told why not. */
static void main_told(struct warden *w)
{
    int words[2];
    ssize_t n = read(w->exec, words, sizeof(words));

    close(w->exec);
    w->exec = -1;
    if (n == 0) {
        tell(w, GUARDIAN_STARTED, w->main_group, 0);
        if (w->terminated)
            kill(-w->main_group, SIGTERM);
        return;
    }
    if (n != sizeof(words)) {
        words[0] = STAGE_FORK;
        words[1] = EIO;
    }
    tell(w, GUARDIAN_NOT_STARTED, words[0], words[1]);
    w->killing = true;
}

static void run_beside(struct warden *w, enum guardian_command command)
{
    pid_t pid;

    if (w->beside[command] != 0 || w->plan->commands[command] == NULL)
        return;
    pid = spawn(w, command, -1);
    if (pid > 0)
        w->beside[command] = pid;
    else
        tell(w, GUARDIAN_RAN, 127 << 8, (int)command);
}

/* ------------------------------------------------------------- ending things */

static bool is_beside(const struct warden *w, pid_t group)
{
    for (unsigned i = 0; i < GUARDIAN_COMMAND_COUNT; i++) {
        if (w->beside[i] != 0 && w->beside[i] == group)
            return true;
    }
    return false;
}

/* The main process stopped in good order. What it leaves behind is told, too,
 * but nothing twice: many take a second SIGTERM as a wish to hurry. */
static void terminate_rest(const struct warden *w)
{
    struct tree tree = {0};

    tree_find(&tree, getpid(), NULL, 0);
    for (size_t i = 0; i < tree.count; i++) {
        const struct tree_process *p = &tree.processes[i];
        bool told = (w->terminated && p->group == w->main_group) || is_beside(w, p->group);
        if (p->below && !told)
            kill(p->pid, SIGTERM);
    }
    tree_release(&tree);
}

static void ended(struct warden *w, pid_t pid, int status)
{
    if (pid == w->main) {
        if (w->exec >= 0)
            main_told(w);
        w->main = 0;
        tell(w, GUARDIAN_EXITED, status, 0);
        if (w->stopping && !w->killing)
            terminate_rest(w);
        else
            w->killing = true;
        return;
    }
    for (unsigned i = 0; i < GUARDIAN_COMMAND_COUNT; i++) {
        if (w->beside[i] == pid) {
            w->beside[i] = 0;
            tell(w, GUARDIAN_RAN, status, (int)i);
        }
    }
}

/* Returns false once there are no children any more: with the reaper of all
 * descendants that means no descendants. */
static bool reap(struct warden *w)
{
    for (;;) {
        siginfo_t info = {0};
        int status;

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        if (info.si_pid == 0)
            return true;
        /* While it is not reaped, its number is surely that of its group. */
        if (info.si_pid == w->main && !w->stopping)
            kill(-w->main_group, SIGKILL);
        if (waitpid(info.si_pid, &status, __WALL) == info.si_pid)
            ended(w, info.si_pid, status);
    }
}

static bool wait_for_child(int timeout_ms)
{
    struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return sigtimedwait(&set, NULL, &limit) > 0;
}

/* The groups and the cgroup go at one stroke each and are nearly always all
 * there is; the walk over /proc, which costs far more, finds the others. */
static void kill_everything(struct warden *w)
{
    struct tree tree = {0};
    unsigned blind = 0;
    int wait_ms = KILL_ROUND_MS;
    /* Once the main process is reaped, its group's number may be another's. */
    bool look = w->main == 0;

    if (w->main != 0) {
        kill(-w->main_group, SIGKILL);
        kill(w->main, SIGKILL); /* Its group may not exist yet. */
        realtime_hasten(w->main);
    }
    for (unsigned i = 0; i < GUARDIAN_COMMAND_COUNT; i++) {
        if (w->beside[i] != 0) {
            kill(-w->beside[i], SIGKILL);
            kill(w->beside[i], SIGKILL);
        }
    }
    if (w->in_cgroup)
        cgroup_kill(w->plan->cgroup);
    while (reap(w)) {
        if (!look && wait_for_child(wait_ms) && ++blind < KILL_ROUNDS_BLIND)
            continue;
        look = false;
        blind = 0;
        tree_kill(&tree, getpid(), NULL, 0);
        if (w->in_cgroup)
            cgroup_kill(w->plan->cgroup);
        wait_ms = wait_ms * 2 > KILL_ROUND_MS_MAX ? KILL_ROUND_MS_MAX : wait_ms * 2;
    }
    tree_release(&tree);
}

/* ---------------------------------------------------------------- its life */

static void obey(struct warden *w, const struct guardian_request *r)
{
    switch (r->order) {
    case GUARDIAN_RUN:
        if (r->command > GUARDIAN_MAIN && r->command < GUARDIAN_COMMAND_COUNT)
            run_beside(w, (enum guardian_command)r->command);
        return;
    case GUARDIAN_STOP_SOFTLY:
        w->stopping = true;
        return;
    case GUARDIAN_TERMINATE:
        w->stopping = true;
        w->terminated = true;
        /* Before it runs the shell it has no group yet, and the signal would
         * be lost: main_told() sends it then. */
        if (w->main != 0 && w->exec < 0)
            kill(-w->main_group, SIGTERM);
        return;
    case GUARDIAN_KILL:
        w->killing = true;
        return;
    default:
        return;
    }
}

static void listen_to_monitor(struct warden *w)
{
    struct guardian_request r;
    ssize_t n = recv(w->link, &r, sizeof(r), MSG_DONTWAIT);

    if (n == sizeof(r))
        obey(w, &r);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        w->killing = true; /* The monitor is gone. */
}

/* SIGTERM is the kernel's word that the monitor is dead. */
static void take_signals(struct warden *w)
{
    struct signalfd_siginfo info;

    while (read(w->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGTERM)
            w->killing = true;
    }
}

/* When everything must be ended though the monitor has said nothing; 0: never. What has a
 * budget is not stopped in order by this one: its monitor, which would, is frozen or starved. */
static uint64_t own_deadline(const struct warden *w)
{
    uint64_t at_ms = w->deadline == NULL ? 0 : atomic_load(&w->deadline->at_ms);

    return at_ms == 0 ? 0 : at_ms + w->plan->budget_ms + LEASE_GRACE_MS;
}

/* Follows the deadline lazily: a renewal moves it without a word, so the timer of
 * an earlier one comes, and is set anew, once in a lease. CLOCK_BOOTTIME: it is due
 * at once when a suspended machine wakes up. */
static void arm_timer(struct warden *w)
{
    uint64_t at_ms = own_deadline(w);
    struct itimerspec at = {0};

    if (w->timer < 0 || at_ms == w->armed_ms)
        return;
    w->armed_ms = at_ms;
    if (at_ms != 0) {
        if (at_ms > clock_boot_ms() + LEASE_LOOK_MS)
            at_ms -= LEASE_LOOK_MS;
        at.it_value.tv_sec = (time_t)(at_ms / 1000);
        at.it_value.tv_nsec = (long)(at_ms % 1000 * 1000000);
    }
    timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static bool lease_is_over(const struct warden *w)
{
    uint64_t at_ms = own_deadline(w);

    return at_ms != 0 && clock_boot_ms() >= at_ms;
}

static void serve(struct warden *w)
{
    while (!w->killing) {
        struct pollfd fds[] = {
            {.fd = w->link, .events = POLLIN},
            {.fd = w->signals, .events = POLLIN},
            {.fd = w->exec, .events = POLLIN},
            {.fd = w->timer, .events = POLLIN},
        };
        uint64_t times;

        arm_timer(w);
        if (poll(fds, 4, -1) < 0 && errno != EINTR)
            break;
        /* Before anything else: who was frozen may have been so for longer than
         * the lease, and each instruction of its service is one too many. */
        if (lease_is_over(w)) {
            tell(w, GUARDIAN_EXPIRED, 0, 0);
            w->killing = true;
            break;
        }
        if (fds[3].revents != 0 && read(w->timer, &times, sizeof(times)) == sizeof(times))
            w->armed_ms = 0; /* Of an earlier deadline, or before this one. */
        take_signals(w);
        if (w->exec >= 0 && fds[2].revents != 0)
            main_told(w);
        if (!reap(w))
            break;
        if (fds[0].revents != 0)
            listen_to_monitor(w);
    }
}

_Noreturn void guardian_live(const struct guardian_plan *plan, const struct deadline *deadline,
                             int link_fd, int log_fd, int lock_fd, pid_t monitor)
{
    struct warden w = {.plan = plan,
                       .deadline = deadline,
                       .link = link_fd,
                       .log = log_fd,
                       .timer = -1,
                       .exec = -1};
    const int keep[] = {link_fd, log_fd, lock_fd};

    close_all_but(keep, sizeof(keep) / sizeof(keep[0]));
    setsid();
    prctl(PR_SET_NAME, "hf-guardian");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* It may have died before the line above took effect. */
    if (getppid() != monitor)
        _exit(1);
    w.signals = signals_open();
    if (deadline != NULL)
        w.timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    /* Without a timer it could not keep its part: rather no service. */
    if (w.signals < 0 || (deadline != NULL && w.timer < 0))
        tell(&w, GUARDIAN_NOT_STARTED, STAGE_FORK, errno);
    else
        start_main(&w);
    realtime_follow();
    if (w.main != 0)
        serve(&w);
    kill_everything(&w);
    if (w.in_cgroup && !cgroup_remove(plan->cgroup)) {
        /* The last ones to die may not have left it yet. */
        usleep(KILL_ROUND_MS * 1000);
        cgroup_remove(plan->cgroup);
    }
    tell(&w, GUARDIAN_GONE, 0, 0);
    _exit(0);
}
