#include "node/join.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/client.h"
#include "net/msgpack.h"
#include "node/identity.h"
#include "node/small_file.h"

static const char record_name[] = "member";

enum { CONNECT_MS = 2000, CALL_MS = 15000, PAUSE_MS = 300 };

bool join_knows(const struct joined *j, uint32_t id, const char *disk)
{
    for (unsigned i = 0; i < j->count; i++)
        if (j->members[i].id == id)
            return strcmp(j->members[i].disk, disk) == 0;
    return false;
}

/* -------------------------------------------------------------------- the file */

bool join_recall(const char *data_dir, struct joined *ret)
{
    char *path = xasprintf("%s/%s", data_dir, record_name);
    FILE *f = fopen(path, "re");
    bool missing = f == NULL && errno == ENOENT;
    uint32_t id;

    free(path);
    *ret = (struct joined){0};
    if (f == NULL)
        return !missing;
    if (fscanf(f, "id %" SCNu32 "\n", &ret->id) != 1)
        ret->id = 0;
    while (ret->count < NODES_MAX &&
           fscanf(f, "member %" SCNu32 " %32s\n", &id, ret->members[ret->count].disk) == 2)
        ret->members[ret->count++].id = id;
    fclose(f);
    return true;
}

static uint32_t record_write(const char *data_dir, const struct joined *j)
{
    struct bytes text = BYTES_INIT;
    uint32_t code;

    bytes_printf(&text, "id %" PRIu32 "\n", j->id);
    for (unsigned i = 0; i < j->count; i++)
        bytes_printf(&text, "member %" PRIu32 " %s\n", j->members[i].id, j->members[i].disk);
    bytes_append(&text, "", 1);
    code = small_file_write(data_dir, record_name, (const char *)text.data);
    bytes_release(&text);
    return code;
}

/* The folder was emptied on purpose, by `holdfast node join --replace`. Without `join` this
 * node would come up as one of the first configuration that has forgotten its votes. */
static uint32_t check_emptied(const struct config *c, const char *mark, char **ret_why)
{
    if (c->join != NULL || access(mark, F_OK) != 0)
        return 0;
    *ret_why = xasprintf("%s was emptied for this node to join anew: its file must say `join`, "
                         "not `peers`; run `holdfast node join --replace`",
                         c->data_dir);
    return ERROR_INVALID_STATE;
}

/* --------------------------------------------------------------------- asking */

static void write_request(const struct config *c, const char *disk, struct bytes *out)
{
    const struct config_peer *self = config_self(c);
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_map(&m.sink, 8);
    sink_kv_str(&m.sink, "cluster", c->cluster);
    sink_kv_str(&m.sink, "name", c->node);
    sink_kv_str(&m.sink, "address", self->address);
    sink_kv_str(&m.sink, "disk", disk);
    sink_kv_bool(&m.sink, "witness", self->witness);
    sink_kv_uint(&m.sink, "lease_ms", c->timing.lease_ms);
    sink_kv_uint(&m.sink, "level", c->functional_level);
    sink_kv_uint(&m.sink, "level_min", LEVEL_MIN);
}

static bool read_answer(const struct value *v, struct joined *ret)
{
    const struct value *members = value_get_array(v, "members");
    struct joined j = {0};
    const char *disk;

    if (!value_get_u32(v, "id", &j.id) || j.id == 0 || members == NULL || members->len == 0 ||
        members->len > NODES_MAX)
        return false;
    value_get_u32(v, "epoch", &j.epoch);
    for (; j.count < members->len; j.count++) {
        if (!value_get_u32(&members->items[j.count], "id", &j.members[j.count].id) ||
            !value_get_str(&members->items[j.count], "disk", DISK_BYTES_MAX - 1, &disk))
            return false;
        strcpy(j.members[j.count].disk, disk); /* Bounded by DISK_BYTES_MAX. */
    }
    *ret = j;
    return true;
}

/* Ask one member. On false, what it or the network said is in `why`. */
static bool ask(const char *seed, const struct bytes *request, struct joined *ret, char why[400])
{
    struct arena a = {0};
    struct address address;
    struct client *client = NULL;
    const struct value *result;
    const char *message = "";
    char *text = NULL;

    if (address_parse(seed, 0, &address) != 0)
        return false;
    uint32_t code = client_open(&address, CONNECT_MS, &client, &text);
    if (code == 0)
        code = client_call(client, "peer.join", request, CALL_MS, &a, &result, &message);
    bool good = code == 0 && read_answer(result, ret);
    if (!good)
        snprintf(why, 400, "%s: %s%s%s", seed,
                 code == 0 ? "it answered something else" : error_text(code),
                 message != NULL && message[0] != '\0' ? ": " : "", message != NULL ? message : "");
    client_close(client);
    free(text);
    arena_release(&a);
    return good;
}

static bool ask_all(const struct config *c, const struct bytes *request, struct joined *ret,
                    char why[400])
{
    char *copy = xstrdup(c->join);
    char *rest = copy;
    char *word;
    bool good = false;

    while (!good && (word = strsep(&rest, " \t,")) != NULL)
        good = word[0] != '\0' && ask(word, request, ret, why);
    free(copy);
    return good;
}

static void ask_until_answered(const struct config *c, const char *disk, struct joined *ret)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    struct bytes request = BYTES_INIT;
    char why[400] = "", told[400] = "";

    write_request(c, disk, &request);
    log_info("join", "asking %s to let this node join cluster %s", c->join, c->cluster);
    while (!ask_all(c, &request, ret, why)) {
        if (strcmp(why, told) != 0)
            log_warn("join", "not yet: %s; asking again", why);
        strcpy(told, why);
        nanosleep(&pause, NULL);
    }
    log_info("join", "this node is number %" PRIu32 " of cluster %s", ret->id, c->cluster);
    bytes_release(&request);
}

/* ---------------------------------------------------------------------- finding */

/* Before the record: whoever has that has joined, and is not told the epoch again. A node of a
 * later epoch than the cluster's would end its members, who believe the later one. */
static uint32_t take_epoch(const struct config *c, struct identity *identity, uint32_t epoch,
                           char **ret_why)
{
    if (epoch == 0 || epoch == identity_epoch(identity))
        return 0;
    if (epoch > identity_epoch(identity))
        return identity_set_epoch(identity, epoch);
    *ret_why =
        xasprintf("%s is of epoch %" PRIu32 ", of a recovered cluster; the one that it asked "
                  "to join is in epoch %" PRIu32 ": `holdfast node join --replace` sets it aside",
                  c->data_dir, identity_epoch(identity), epoch);
    return ERROR_INVALID_STATE;
}

uint32_t join_find_id(struct config *config, struct identity *identity, struct joined *ret,
                      char **ret_why)
{
    struct config_peer *self = (struct config_peer *)config_self(config);
    char *mark = xasprintf("%s/rejoin", config->data_dir);
    struct joined j;
    uint32_t code = 0;

    assert(self != NULL);
    if (join_recall(config->data_dir, &j)) {
        if (j.id == 0) {
            code = ERROR_FILE_CORRUPT;
            *ret_why = xasprintf("%s/%s is damaged: it should say which node this is",
                                 config->data_dir, record_name);
        }
    } else if ((code = check_emptied(config, mark, ret_why)) == 0) {
        if (config->join != NULL)
            ask_until_answered(config, identity_disk(identity), &j);
        else
            j.id = self->id;
        code = take_epoch(config, identity, j.epoch, ret_why);
        if (code == 0)
            code = record_write(config->data_dir, &j);
        if (code != 0 && *ret_why == NULL)
            *ret_why = xasprintf("cannot write %s/%s: %s", config->data_dir, record_name,
                                 error_text(code));
        if (code == 0)
            unlink(mark);
    }
    free(mark);
    if (code != 0)
        return code;
    self->id = j.id;
    *ret = j;
    return 0;
}
