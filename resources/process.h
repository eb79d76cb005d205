/* Type "Generic Application" (alias "process"): a command line and everything
 * it starts, under a guardian (resources/guardian.h) of its own.
 *
 * Its offline instruction, a DWORD named "Generic Application" or "process":
 * 0 kills at once, 1 (and none) stops in good order. */
#ifndef HOLDFAST_RESOURCES_PROCESS_H
#define HOLDFAST_RESOURCES_PROCESS_H

#include "resources/handler.h"

extern const struct handler_ops process_handler;

#endif
