#include "consensus/acked.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static const char magic[8] = {'H', 'F', 'A', 'C', 'K', 'E', 'D', '1'};

/* The store of `index` is one aligned 8-byte write: no reader, and no page
 * written back at any time, sees half of it. */
struct acked_page {
    char magic[8];
    uint64_t index;
    uint64_t cut; /* Zero in folders from before there was one. */
};

struct acked {
    struct acked_page *page; /* Mapped. */
};

enum { PAGE_BYTES = 4096 };

static uint32_t map_file(int fd, struct acked_page **ret)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return error_from_errno(errno);
    if (st.st_size != 0 && st.st_size != PAGE_BYTES)
        return ERROR_FILE_CORRUPT;
    int rc = posix_fallocate(fd, 0, PAGE_BYTES);
    if (rc != 0)
        return error_from_errno(rc);
    void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return error_from_errno(errno);
    struct acked_page *page = p;
    static const char zeros[sizeof magic];
    if (memcmp(page->magic, zeros, sizeof magic) == 0 && page->index == 0)
        memcpy(page->magic, magic, sizeof magic);
    if (memcmp(page->magic, magic, sizeof magic) != 0) {
        munmap(p, PAGE_BYTES);
        return ERROR_FILE_CORRUPT;
    }
    *ret = page;
    return 0;
}

uint32_t acked_open(const char *dir, struct acked **ret)
{
    char *path = xasprintf("%s/acknowledged", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct acked_page *page = NULL;

    free(path);
    if (fd < 0)
        return error_from_errno(errno);
    uint32_t code = map_file(fd, &page);
    close(fd);
    if (code != 0)
        return code;
    *ret = xcalloc(1, sizeof **ret);
    (*ret)->page = page;
    return 0;
}

void acked_close(struct acked *a)
{
    if (a == NULL)
        return;
    munmap(a->page, PAGE_BYTES);
    free(a);
}

uint64_t acked_index(const struct acked *a)
{
    return a->page->index;
}

void acked_raise(struct acked *a, uint64_t index)
{
    if (index > a->page->index)
        a->page->index = index;
}

/* A power cut that kept the truncation but not the lowered mark would look like
 * a log that has lost its tail. This happens only when entries of a deposed
 * leader are taken back, so the wait is rare. */
uint32_t acked_lower(struct acked *a, uint64_t index)
{
    if (index >= a->page->index)
        return 0;
    a->page->index = index;
    return msync(a->page, PAGE_BYTES, MS_SYNC) == 0 ? 0 : error_from_errno(errno);
}

uint64_t acked_cut(const struct acked *a)
{
    return a->page->cut;
}

uint32_t acked_set_cut(struct acked *a, uint64_t index)
{
    a->page->cut = index;
    return msync(a->page, PAGE_BYTES, MS_SYNC) == 0 ? 0 : error_from_errno(errno);
}
