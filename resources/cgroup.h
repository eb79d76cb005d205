/* A cgroup (version 2) for each resource: the kernel's own word for everything
 * that a resource started. Only a second line: the tree of processes is ended
 * without it, too, and where no cgroup can be made everything here does nothing.
 * Any thread. */
#ifndef HOLDFAST_RESOURCES_CGROUP_H
#define HOLDFAST_RESOURCES_CGROUP_H

#include <stdbool.h>

/* The folder of this process's own cgroup, if cgroups can be made in it and
 * ended with cgroup.kill (Linux 5.14); to free. NULL: not here. */
char *cgroup_own(void);

bool cgroup_make(const char *path);
/* Move the calling process into it. */
bool cgroup_enter(const char *path);
/* SIGKILL for all in it and below. */
void cgroup_kill(const char *path);
/* Fails while something runs in it. A missing one counts as removed. */
bool cgroup_remove(const char *path);
/* Kill and remove all in folder `own` whose names begin with `prefix`: what
 * earlier processes left behind. Returns how many there were. */
unsigned cgroup_sweep(const char *own, const char *prefix);

#endif
