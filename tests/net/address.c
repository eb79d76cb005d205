#include "net/address.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static struct address parsed(const char *text, uint16_t port_default)
{
    struct address a;

    cr_assert_eq(address_parse(text, port_default, &a), ERROR_SUCCESS, "%s", text);
    return a;
}

static void refused(const char *text, uint16_t port_default)
{
    struct address a = {.port = 4711};

    cr_assert_eq(address_parse(text, port_default, &a), ERROR_INVALID_PARAMETER, "%s", text);
    cr_assert_eq(a.port, 4711, "nothing was written");
}

static void canonical(const char *text, const char *expected)
{
    struct address a = parsed(text, 7400);
    char buf[300];

    cr_assert_str_eq(address_format(&a, buf, sizeof buf), expected);
}

Test(address, every_form_is_read_and_written_back)
{
    canonical("n1:80", "n1:80");
    canonical("n1.example.org", "n1.example.org:7400");
    canonical("10.0.0.1:65535", "10.0.0.1:65535");
    canonical("[::1]:7401", "[::1]:7401");
    canonical("[fe80::1%eth0]:1", "[fe80::1%eth0]:1");
    canonical("[::1]", "[::1]:7400");
    canonical("::1", "[::1]:7400");
    canonical("unix:/run/holdfast/api.sock", "unix:/run/holdfast/api.sock");
}

Test(address, a_unix_path_is_the_host)
{
    struct address a = parsed("unix:/run/a:b.sock", 0);

    cr_assert(a.is_unix);
    cr_assert_str_eq(a.host, "/run/a:b.sock");
    cr_assert_eq(a.port, 0);
}

Test(address, a_port_is_needed_where_there_is_no_default)
{
    refused("n1", 0);
    refused("[::1]", 0);
    refused("::1", 0);
    cr_assert_eq(parsed("n1:7", 0).port, 7);
}

Test(address, what_is_no_address_is_refused)
{
    static const char *const wrong[] = {
        "",         ":",       ":80",     "n1:",           "n1:0",    "n1:65536",
        "n1:99999", "n1:+80",  "n1: 80",  "n1:80x",        "n1:-1",   "n1:000080",
        "[::1",     "[]:80",   "[n1]:80", "[10.0.0.1]:80", "[::1]80", "[::1]:",
        "a b:80",   "n1/x:80", "::1:zz",  "1:2:3",         "unix:",   "[fe80::1%]:80",
        "-n1:80",   ".n1:80",  "n1\n:80",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(wrong[i], 7400);
}

Test(address, overlong_names_are_refused_and_the_longest_fit)
{
    char text[600];
    struct address a;
    char buf[300];

    memset(text, 'a', sizeof text);
    text[254] = '\0';
    refused(text, 7400);
    text[253] = '\0';
    a = parsed(text, 7400);
    cr_assert_eq(strlen(address_format(&a, buf, sizeof buf)), 258);

    memcpy(text, "unix:/", 6);
    memset(text + 6, 'a', sizeof text - 6);
    text[5 + 256] = '\0';
    refused(text, 0);
    text[5 + 255] = '\0';
    a = parsed(text, 0);
    cr_assert_eq(strlen(address_format(&a, buf, sizeof buf)), 260);
    text[599] = '\0';
    memset(text, 'a', 599);
    refused(text, 7400);
}

Test(address, loopback_is_told_from_the_rest)
{
    static const char *const loopback[] = {"127.0.0.1:1",         "127.255.0.9:1", "[::1]:1",
                                           "localhost:1",         "LocalHost:1",   "unix:/x",
                                           "[::ffff:127.0.0.1]:1"};
    static const char *const other[] = {"0.0.0.0:1",          "10.0.0.1:1", "[::]:1",
                                        "[fe80::1]:1",        "n1:1",       "128.0.0.1:1",
                                        "[::ffff:10.0.0.1]:1"};
    struct address a;

    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        a = parsed(loopback[i], 0);
        cr_assert(address_is_loopback(&a), "%s", loopback[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        a = parsed(other[i], 0);
        cr_assert_not(address_is_loopback(&a), "%s", other[i]);
    }
}
