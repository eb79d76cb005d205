#include "clusapi/object.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "base/text.h"
#include "clusapi/session.h"
#include "clusapi/wide.h"

#include <ClusAPI.h>

static const struct {
    const char *get;
    uint32_t gone; /* The name is there, but means something else by now. */
} kinds[HANDLE_KIND_COUNT] = {
    [HANDLE_GROUP] = {"group.get", ERROR_GROUP_NOT_AVAILABLE},
    [HANDLE_NODE] = {"node.get", 0}, /* A node that was set up anew is the same node. */
    [HANDLE_RESOURCE] = {"resource.get", ERROR_RESOURCE_NOT_AVAILABLE},
};

uint32_t access_map(DWORD desired, DWORD *ret_granted)
{
    const DWORD full = GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED;
    DWORD granted = desired & CLUSAPI_ALL_ACCESS;

    if ((desired & ~(full | GENERIC_READ | CLUSAPI_ALL_ACCESS)) != 0)
        return ERROR_INVALID_PARAMETER;
    if (desired & GENERIC_READ)
        granted |= CLUSAPI_READ_ACCESS;
    if (desired & full)
        granted |= CLUSAPI_ALL_ACCESS;
    if ((granted & CLUSAPI_READ_ACCESS) == 0)
        return ERROR_INVALID_PARAMETER;
    *ret_granted = granted;
    return ERROR_SUCCESS;
}

/* A handle for what `value` describes. */
static uint32_t object_make(const struct object *via, void *cluster, enum handle_kind kind,
                            const struct value *value, DWORD granted, void **ret)
{
    const char *name;
    uint64_t id;

    if (!value_get_str(value, "name", NAME_BYTES_MAX, &name) || !value_get_uint(value, "id", &id))
        return RPC_S_CALL_FAILED; /* No answer of this API. */
    struct object *o = xcalloc(1, sizeof(*o));
    o->kind = kind;
    o->may_change = (granted & CLUSAPI_CHANGE_ACCESS) != 0;
    o->session = session_retain(via->session);
    o->cluster = cluster;
    o->name = xstrdup(name);
    o->id = id;
    *ret = handle_new(o);
    return *ret != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static uint32_t object_look_up(const struct object *via, void *cluster, enum handle_kind kind,
                               LPCWSTR name, DWORD granted, void **ret)
{
    struct call call = {.method = kinds[kind].get};
    const struct value *value = NULL;
    struct arena a = {0};

    uint32_t code = wide_to_utf8(name, NAME_BYTES_MAX, &a, &call.name);
    if (code == ERROR_SUCCESS)
        code = session_call(via->session, &call, &a, &value);
    if (code == ERROR_SUCCESS)
        code = object_make(via, cluster, kind, value, granted, ret);
    arena_release(&a);
    return code;
}

void *object_open(void *cluster, enum handle_kind kind, LPCWSTR name, DWORD desired,
                  DWORD *ret_granted)
{
    void *handle = NULL;
    DWORD granted = 0;
    struct object *via = handle_get(cluster, HANDLE_CLUSTER);

    uint32_t code = via != NULL ? access_map(desired, &granted) : ERROR_INVALID_HANDLE;
    if (code == ERROR_SUCCESS)
        code = object_look_up(via, cluster, kind, name, granted, &handle);
    object_release(via);
    if (code != ERROR_SUCCESS)
        SetLastError(code);
    else if (ret_granted != NULL)
        *ret_granted = granted;
    return handle;
}

void *object_create(const struct object *via, void *cluster, enum handle_kind kind, LPCWSTR name,
                    struct call *create)
{
    const struct value *answer;
    void *handle = NULL;
    struct arena a = {0};

    create->changing = true;
    uint32_t code = wide_to_utf8(name, NAME_BYTES_MAX, &a, &create->name);
    if (code == ERROR_SUCCESS)
        code = session_call(via->session, create, &a, &answer);
    if (code == ERROR_SUCCESS)
        code = object_look_up(via, cluster, kind, name, CLUSAPI_ALL_ACCESS, &handle);
    arena_release(&a);
    if (code != ERROR_SUCCESS)
        SetLastError(code);
    return handle;
}

BOOL object_close(void *handle, enum handle_kind kind)
{
    if (handle_close(handle, kind))
        return TRUE;
    SetLastError(ERROR_INVALID_HANDLE);
    return FALSE;
}

void *object_cluster(void *handle, enum handle_kind kind)
{
    void *cluster = NULL;
    struct object *o = handle_get(handle, kind);
    if (o != NULL) {
        struct object *via = handle_get(o->cluster, HANDLE_CLUSTER);
        if (via != NULL)
            cluster = o->cluster;
        object_release(via);
    }
    object_release(o);
    if (cluster == NULL)
        SetLastError(ERROR_INVALID_HANDLE);
    return cluster;
}

uint32_t object_read(void *handle, enum handle_kind kind, struct arena *a, const struct value **ret)
{
    struct object *o = handle_get(handle, kind);
    if (o == NULL)
        return ERROR_INVALID_HANDLE;
    struct call call = {.method = kinds[kind].get, .name = o->name};
    uint64_t id;
    uint32_t code = session_call(o->session, &call, a, ret);
    if (code == ERROR_SUCCESS && kinds[kind].gone != 0 && value_get_uint(*ret, "id", &id) &&
        id != o->id)
        code = kinds[kind].gone;
    object_release(o);
    return code;
}

/* The object behind a second handle of a call, of the same cluster as `o`. */
static uint32_t object_second(const struct object *o, void *handle, enum handle_kind kind,
                              struct object **ret)
{
    if (handle == NULL)
        return ERROR_SUCCESS;
    struct object *second = handle_get(handle, kind);
    if (second != NULL && !session_is_foreign(o->session, second->session)) {
        *ret = second;
        return ERROR_SUCCESS;
    }
    object_release(second);
    return ERROR_INVALID_HANDLE;
}

/* The caller's buffer in the layout of the wire. */
static uint32_t instructions_convert(const void *buffer, size_t size, struct bytes *out)
{
    uint32_t code = proplist_convert(buffer, size, PROPLIST_WCHAR, PROPLIST_UTF16, out);
    if (code == ERROR_SUCCESS && out->len > CALL_INSTRUCTIONS_BYTES_MAX)
        code = ERROR_INVALID_PARAMETER;
    return code;
}

static uint32_t change_send(const struct object *o, const struct call *call)
{
    const struct value *answer = NULL;
    struct arena a = {0};
    uint32_t word;

    uint32_t code = session_call(o->session, call, &a, &answer);
    if (code == ERROR_SUCCESS)
        code = value_get_u32(answer, "code", &word) ? word : RPC_S_CALL_FAILED;
    arena_release(&a);
    return code;
}

uint32_t object_change(void *handle, enum handle_kind kind, struct change *change)
{
    struct call *call = &change->call;
    struct object *node = NULL, *provider = NULL;
    struct bytes instructions = BYTES_INIT;
    struct object *o = handle_get(handle, kind);

    if (o == NULL)
        return ERROR_INVALID_HANDLE;
    uint32_t code = object_second(o, change->node, HANDLE_NODE, &node);
    if (code == ERROR_SUCCESS)
        code = object_second(o, change->provider, HANDLE_RESOURCE, &provider);
    if (code == ERROR_SUCCESS && !o->may_change)
        code = ERROR_ACCESS_DENIED;
    if (code == ERROR_SUCCESS)
        code = instructions_convert(change->buffer, change->buffer_size, &instructions);
    if (code == ERROR_SUCCESS) {
        call->changing = true;
        call->name = o->name;
        call->node = node != NULL ? node->name : NULL;
        call->on = provider != NULL ? provider->name : NULL;
        call->instructions = instructions.data;
        call->instructions_len = instructions.len;
        code = change_send(o, call);
    }
    bytes_release(&instructions);
    object_release(provider);
    object_release(node);
    object_release(o);
    return code;
}

bool object_state(uint32_t code, const struct value *object, int *ret_state)
{
    uint32_t state = 0;
    if (code == ERROR_SUCCESS && !value_get_u32(object, "state_code", &state))
        code = RPC_S_CALL_FAILED;
    if (code == ERROR_SUCCESS) {
        *ret_state = (int)state;
        return true;
    }
    SetLastError(code);
    return false;
}
