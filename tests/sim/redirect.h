/* Included before everything else when the product is compiled for the
 * simulation (-include): what it asks of the C library about memory, chance and
 * its own end it asks of tests/sim instead. The product's sources know nothing
 * of it.
 *
 * Function-like on purpose: a struct member or an attribute of the same name is
 * left alone. */
#ifndef HOLDFAST_SIM_REDIRECT_H
#define HOLDFAST_SIM_REDIRECT_H

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* memory.c of the simulation: each process has a heap of its own, which goes
 * away with it, however it ends. */
void *sim_malloc(size_t size);
void *sim_calloc(size_t count, size_t size);
void *sim_realloc(void *p, size_t size);
void sim_free(void *p);

#define malloc(size) sim_malloc(size)
#define calloc(count, size) sim_calloc(count, size)
#define realloc(p, size) sim_realloc(p, size)
#define free(p) sim_free(p)

/* process.c, system.c. */
void sim_exit(int status) __attribute__((noreturn));
ssize_t sim_getrandom(void *buffer, size_t size, unsigned flags);
int sim_getpid(void);

#define _exit(status) sim_exit(status)
#define getrandom(buffer, size, flags) sim_getrandom(buffer, size, flags)
#define getpid() sim_getpid()
#define mkdir(path, mode) 0

/* Files: only monitor.c (the monitor's lock), lease.c (a timer that is a
 * descriptor) and watchdog.c touch any. Elsewhere these are names of methods. */
#ifdef SIM_FILES
int sim_open(const char *path);
int sim_flock(int fd);
int sim_close(int fd);
ssize_t sim_read(int fd, void *buffer, size_t size);
ssize_t sim_write(int fd, const void *buffer, size_t size);
int sim_ioctl(int fd, unsigned long request, int *seconds);
int sim_timerfd_create(void);
int sim_timerfd_settime(int fd, const struct itimerspec *at);

#define open(path, ...) sim_open(path)
#define flock(fd, how) sim_flock(fd)
#define close(fd) sim_close(fd)
#define read(fd, buffer, size) sim_read(fd, buffer, size)
#define write(fd, buffer, size) sim_write(fd, buffer, size)
#define ioctl(fd, request, seconds) sim_ioctl(fd, request, seconds)
#define timerfd_create(clock, flags) sim_timerfd_create()
#define timerfd_settime(fd, flags, at, old) sim_timerfd_settime(fd, at)
#endif

#endif
