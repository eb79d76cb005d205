#include "consensus/epoch.h"

#include <assert.h>

#include "base/error.h"

uint32_t epoch_refusal(uint32_t theirs, uint32_t ours, const char **ret_reason)
{
    assert(theirs != ours);
    if (theirs < ours) {
        *ret_reason = "the cluster was recovered and went on in a new epoch without this node";
        return ERROR_CLUSTER_NODE_NOT_MEMBER;
    }
    *ret_reason = "it is of a later epoch of the cluster than this node";
    return ERROR_ACCESS_DENIED;
}
