/* Type "Dummy": runs nothing, and does in every other respect what its private
 * properties say (resources/types.c lists them). For tests and demonstrations.
 *
 * It understands an offline instruction named "Dummy" (or "dummy", its alias),
 * a DWORD or an SZ, and shows that it was read in the text of its last report
 * and in a file. */
#ifndef HOLDFAST_RESOURCES_DUMMY_H
#define HOLDFAST_RESOURCES_DUMMY_H

#include "resources/handler.h"

extern const struct handler_ops dummy_handler;

/* Codes for control(). They work while it is online; the input is ignored. */
enum dummy_control {
    DUMMY_CONTROL_LOCK = 1,
    DUMMY_CONTROL_UNLOCK = 2,
    DUMMY_CONTROL_FAIL = 3,
    DUMMY_CONTROL_GUEST_FAIL = 4,    /* Something within it fails, */
    DUMMY_CONTROL_GUEST_RECOVER = 5, /* or is well again. */
};

#endif
