/* Fence agents are programs, and simulated machines have none: each is missing. */
#include "resources/fence_agent.h"

#include <stdlib.h>

#include "base/error.h"

const char *fence_outcome_name(enum fence_outcome o)
{
    (void)o;
    return "failed";
}

uint32_t fence_agent_start(uv_loop_t *loop, const struct fence_call *call, fence_agent_done done,
                           void *data, struct fence_agent **ret)
{
    (void)loop;
    (void)call;
    (void)done;
    (void)data;
    (void)ret;
    return ERROR_FILE_NOT_FOUND;
}

void fence_agent_cancel(struct fence_agent *f)
{
    (void)f;
    abort(); /* None was started. */
}
