#include "node/recovery.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/calls.h"
#include "node/identity.h"
#include "node/small_file.h"

#define FILE_NAME "recover"
enum {
    DRIFT_PER_MILLE = 10, /* As in node/pulse_private.h. */
    PROPOSE_TIMEOUT_MS = 10000,
};

uint32_t recovery_confirm(const char *data_dir, uint32_t epoch, uint32_t highest)
{
    char text[64];

    snprintf(text, sizeof text, "epoch %" PRIu32 " highest %" PRIu32 "\n", epoch, highest);
    return small_file_write(data_dir, FILE_NAME, text);
}

/* CLOCK_BOOTTIME cannot be slept on here, but a machine that was suspended only waits longer. */
static void wait_ms(unsigned ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&rest, &rest) != 0)
        ;
}

static uint32_t read_file(struct recovery *r, char **ret_why)
{
    char *text = small_file_read(r->data_dir, FILE_NAME);
    uint32_t epoch, code = 0;

    if (text == NULL)
        return 0;
    if (sscanf(text, "epoch %" SCNu32 " highest %" SCNu32, &epoch, &r->highest) != 2) {
        code = ERROR_INVALID_DATA;
        *ret_why = xasprintf("%s/%s is damaged: remove it, and call `holdfast cluster recover` again",
                             r->data_dir, FILE_NAME);
    } else if (epoch > r->epoch) {
        r->epoch = epoch;
        r->pending = true;
    } else {
        code = small_file_remove(r->data_dir, FILE_NAME);
        if (code != 0)
            *ret_why = xasprintf("cannot remove %s/%s: %s", r->data_dir, FILE_NAME, error_text(code));
    }
    free(text);
    return code;
}

uint32_t recovery_open(const char *data_dir, struct identity *identity, unsigned lease_ms,
                       struct recovery *ret, char **ret_why)
{
    *ret = (struct recovery){
        .data_dir = data_dir, .identity = identity, .epoch = identity_epoch(identity)};
    uint32_t code = read_file(ret, ret_why);

    if (code != 0 || !ret->pending)
        return code;
    log_warn("recovery", "the cluster goes on with this node alone, as epoch %" PRIu32
             ": first every lease of the old epoch runs out",
             ret->epoch);
    wait_ms(lease_ms + lease_ms * DRIFT_PER_MILLE / 1000 + 1);
    return 0;
}

static void proposed(uint32_t code, const struct reply *reply, void *data)
{
    struct recovery *r = data;

    r->proposed = false; /* Without an answer: the next leadership, or start, does it again. */
    if (code == 0 && reply->code != 0 && r->pending)
        log_error("recovery", "the state refuses it: %s: %s", error_text(reply->code),
                  reply->detail);
}

void recovery_on_lead(struct recovery *r, struct calls *calls, uint32_t self)
{
    struct command cmd = {
        .kind = COMMAND_CLUSTER_RECOVER, .node = self, .by = r->highest, .epoch = r->epoch};

    if (!r->pending || r->proposed)
        return;
    r->proposed = true;
    calls_change_command(calls, &cmd, PROPOSE_TIMEOUT_MS, proposed, r);
}

uint32_t recovery_on_command(struct recovery *r, const struct command *cmd)
{
    uint32_t code;

    /* Refused as well: if the epoch is reached, it was done by an earlier one. */
    if (cmd->kind != COMMAND_CLUSTER_RECOVER || !r->pending || cmd->epoch < r->epoch)
        return 0;
    code = identity_set_epoch(r->identity, r->epoch);
    if (code == 0)
        code = small_file_remove(r->data_dir, FILE_NAME);
    if (code != 0)
        return code;
    r->pending = false;
    log_warn("recovery", "this is epoch %" PRIu32 " of the cluster", r->epoch);
    return 0;
}
