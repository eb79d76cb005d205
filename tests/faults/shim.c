/* Faults for one node's processes, preloaded into them (LD_PRELOAD).
 *
 * - Its files: slow, full (statvfs() says so too) or failing. Regular files below FAULTS_DATA
 *   whose names do not end in "log": what a node says while its disk is broken
 *   is what a test wants to read.
 * - Its wall clock: CLOCK_REALTIME and what else tells the time of day.
 * - Where its connections come from: FAULTS_SOURCE, an address of
 *   127.0.0.0/8, so that whoever is between the nodes can tell them apart.
 *
 * What holds now is read from the file FAULTS_CONTROL, which all
 * processes of the node map; tests/faults/control.py writes it. Not covered:
 * stores into mapped files and what the C library itself writes for stdio. */
#undef _FORTIFY_SOURCE /* Its inline read() and pread() stand where ours are to be defined. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* ISO C has no conversion from an object pointer to a function pointer; POSIX
 * promises that this one works. */
#define NEXT(name)                 \
    static __typeof__(name) *next; \
    if (next == NULL)              \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

enum disk_mode { DISK_OK, DISK_SLOW, DISK_FULL, DISK_FAIL };

/* Little-endian words; control.py has the same layout. */
struct control {
    uint64_t magic;
    uint64_t disk_mode;
    uint64_t disk_delay_ms;
    int64_t clock_offset_ns;
};

static const uint64_t control_magic = 0x31544c4641464648; /* "HFFAFLT1" */
static const struct control nothing = {.disk_mode = DISK_OK};
static const volatile struct control *control = &nothing;
static char data_dir[4096];
static struct sockaddr_in source;

__attribute__((constructor)) static void shim_begin(void)
{
    const char *path = getenv("FAULTS_CONTROL");
    const char *data = getenv("FAULTS_DATA");
    const char *from = getenv("FAULTS_SOURCE");

    if (from != NULL && inet_pton(AF_INET, from, &source.sin_addr) == 1)
        source.sin_family = AF_INET;
    if (path == NULL || data == NULL)
        return;
    snprintf(data_dir, sizeof data_dir, "%s", data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* A service that may not read it, or one that outlives the cluster's folder. */
    struct stat st;
    if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof *control) {
        void *p = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, fd, 0);
        if (p != MAP_FAILED && ((struct control *)p)->magic == control_magic)
            control = p;
    }
    close(fd);
}

/* ------------------------------------------------------------------- files */

static bool is_ours(int fd)
{
    char link[64], path[4096];
    size_t length = strlen(data_dir);
    struct stat st;

    if (length == 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < (ssize_t)length || memcmp(path, data_dir, length) != 0)
        return false;
    return n < 3 || memcmp(path + n - 3, "log", 3) != 0;
}

static void delay(void)
{
    uint64_t ms = control->disk_delay_ms;
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* What a call on `fd` gets: 0, or an errno. */
static int read_fault(int fd)
{
    int saved = errno;
    int error = 0;

    if (control->disk_mode == DISK_FAIL && is_ours(fd))
        error = EIO;
    errno = saved;
    return error;
}

/* A full disk takes what has its room already; `end` is where the call would
 * put its last byte (-1: it needs no room). */
static int write_fault(int fd, off_t end)
{
    uint64_t mode = control->disk_mode;
    int saved = errno;
    int error = 0;
    struct stat st;

    if (mode != DISK_OK && is_ours(fd)) {
        if (mode == DISK_SLOW)
            delay();
        else if (mode == DISK_FAIL)
            error = EIO;
        else if (mode == DISK_FULL && fstat(fd, &st) == 0 && end > st.st_size)
            error = ENOSPC;
    }
    errno = saved;
    return error;
}

/* What a full disk says when asked for its room. */
static void no_room(int fd, const char *path, fsblkcnt_t *bfree, fsblkcnt_t *bavail)
{
    size_t length = strlen(data_dir);
    char link[64], name[4096];

    if (control->disk_mode != DISK_FULL || length == 0)
        return;
    if (path == NULL) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, name, sizeof name - 1);
        name[n < 0 ? 0 : n] = '\0';
        path = name;
    }
    if (strncmp(path, data_dir, length) == 0)
        *bfree = *bavail = 0;
}

static off_t end_at(off_t offset, size_t n)
{
    return offset + (off_t)n;
}

static off_t end_here(int fd, size_t n)
{
    struct stat st;

    if (control->disk_mode != DISK_FULL)
        return -1;
    if ((fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &st) == 0)
        return end_at(st.st_size, n);
    off_t at = lseek(fd, 0, SEEK_CUR);
    return at < 0 ? -1 : end_at(at, n);
}

static size_t iov_bytes(const struct iovec *v, int n)
{
    size_t sum = 0;

    for (int i = 0; i < n; i++)
        sum += v[i].iov_len;
    return sum;
}

#define REFUSE(expression)          \
    do {                            \
        int refused = (expression); \
        if (refused != 0) {         \
            errno = refused;        \
            return -1;              \
        }                           \
    } while (0)

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
    NEXT(read);
    REFUSE(read_fault(fd));
    return next(fd, buf, n);
}

EXPORT ssize_t readv(int fd, const struct iovec *v, int n)
{
    NEXT(readv);
    REFUSE(read_fault(fd));
    return next(fd, v, n);
}

EXPORT ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
    NEXT(pread);
    REFUSE(read_fault(fd));
    return next(fd, buf, n, offset);
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
    NEXT(write);
    REFUSE(write_fault(fd, end_here(fd, n)));
    return next(fd, buf, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *v, int n)
{
    NEXT(writev);
    REFUSE(write_fault(fd, end_here(fd, iov_bytes(v, n))));
    return next(fd, v, n);
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    NEXT(pwrite);
    REFUSE(write_fault(fd, end_at(offset, n)));
    return next(fd, buf, n, offset);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *v, int n, off_t offset)
{
    NEXT(pwritev);
    REFUSE(write_fault(fd, end_at(offset, iov_bytes(v, n))));
    return next(fd, v, n, offset);
}

EXPORT int fsync(int fd)
{
    NEXT(fsync);
    REFUSE(write_fault(fd, -1));
    return next(fd);
}

EXPORT int fdatasync(int fd)
{
    NEXT(fdatasync);
    REFUSE(write_fault(fd, -1));
    return next(fd);
}

EXPORT int ftruncate(int fd, off_t length)
{
    NEXT(ftruncate);
    REFUSE(write_fault(fd, length));
    return next(fd, length);
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
    NEXT(posix_fallocate);
    int error = write_fault(fd, end_at(offset, (size_t)length));
    return error != 0 ? error : next(fd, offset, length);
}

EXPORT int statvfs(const char *restrict path, struct statvfs *restrict ret)
{
    NEXT(statvfs);
    int rc = next(path, ret);

    if (rc == 0)
        no_room(-1, path, &ret->f_bfree, &ret->f_bavail);
    return rc;
}

EXPORT int fstatvfs(int fd, struct statvfs *ret)
{
    NEXT(fstatvfs);
    int rc = next(fd, ret);

    if (rc == 0)
        no_room(fd, NULL, &ret->f_bfree, &ret->f_bavail);
    return rc;
}

/* On this system an off_t has 64 bits either way: the names are synonyms. */
_Static_assert(sizeof(off_t) == 8, "the names with 64 have the same arguments");
EXPORT int statvfs64(const char *restrict path, struct statvfs64 *restrict ret)
    __attribute__((alias("statvfs")));
EXPORT int fstatvfs64(int fd, struct statvfs64 *ret) __attribute__((alias("fstatvfs")));
EXPORT ssize_t pread64(int fd, void *b, size_t n, off_t o) __attribute__((alias("pread")));
EXPORT ssize_t pwrite64(int fd, const void *b, size_t n, off_t o) __attribute__((alias("pwrite")));
EXPORT int ftruncate64(int fd, off_t n) __attribute__((alias("ftruncate")));
EXPORT int posix_fallocate64(int fd, off_t o, off_t n) __attribute__((alias("posix_fallocate")));

/* ---------------------------------------------------------- system calls */
/* libraft writes with io_submit() and libuv with pwritev(), both by number. */

static int iocb_fault(const struct iocb *cb)
{
    int fd = (int)cb->aio_fildes;
    size_t n = cb->aio_nbytes;

    /* Who asked not to be made to wait, and to be told by eventfd, is sent to
     * its threads: a slow disk must not look like a stalled loop. */
    if (control->disk_mode == DISK_SLOW && (cb->aio_rw_flags & RWF_NOWAIT) != 0 &&
        (cb->aio_flags & IOCB_FLAG_RESFD) != 0 && is_ours(fd))
        return EAGAIN;
    if (cb->aio_lio_opcode == IOCB_CMD_PWRITEV)
        n = iov_bytes((const struct iovec *)(uintptr_t)cb->aio_buf, (int)cb->aio_nbytes);
    return write_fault(fd, end_at(cb->aio_offset, n));
}

static int syscall_fault(long number, const long *a)
{
    switch (number) {
    case SYS_io_submit:
        return a[1] < 1 ? 0 : iocb_fault(((struct iocb *const *)a[2])[0]);
    case SYS_pwritev:
        return write_fault((int)a[0],
                           end_at(a[3], iov_bytes((const struct iovec *)a[1], (int)a[2])));
    case SYS_preadv:
        return read_fault((int)a[0]);
    default:
        return 0;
    }
}

EXPORT long syscall(long number, ...)
{
    NEXT(syscall);
    va_list ap;
    long a[6];

    va_start(ap, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    if (control->disk_mode != DISK_OK)
        REFUSE(syscall_fault(number, a));
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ------------------------------------------------------------------- clock */

static bool is_wall_clock(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret)
{
    NEXT(clock_gettime);
    int rc = next(clock, ret);
    int64_t offset = control->clock_offset_ns;

    if (rc == 0 && offset != 0 && is_wall_clock(clock)) {
        int64_t ns = ret->tv_nsec + offset % 1000000000;
        ret->tv_sec += offset / 1000000000 + (ns < 0 ? -1 : ns >= 1000000000 ? 1 : 0);
        ret->tv_nsec = (long)((ns + 1000000000) % 1000000000);
    }
    return rc;
}

EXPORT int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec t;

    (void)zone; /* Obsolete, and always null here. */
    clock_gettime(CLOCK_REALTIME, &t);
    *ret = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
    return 0;
}

EXPORT time_t time(time_t *ret)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (ret != NULL)
        *ret = t.tv_sec;
    return t.tv_sec;
}

/* ----------------------------------------------------------------- network */

/* Only a node's calls to other nodes: those have addresses of their own. */
static bool is_to_a_node(const struct sockaddr *to)
{
    uint32_t address = ntohl(((const struct sockaddr_in *)to)->sin_addr.s_addr);

    return address >> 24 == 127 && address != INADDR_LOOPBACK;
}

EXPORT int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    NEXT(connect);

    if (source.sin_family == AF_INET && to->sa_family == AF_INET && is_to_a_node(to)) {
        int on = 1;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        /* Bound already: then it has its reasons. */
        int saved = errno;
        bind(fd, (const struct sockaddr *)&source, sizeof source);
        errno = saved;
    }
    return next(fd, to, length);
}
