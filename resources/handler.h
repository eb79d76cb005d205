/* What a resource type does: the interface between the monitor and its
 * handlers, the counterpart of a Windows resource DLL.
 *
 * One struct handler is one life of one resource: open, online, perhaps
 * offline, perhaps terminate, close. No call blocks: each returns at once and
 * the handler reports by the callbacks of struct handler_events, on the
 * monitor's loop and never from inside a call (only locked() may come from
 * inside control()). The monitor may call terminate() or close() from inside a
 * callback: a handler calls back last. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_HANDLER_H
#define HOLDFAST_RESOURCES_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/proplist.h"
#include "base/value.h"
#include "resources/guardian.h"
#include "resources/types.h"

struct handler;

enum handler_status {
    HANDLER_ONLINE,  /* Answers online(). */
    HANDLER_OFFLINE, /* Answers offline() and terminate(): nothing of it runs any more. */
    HANDLER_FAILED,  /* At any time: it failed, `code` and `text` say how. Something of it
                      * may still run: the monitor answers with terminate(), always. */
    /* The same, in answer to online(): and to try again is no use, */
    HANDLER_CANNOT_ONLINE_HERE,     /* on this node (ClusterResourceCannotComeOnline-
                                     * OnThisNode), */
    HANDLER_CANNOT_ONLINE_ANYWHERE, /* or on any (...OnAnyNode). */
};

struct handler_events {
    void (*status)(enum handler_status status, uint32_t code, const char *text, void *data);
    /* Progress of a pending online or offline. Only a rising number counts. */
    void (*checkpoint)(uint32_t checkpoint, void *data);
    /* The current state must not be changed without force, or no longer so. */
    void (*locked)(bool locked, void *data);
    /* Something within it (a guest, say) has failed, while it runs itself; or is
     * well again. Counts only while online. */
    void (*embedded)(bool failed, const char *text, void *data);
    /* Answers looks_alive() and is_alive(); `text` says what is wrong. */
    void (*alive)(bool alive, const char *text, void *data);
    /* The process to show to people; 0 for none. */
    void (*pid)(long pid, void *data);
};

/* What a life is given. Borrowed until close() returns. */
struct handler_context {
    uv_loop_t *loop;
    struct guardians *guardians; /* For types that run processes. */
    const char *dir;             /* The monitor's folder. */
    const char *node;
    const char *group;
    const char *resource;
    uint64_t id;
    uint64_t token;     /* Fencing token of the group. */
    const char *cgroup; /* Path of a cgroup that this life may make; NULL. */
    uint32_t budget_ms; /* To be ended in after the lease; 0: at once. */
    const struct type *type;
    const struct value *properties; /* Checked against the type, required ones are there. */
    const struct handler_events *events;
    void *data; /* For the events. */
};

/* Instructions are a property list in the 16-bit layout (base/proplist.h), NULL
 * if there are none, and are borrowed during the call: a handler looks for the
 * names it knows and ignores the rest. */
struct handler_ops {
    const char *type; /* Canonical name. */
    /* Never fails: what is wrong comes out when it goes online. */
    struct handler *(*open)(const struct handler_context *context);
    /* Start. Ends with ONLINE or FAILED. */
    void (*online)(struct handler *h, const uint8_t *instructions, size_t len);
    /* Stop in good order. Ends with OFFLINE or FAILED. May come while online()
     * is still going on: then that no longer answers. A list that is malformed
     * fails it with ERROR_INVALID_DATA. */
    void (*offline)(struct handler *h, const uint8_t *instructions, size_t len);
    /* End everything at once. Cannot fail. Comes at most once, at any time
     * after online(); only the one OFFLINE that says that nothing is left
     * follows, and other events are ignored. */
    void (*terminate)(struct handler *h);
    /* A cheap and a thorough check of an online resource, one at a time; NULL
     * where the type notices by itself. */
    void (*looks_alive)(struct handler *h);
    void (*is_alive)(struct handler *h);
    /* Is is_alive() of use to this resource, as it is configured? NULL: yes. */
    bool (*has_is_alive)(struct handler *h);
    /* Something of the type's own: `code` and `input` mean what it says.
     * Returns 0 or an error code; ERROR_INVALID_FUNCTION: not known. NULL: none. */
    uint32_t (*control)(struct handler *h, uint32_t code, const uint8_t *input, size_t len);
    /* Forget it: before online(), or after OFFLINE. No event follows. */
    void (*close)(struct handler *h);
};

/* NULL: this program has no handler of that type. */
const struct handler_ops *handler_find(const struct type *type);

/* Find the instruction that is named after `type` (its name, or else its
 * alias). Returns 0; ERROR_FILE_NOT_FOUND if there is none; or why the list
 * cannot be read. *ret borrows from the list. */
uint32_t handler_instruction(const struct type *type, const uint8_t *instructions, size_t len,
                             struct proplist_property *ret);

/* `name` as a file name: what is not a letter, digit, '.', '-' or '_' becomes
 * '_', and a '.' in front does. In `a`. Names that differ only there share one. */
const char *handler_file_name(struct arena *a, const char *name);

#endif
