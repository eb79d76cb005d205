#include "node/recovery.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/reset_mark.h"
#include "node/calls.h"
#include "node/identity.h"
#include "node/small_file.h"

#define FILE_NAME "recover"
enum {
    DRIFT_PER_MILLE = 10, /* As in node/pulse_private.h. */
    PROPOSE_TIMEOUT_MS = 10000,
    VALID_MS = 60000, /* What was confirmed, until it is begun. */
};

uint32_t recovery_confirm(const char *data_dir, uint32_t epoch, uint32_t highest)
{
    char boot[BOOT_ID_BYTES], text[BOOT_ID_BYTES + 96];

    boot_id(boot);
    snprintf(text, sizeof text, "epoch %" PRIu32 " highest %" PRIu32 " boot %s until %" PRIu64 "\n",
             epoch, highest, boot, clock_boot_ms() + VALID_MS);
    uint32_t code = small_file_write(data_dir, FILE_NAME, text);

    if (code != 0) /* It may be there all the same. */
        small_file_remove(data_dir, FILE_NAME);
    return code;
}

uint32_t recovery_begin(const struct recovery *r, char **ret_why)
{
    char text[64];

    if (!r->pending)
        return 0;
    snprintf(text, sizeof text, "epoch %" PRIu32 " highest %" PRIu32 " begun\n", r->epoch,
             r->highest);
    uint32_t code = small_file_write(r->data_dir, FILE_NAME, text);
    if (code != 0)
        *ret_why = xasprintf("cannot write %s/%s: %s", r->data_dir, FILE_NAME, error_text(code));
    return code;
}

/* CLOCK_BOOTTIME cannot be slept on here, but a machine that was suspended only waits longer. */
static void wait_ms(unsigned ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&rest, &rest) != 0)
        ;
}

static uint32_t drop_file(const struct recovery *r, char **ret_why)
{
    uint32_t code = small_file_remove(r->data_dir, FILE_NAME);

    if (code != 0)
        *ret_why = xasprintf("cannot remove %s/%s: %s", r->data_dir, FILE_NAME, error_text(code));
    return code;
}

/* Has stage 2 been reached, or is there still time for it? False if the text is no such. */
static bool read_rest(const char *text, bool *ret_valid)
{
    char boot[BOOT_ID_BYTES], here[BOOT_ID_BYTES];
    uint64_t until_ms;

    *ret_valid = strcmp(text, "begun") == 0;
    if (*ret_valid)
        return true;
    if (sscanf(text, "boot %63s until %" SCNu64, boot, &until_ms) != 2)
        return false;
    boot_id(here);
    *ret_valid = strcmp(boot, here) == 0 && clock_boot_ms() < until_ms;
    return true;
}

static uint32_t read_file(struct recovery *r, char **ret_why)
{
    char *text = small_file_read(r->data_dir, FILE_NAME);
    uint32_t epoch, code = 0;
    int rest = 0;
    bool valid = false;

    if (text == NULL)
        return 0;
    if (sscanf(text, "epoch %" SCNu32 " highest %" SCNu32 " %n", &epoch, &r->highest, &rest) != 2 ||
        !read_rest(text + rest, &valid)) {
        code = ERROR_INVALID_DATA;
        *ret_why =
            xasprintf("%s/%s is damaged: remove it, and call `holdfast cluster recover` again",
                      r->data_dir, FILE_NAME);
    } else if (epoch <= r->epoch) {
        code = drop_file(r, ret_why);
    } else if (valid) {
        r->epoch = epoch;
        r->pending = true;
    } else {
        log_warn("recovery",
                 "epoch %" PRIu32 " was confirmed too long ago, and not begun: the others "
                 "may have gone on since. Nothing is done; if they are still lost, call `holdfast "
                 "cluster recover` again",
                 epoch);
        code = drop_file(r, ret_why);
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
    log_warn("recovery",
             "the cluster goes on with this node alone, as epoch %" PRIu32
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

uint32_t recovery_on_command(struct recovery *r, const struct command *cmd, uint32_t reached)
{
    uint32_t code;

    /* Also by one that was refused: then an earlier one had done it. */
    if (cmd->kind != COMMAND_CLUSTER_RECOVER || !r->pending || reached < r->epoch)
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
