#include "node/notify.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int bound(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(a.sun_path, path, len);
    if (path[0] == '@')
        a.sun_path[0] = '\0';
    cr_assert_geq(fd, 0);
    cr_assert_eq(
        bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    return fd;
}

static void expect(const char *path)
{
    char got[100] = "";
    int fd = bound(path);

    setenv("NOTIFY_SOCKET", path, 1);
    cr_assert(notify_is_supervised());
    notify_state("READY=1\nSTATUS=here");
    cr_assert_eq(recv(fd, got, sizeof got - 1, MSG_DONTWAIT),
                 (ssize_t)strlen("READY=1\nSTATUS=here"));
    cr_assert_str_eq(got, "READY=1\nSTATUS=here");
    close(fd);
}

Test(notify, reaches_a_socket_in_a_folder)
{
    char dir[] = "/tmp/holdfast-notify-XXXXXX", path[64];

    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    expect(path);
    unlink(path);
    rmdir(dir);
}

Test(notify, reaches_an_abstract_socket)
{
    char path[64];

    snprintf(path, sizeof path, "@holdfast-notify-%ld", (long)getpid());
    expect(path);
}

Test(notify, says_nothing_to_nobody)
{
    char longest[200];

    unsetenv("NOTIFY_SOCKET");
    cr_assert_not(notify_is_supervised());
    notify_state("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    cr_assert_not(notify_is_supervised());
    notify_state("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    notify_state("READY=1");
    setenv("NOTIFY_SOCKET", "/nonexistent/holdfast", 1);
    notify_state("READY=1");
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    notify_state("READY=1");
}
