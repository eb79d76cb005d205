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

static void tree_add(struct tree *t, pid_t pid)
{
    if (t->count == t->size) {
        t->size = t->size == 0 ? 16 : t->size * 2;
        t->processes = xrealloc(t->processes, t->size * sizeof(*t->processes));
    }
    if (process_read(pid, &t->processes[t->count]))
        t->count++;
}

void tree_scan(struct tree *t)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;

    t->count = 0;
    if (proc == NULL)
        return;
    while ((entry = readdir(proc)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]))
            tree_add(t, atoi(entry->d_name));
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

/* -------------------------------------------------- by the kernel's own lists */

static bool is_known(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->processes[i].pid == pid)
            return true;
    }
    return false;
}

/* One thread's children, numbers with blanks between. */
static void add_children_of(struct tree *t, pid_t pid, const char *thread, const pid_t *cut,
                            size_t cut_count)
{
    char path[64];
    FILE *f;
    int child;

    snprintf(path, sizeof(path), "/proc/%d/task/%.10s/children", (int)pid, thread);
    f = fopen(path, "re");
    if (f == NULL)
        return; /* Ended: what it had is a child of the reaper now, or soon. */
    while (fscanf(f, "%d", &child) == 1) {
        size_t before = t->count;

        if (is_among(child, cut, cut_count) || is_known(t, child))
            continue;
        tree_add(t, child);
        if (t->count > before)
            t->processes[before].below = true;
    }
    fclose(f);
}

static void add_children(struct tree *t, pid_t pid, const pid_t *cut, size_t cut_count)
{
    const struct dirent *entry;
    char path[32];
    DIR *threads;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    threads = opendir(path);
    if (threads == NULL)
        return;
    while ((entry = readdir(threads)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]))
            add_children_of(t, pid, entry->d_name, cut, cut_count);
    }
    closedir(threads);
}

size_t tree_find(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count)
{
    if (access("/proc/thread-self/children", R_OK) != 0) {
        tree_scan(t);
        return tree_mark(t, root, cut, cut_count);
    }
    t->count = 0;
    add_children(t, root, cut, cut_count);
    for (size_t i = 0; i < t->count; i++)
        add_children(t, t->processes[i].pid, cut, cut_count);
    return t->count;
}

/* ------------------------------------------------------------------------ ending */

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

        found = tree_find(t, root, cut, cut_count);
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
