/* What groups, nodes and resources have in common behind the API: they are
 * opened by name, read, and changed. Any thread. */
#ifndef HOLDFAST_CLUSAPI_OBJECT_H
#define HOLDFAST_CLUSAPI_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h" /* Before windows.h, whose macros have the same names. */
#include "base/value.h"
#include "clusapi/call.h"
#include "clusapi/handle.h"

#include <windows.h>

/* What `desired` grants: CLUSAPI_READ_ACCESS or CLUSAPI_ALL_ACCESS.
 * ERROR_INVALID_PARAMETER for none, change without read, and unknown bits. */
uint32_t access_map(DWORD desired, DWORD *ret_granted);

/* A handle of kind `kind` for what `name` names in the cluster of `cluster`, a
 * HANDLE_CLUSTER. NULL with the last error set. `ret_granted` may be NULL. */
void *object_open(void *cluster, enum handle_kind kind, LPCWSTR name, DWORD desired,
                  DWORD *ret_granted);
/* Make the object first, by `create` (its name is filled in). `via` has full
 * access and was opened with, or is what stands behind, `cluster`. The new
 * handle has full access. */
void *object_create(const struct object *via, void *cluster, enum handle_kind kind, LPCWSTR name,
                    struct call *create);
/* The API's close functions. */
BOOL object_close(void *handle, enum handle_kind kind);
/* The live handle of the cluster that it was opened with; NULL with the last
 * error set. */
void *object_cluster(void *handle, enum handle_kind kind);

/* Read the object as the cluster now has it, into `a`. */
uint32_t object_read(void *handle, enum handle_kind kind, struct arena *a,
                     const struct value **ret);
/* A change to an object. All borrowed. */
struct change {
    struct call call;   /* Method and flags; the names are filled in. */
    void *node;         /* Handle of a destination; NULL: none. */
    void *provider;     /* Handle of a resource it is to depend on; NULL: none. */
    const void *buffer; /* The caller's input buffer: a list of WCHARs. */
    DWORD buffer_size;
};

/* Make a change. In this order: ERROR_INVALID_HANDLE, ERROR_ACCESS_DENIED, what
 * is wrong with the buffer, and the cluster's word, 0 and ERROR_IO_PENDING
 * included. */
uint32_t object_change(void *handle, enum handle_kind kind, struct change *change);

/* Read `state_code`; false with the last error set to `code`, or because there
 * is none. */
bool object_state(uint32_t code, const struct value *object, int *ret_state);

#endif
