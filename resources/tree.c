#include "resources/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* Passes of stopping before killing what has been found: against a tree that
 * forks faster than it is found, the caller's repetition helps, not this loop. */
enum { STOP_PASSES_MAX = 16 };

/* Of /proc/PID/stat: "pid (name) state parent group ..."; the name may hold
 * blanks and parentheses, so its end is the last one. */
static bool process_read(pid_t pid, struct tree_process *ret)
{
    char path[32], line[512];
    const char *end;
    int fd, parent, group;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, line, sizeof(line) - 1);
    close(fd);
    if (n <= 0)
        return false;
    line[n] = '\0';
    end = strrchr(line, ')');
    if (end == NULL || sscanf(end, ") %*c %d %d", &parent, &group) != 2)
        return false;
    *ret = (struct tree_process){.pid = pid, .parent = parent, .group = group};
    return true;
}

void tree_scan(struct tree *t)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;

    t->count = 0;
    if (proc == NULL)
        return;
    while ((entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (t->count == t->size) {
            t->size = t->size == 0 ? 256 : t->size * 2;
            t->processes = xrealloc(t->processes, t->size * sizeof(*t->processes));
        }
        if (process_read(atoi(entry->d_name), &t->processes[t->count]))
            t->count++;
    }
    closedir(proc);
}

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

static bool is_below(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->processes[i].pid == pid)
            return t->processes[i].below;
    }
    return false;
}

size_t tree_mark(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count)
{
    size_t marked = 0;
    bool more = true;

    for (size_t i = 0; i < t->count; i++)
        t->processes[i].below = false;
    /* Parents mostly have the lower number and come first: then one pass finds
     * all, and one more finds nothing. */
    while (more) {
        more = false;
        for (size_t i = 0; i < t->count; i++) {
            struct tree_process *p = &t->processes[i];
            if (p->below || p->pid == root || is_among(p->pid, cut, cut_count))
                continue;
            if (p->parent != root && !is_below(t, p->parent))
                continue;
            p->below = more = true;
            marked++;
        }
    }
    return marked;
}

static void signal_marked(const struct tree *t, int signal_number)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->processes[i].below)
            kill(t->processes[i].pid, signal_number);
    }
}

size_t tree_kill(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count)
{
    size_t found = 0;

    for (unsigned pass = 0; pass < STOP_PASSES_MAX; pass++) {
        size_t before = found;

        tree_scan(t);
        found = tree_mark(t, root, cut, cut_count);
        signal_marked(t, SIGSTOP);
        if (found <= before)
            break;
    }
    signal_marked(t, SIGKILL);
    return found;
}

void tree_release(struct tree *t)
{
    free(t->processes);
    *t = (struct tree){0};
}
