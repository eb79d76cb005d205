/* The small parent that starts the daemon again when it dies.
 *
 * For where nothing else does: under systemd there is none. It has no state, no
 * threads and no sockets; the daemon's resources live in the monitor, so that a
 * daemon that is back within the lease finds everything running. */
#ifndef HOLDFAST_NODE_SUPERVISOR_H
#define HOLDFAST_NODE_SUPERVISOR_H

/* Run `worker(data)` in a child process and again whenever it ends otherwise
 * than in good order or for good (EXIT_... of daemon.h): at once, then no sooner
 * after its last start than 100 ms, doubled each time up to 5 s, while it keeps
 * failing within a second. SIGTERM and SIGINT
 * are passed on; the child dies with this process. Returns the exit status. */
int supervise(int (*worker)(void *data), void *data);

#endif
