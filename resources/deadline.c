#include "resources/deadline.h"

#include <stddef.h>
#include <sys/mman.h>

struct deadline *deadline_new(void)
{
    void *at = mmap(NULL, sizeof(struct deadline), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at; /* Zeroed. */
}

void deadline_free(struct deadline *d)
{
    munmap(d, sizeof(*d));
}
