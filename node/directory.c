#include "node/directory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/small_file.h"

static const char file_name[] = "peers";

struct directory {
    const char *data_dir;
    uint32_t self;
    char *written; /* What stands in the file, as far as this process knows; never NULL. */
};

struct directory *directory_open(const char *data_dir, uint32_t self)
{
    struct directory *d = xcalloc(1, sizeof *d);

    assert(data_dir != NULL && self != 0);
    d->data_dir = data_dir;
    d->self = self;
    d->written = xstrdup("");
    return d;
}

void directory_close(struct directory *d)
{
    if (d == NULL)
        return;
    free(d->written);
    free(d);
}

void directory_keep(struct directory *d, const struct cluster *c)
{
    struct bytes text = BYTES_INIT;

    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->id != d->self)
            bytes_printf(&text, "%" PRIu32 " %s %s\n", n->id, n->address, n->name);
    bytes_append(&text, "", 1);
    if (text.len > 1 && strcmp((const char *)text.data, d->written) != 0) {
        /* Noted even if it fails: a full disk is not asked again every pulse. */
        free(d->written);
        d->written = xstrdup((const char *)text.data);
        uint32_t code = small_file_hint(d->data_dir, file_name, d->written);
        if (code != 0)
            log_warn("daemon", "cannot write %s/%s: %s", d->data_dir, file_name, error_text(code));
    }
    bytes_release(&text);
}

static bool entry_read(char *line, struct directory_entry *ret)
{
    char *rest = line;
    char *end;
    unsigned long id = strtoul(strsep(&rest, " "), &end, 10);
    const char *address = rest != NULL ? strsep(&rest, " ") : NULL;

    if (*end != '\0' || id == 0 || id > UINT32_MAX || rest == NULL || rest[0] == '\0' ||
        strlen(address) >= sizeof ret->address || strlen(rest) >= sizeof ret->name)
        return false;
    ret->id = (uint32_t)id;
    strcpy(ret->address, address);
    strcpy(ret->name, rest);
    return true;
}

unsigned directory_read(const char *data_dir, struct directory_entry ret[NODES_MAX])
{
    char *path = xasprintf("%s/%s", data_dir, file_name);
    FILE *f = fopen(path, "re");
    char line[sizeof(struct directory_entry) + 32];
    unsigned count = 0;

    free(path);
    while (f != NULL && count < NODES_MAX && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        count += entry_read(line, &ret[count]);
    }
    if (f != NULL)
        fclose(f);
    return count;
}
