#include "clusapi/handle.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "clusapi/session.h"

enum { SLOTS_MAX = 1 << 24 };

struct slot {
    struct object *object; /* NULL: free. */
    uint32_t generation;   /* Of the object in it, or of the last one. */
    uint32_t next_free;    /* Slot number + 1; 0: none. */
};

static struct {
    pthread_mutex_t mutex;
    struct slot *slots; /* Owned, for the life of the process. */
    uint32_t used;      /* Slots that were ever taken. */
    uint32_t size;
    uint32_t first_free; /* Slot number + 1; 0: none. */
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER};

_Static_assert(sizeof(uintptr_t) == 8, "slot and generation share a pointer's bits");

/* Slot numbers are counted from 1 in the low half, so that no handle is NULL;
 * and end at SLOTS_MAX, so that none is INVALID_HANDLE_VALUE. */
static void *handle_make(uint32_t slot, uint32_t generation)
{
    return (void *)(((uintptr_t)generation << 32) | (slot + 1)); // NOLINT
}

static bool slot_take(uint32_t *ret)
{
    if (table.first_free != 0) {
        *ret = table.first_free - 1;
        table.first_free = table.slots[*ret].next_free;
        return true;
    }
    if (table.used == SLOTS_MAX)
        return false;
    if (table.used == table.size) {
        table.size = table.size == 0 ? 64 : table.size * 2;
        table.slots = xrealloc(table.slots, table.size * sizeof(*table.slots));
    }
    *ret = table.used++;
    table.slots[*ret] = (struct slot){0};
    return true;
}

/* The slot of a live handle of that kind; NULL if it is none. Mutex held. */
static struct slot *slot_find(const void *handle, enum handle_kind kind)
{
    uint32_t number = (uint32_t)(uintptr_t)handle;
    if (number == 0 || number > table.used)
        return NULL;
    struct slot *s = &table.slots[number - 1];
    if (s->object == NULL || s->object->kind != kind ||
        s->generation != (uint32_t)((uintptr_t)handle >> 32))
        return NULL;
    return s;
}

static void object_free(struct object *o)
{
    session_release(o->session);
    free(o->name);
    free(o);
}

void *handle_new(struct object *o)
{
    void *handle = NULL;
    uint32_t number;

    assert(o->kind > HANDLE_NONE && o->kind < HANDLE_KIND_COUNT);
    o->references = 1;
    pthread_mutex_lock(&table.mutex);
    if (slot_take(&number)) {
        struct slot *s = &table.slots[number];
        s->object = o;
        s->generation++;
        handle = handle_make(number, s->generation);
    }
    pthread_mutex_unlock(&table.mutex);
    if (handle == NULL)
        object_free(o);
    return handle;
}

struct object *handle_get(const void *handle, enum handle_kind kind)
{
    struct object *o = NULL;
    pthread_mutex_lock(&table.mutex);
    struct slot *s = slot_find(handle, kind);
    if (s != NULL) {
        o = s->object;
        o->references++;
    }
    pthread_mutex_unlock(&table.mutex);
    return o;
}

void object_release(struct object *o)
{
    if (o == NULL)
        return;
    pthread_mutex_lock(&table.mutex);
    assert(o->references > 0);
    bool last = --o->references == 0;
    pthread_mutex_unlock(&table.mutex);
    if (last)
        object_free(o);
}

bool handle_close(void *handle, enum handle_kind kind)
{
    struct object *o = NULL;
    pthread_mutex_lock(&table.mutex);
    struct slot *s = slot_find(handle, kind);
    if (s != NULL) {
        o = s->object;
        s->object = NULL;
        s->next_free = table.first_free;
        table.first_free = (uint32_t)(s - table.slots) + 1;
    }
    pthread_mutex_unlock(&table.mutex);
    object_release(o);
    return o != NULL;
}
