/* resources/: starts, stops and watches things on this machine.
 *
 * Two processes meet here. The daemon holds a link (monitor.h) to the monitor,
 * `holdfast-monitor`, which hosts the handlers of the resource types, outlives
 * the daemon, and owns the node's lease: when that is over it ends everything,
 * whatever the daemon does. Nothing here knows of Raft, or of why a resource is
 * to be online.
 *
 * It promises
 *
 * - that a resource is reported offline or failed only when nothing of it runs;
 * - that nothing a resource starts outlives its termination, its monitor or the
 *   lease, however it forked, and that killing a guardian does not change that;
 * - that orders are levels: repeated or outdated ones change nothing, and what
 *   was missed is told after the next connection;
 * - that the lock of the monitor's folder is free only when the monitor is gone
 *   and all that it ran with it;
 * - that no call blocks, and that an idle resource costs no work.
 *
 * It does not promise that what a resource handed to another service of the
 * machine (a job of cron, a unit of systemd) ends with it; and if a monitor and
 * its guardians are all killed by SIGKILL at once, where no cgroups can be made,
 * only the main processes are sure to end.
 *
 * In reading order:
 *
 *   monitor.h            the daemon's link: orders out, reports in
 *   types.h              the resource types and their properties, as data
 *   monitor_protocol.h   what goes over the socket
 *   fence_agent.h        one call of a fence agent, by the daemon itself
 *
 * and in the monitor's process, from the top down:
 *
 *   main.c               arguments, lock, background
 *   host.h               table of resources, orders, reports, the loop
 *   lease.h              the right to run anything
 *   vigil.h, watchdog.h  the last resort when it is over
 *   unit.h, life.h       one resource: its states, and what one life was given
 *   handler.h            what a type does: dummy.h, process.h
 *   guardian.h           the process above each process resource
 *   tree.h, cgroup.h     finding and ending all of its descendants
 *
 * Whoever uses one of them includes that one; this header is for reading. */
#ifndef HOLDFAST_RESOURCES_RESOURCES_H
#define HOLDFAST_RESOURCES_RESOURCES_H

#include "resources/monitor.h"
#include "resources/types.h"

#endif
