/* Finding and ending every descendant of a process, by a walk over /proc.
 *
 * A walk is no snapshot: processes come and go meanwhile. Whoever wants to be
 * sure that nothing is left makes itself their reaper (PR_SET_CHILD_SUBREAPER)
 * and repeats until it has no children any more. One thread. */
#ifndef HOLDFAST_RESOURCES_TREE_H
#define HOLDFAST_RESOURCES_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tree_process {
    pid_t pid, parent, group;
    bool below; /* A descendant of the root of tree_mark(). */
};

/* A zeroed struct is a valid empty one. */
struct tree {
    struct tree_process *processes; /* Owned. */
    size_t count, size;
};

/* Let the tree be the descendants of `root` without `root`; the processes `cut` and
 * all below them are left out. Costs as much as there are descendants where the
 * kernel lists children (CONFIG_PROC_CHILDREN), else as much as there are
 * processes. Returns how many. */
size_t tree_find(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count);

/* What tree_find() falls back to. */

/* See what runs now. What cannot be read is left out. */
void tree_scan(struct tree *t);
/* Mark all descendants of `root` but not `root`; the processes `cut` and all
 * below them are left out. Returns how many. */
size_t tree_mark(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count);
/* One round of ending all of them: stop each so that none can fork away, then
 * SIGKILL each. Returns how many there were, dead ones not yet reaped included. */
size_t tree_kill(struct tree *t, pid_t root, const pid_t *cut, size_t cut_count);
void tree_release(struct tree *t);

#endif
