#include "node/config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "groupmgr/groupmgr.h"

static char path[64];

static void setup(void)
{
    snprintf(path, sizeof path, "/tmp/holdfast-config-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void teardown(void)
{
    unlink(path);
}

TestSuite(config, .init = setup, .fini = teardown);

/* The errors of `text`, to free; "" if it is good, and then *ret is to be released. */
static char *load(const char *text, struct config *ret)
{
    FILE *f = fopen(path, "w");
    char *errors = NULL;
    size_t len;

    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
    FILE *out = open_memstream(&errors, &len);
    uint32_t code = config_load(path, out, ret);
    fclose(out);
    cr_assert_eq(code, errors[0] == '\0' ? 0 : (uint32_t)ERROR_INVALID_DATA, "%s", errors);
    return errors;
}

#define GOOD_NODE "[node]\nname = n2\ndata = /var/lib/holdfast\n"
#define GOOD_CLUSTER \
    "[cluster]\nname = prod\npeers = n3=127.0.0.1:7403 n1=127.0.0.1:7401 n2=127.0.0.1:7402\n"

/* `text` must give an error in `line` (0: none) that contains `words`. */
static void expect(const char *text, unsigned line, const char *words)
{
    struct config c;
    char *errors = load(text, &c), place[100];
    bool found = false;

    if (line > 0)
        snprintf(place, sizeof place, "%s:%u: ", path, line);
    else
        snprintf(place, sizeof place, "%s: ", path);
    for (char *rest = errors, *one; (one = strsep(&rest, "\n")) != NULL;)
        found = found || (strncmp(one, place, strlen(place)) == 0 && strstr(one, words) != NULL);
    cr_assert(found, "line %u, \"%s\" in:\n%s", line, words, errors);
    free(errors);
}

static unsigned lines(const char *errors)
{
    unsigned n = 0;

    for (; (errors = strchr(errors, '\n')) != NULL; errors++)
        n++;
    return n;
}

static void expect_good(const char *text, struct config *ret)
{
    char *errors = load(text, ret);

    cr_assert_str_empty(errors, "%s", errors);
    free(errors);
}

Test(config, a_good_file_is_read_whole)
{
    struct config c;

    expect_good("# a comment\n[node]\nname = n2\ndata = /srv/hf\nlisten = [::1]:7500\n"
                "socket = /run/hf.sock\nlog = /var/log/hf.log\nlevel = debug\n"
                "monitor = /usr/lib/monitor\n"
                "[cluster]\nname = prod\npeers = n1=[::1]:7400, n2=host:7401\n"
                "peers = n3=10.0.0.3:7402/standby w=10.0.0.4:7400/witness\n"
                "[timing]\nlease_ms = 3000\nguard_ms = 70\n",
                &c);
    cr_assert_str_eq(c.node, "n2");
    cr_assert_str_eq(c.data_dir, "/srv/hf");
    cr_assert_str_eq(c.socket, "/run/hf.sock");
    cr_assert_str_eq(c.log, "/var/log/hf.log");
    cr_assert_str_eq(c.monitor, "/usr/lib/monitor");
    cr_assert_str_eq(c.cluster, "prod");
    cr_assert(c.debug && c.listen_given);
    cr_assert_str_eq(c.listen.host, "::1");
    cr_assert_eq(c.listen.port, 7500);
    cr_assert_eq(c.peer_count, 4);
    cr_assert_str_eq(c.peers[0].address, "[::1]:7400");
    cr_assert_str_eq(c.peers[1].address, "host:7401");
    cr_assert_eq(c.peers[1].role, CONSENSUS_VOTER);
    cr_assert_str_eq(c.peers[2].address, "10.0.0.3:7402");
    cr_assert_eq(c.peers[2].role, CONSENSUS_STANDBY);
    cr_assert_not(c.peers[2].witness);
    cr_assert_str_eq(c.peers[3].address, "10.0.0.4:7400");
    cr_assert_eq(c.peers[3].role, CONSENSUS_VOTER);
    cr_assert(c.peers[3].witness);
    cr_assert_eq(c.timing.lease_ms, 3000);
    cr_assert_eq(c.timing.guard_ms, 70);
    cr_assert_eq(c.timing.pulse_ms, 250, "what is not given is the profile's");
    cr_assert_eq(config_self(&c), &c.peers[1]);
    config_release(&c);
}

Test(config, what_is_not_given_has_a_default)
{
    struct config c;

    expect_good(GOOD_NODE GOOD_CLUSTER, &c);
    cr_assert_str_eq(c.socket, "/run/holdfast/api.sock");
    cr_assert_null(c.log);
    cr_assert_not(c.debug);
    cr_assert_str_eq(c.listen.host, "127.0.0.1", "its own address among the peers");
    cr_assert_eq(c.listen.port, 7402);
    cr_assert_not_null(strstr(c.monitor, "/holdfast-monitor"));
    cr_assert_eq(c.timing.lease_ms, 2000);
    cr_assert_eq(c.timing.pulse_ms, 250);
    cr_assert_eq(c.timing.election_ms, 400);
    cr_assert_eq(c.timing.heartbeat_ms, 80);
    cr_assert_eq(c.timing.guard_ms, 50);
    config_release(&c);
}

Test(config, the_profile_fast_has_its_numbers)
{
    struct config c;

    expect_good(GOOD_NODE GOOD_CLUSTER "profile = fast\n", &c);
    cr_assert_eq(c.timing.lease_ms, 800);
    cr_assert_eq(c.timing.pulse_ms, 100);
    cr_assert_eq(c.timing.election_ms, 150);
    cr_assert_eq(c.timing.heartbeat_ms, 30);
    cr_assert_eq(c.timing.guard_ms, 30);
    config_release(&c);
}

Test(config, ids_go_by_name_whatever_the_order_of_the_peers)
{
    static const char *const orders[] = {"a=h:1 B=h:2 c=h:3", "c=h:3 B=h:2 a=h:1",
                                         "B=h:2 c=h:3 a=h:1"};

    for (unsigned i = 0; i < 3; i++) {
        char text[300];
        struct config c;
        snprintf(text, sizeof text,
                 "[node]\nname = b\ndata = /d\n[cluster]\nname = x\npeers = %s\n", orders[i]);
        expect_good(text, &c);
        cr_assert_str_eq(c.peers[0].name, "a");
        cr_assert_str_eq(c.peers[1].name, "B");
        cr_assert_str_eq(c.peers[2].name, "c");
        for (unsigned p = 0; p < 3; p++) {
            cr_assert_eq(c.peers[p].id, p + 1);
            cr_assert_eq(c.peers[p].address[2] - '0', (int)p + 1);
        }
        cr_assert_eq(config_self(&c)->id, 2, "names are equal whatever their case");
        config_release(&c);
    }
}

Test(config, every_error_names_its_line)
{
    expect(GOOD_NODE "colour = red\n" GOOD_CLUSTER, 4, "no key \"colour\" in section [node]");
    expect(GOOD_NODE "[extra]\nx = 1\n" GOOD_CLUSTER, 5, "no section [extra]");
    expect(GOOD_NODE "name = n3\n" GOOD_CLUSTER, 4, "already given in line 2");
    expect(GOOD_NODE "socket =\n" GOOD_CLUSTER, 4, "socket has no value");
    expect(GOOD_NODE "socket = run/x\n" GOOD_CLUSTER, 4, "absolute path");
    expect(GOOD_NODE "level = loud\n" GOOD_CLUSTER, 4, "not \"loud\"");
    expect(GOOD_NODE "listen = nowhere\n" GOOD_CLUSTER, 4, "not HOST:PORT");
    expect(GOOD_NODE "listen = unix:/x\n" GOOD_CLUSTER, 4, "not HOST:PORT");
    expect(GOOD_NODE "listen = h:99999\n" GOOD_CLUSTER, 4, "not HOST:PORT");
    expect(GOOD_NODE "just words\n" GOOD_CLUSTER, 4, "neither [section] nor key = value");
    expect(GOOD_NODE "[cluster\nname = x\n", 4, "neither [section] nor key = value");
    expect(GOOD_NODE GOOD_CLUSTER "profile = slow\n", 7, "no profile \"slow\"");
    expect(GOOD_NODE GOOD_CLUSTER "peers = n4\n", 7, "peer \"n4\" is not NAME=HOST:PORT");
    expect(GOOD_NODE GOOD_CLUSTER "peers = =h:1\n", 7, "not NAME=HOST:PORT");
    expect(GOOD_NODE GOOD_CLUSTER "peers = n4=h\n", 7, "\"h\" is not HOST:PORT");
    expect(GOOD_NODE GOOD_CLUSTER "peers = n4=unix:/x\n", 7, "not HOST:PORT");
    expect(GOOD_NODE GOOD_CLUSTER "peers = N1=h:1\n", 7, "named twice");
    expect("[node]\nname = n9\ndata = /d\n" GOOD_CLUSTER, 6, "\"n9\", is not among the peers");
    expect("[node]\nname = n1\ndata = /d\n[cluster]\nname = x\npeers = n1=h:1/standby\n", 6,
           "at least one peer must vote");
    expect("[node]\nname = n1\ndata = /d\n[cluster]\nname = x\npeers = n1=h:1/witness\n", 6,
           "at least one peer must be no witness");
    expect("[node]\nname = n1\n" GOOD_CLUSTER, 0, "data is missing in section [node]");
    expect(GOOD_NODE "[cluster]\nname = x\n", 0, "peers is missing in section [cluster]");
    expect("", 0, "name is missing in section [node]");
}

Test(config, times_that_would_break_the_lease_are_refused)
{
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = 1949\n", 8, "must be at least");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nelection_ms = 5000\n", 0, "must be at least");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nheartbeat_ms = 134\n", 8, "at most a third");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nguard_ms = 1000\n", 8, "less than half");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nguard_ms = 19\n", 8, "at least 20");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nguard_ms = 136\n", 0, "+ guard_ms + 50 = 2001");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\npulse_ms = 300\nheartbeat_ms = 106\n", 0,
           "two rounds fail");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = 0\n", 8, "milliseconds from 1");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = 2s\n", 8, "milliseconds from 1");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = -1\n", 8, "milliseconds from 1");
    expect(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = 99999999999999999999\n", 8,
           "milliseconds from 1");

    struct config c;
    expect_good(GOOD_NODE GOOD_CLUSTER "[timing]\nlease_ms = 1950\n", &c);
    config_release(&c);
    expect_good(GOOD_NODE GOOD_CLUSTER "[timing]\nguard_ms = 135\n", &c);
    config_release(&c);
}

Test(config, all_errors_are_told_at_once)
{
    struct config c;
    char *errors = load("words\n[node]\nname = n1\nmore words\nname = n2\ndata = here\n[odd]\n"
                        "a = 1\n[cluster]\npeers = x y=h:1 y=h:2\nstill more\n",
                        &c);

    /* Lines 1, 4, 5, 6, 8, two in 10, 11, and the name of the cluster. */
    cr_assert_eq(lines(errors), 9, "%s", errors);
    free(errors);
}

Test(config, a_line_that_would_be_cut_is_refused)
{
    char text[1200], line[600];
    struct config c;

    for (size_t len = 190; len < 420; len += len < 210 ? 1 : 97) {
        int used = snprintf(line, sizeof line, "socket = /");
        memset(line + used, 'x', len - (size_t)used);
        line[len] = '\0';
        snprintf(text, sizeof text, GOOD_NODE "%s\n" GOOD_CLUSTER, line);
        if (len <= 198) {
            expect_good(text, &c);
            cr_assert_eq(strlen(c.socket), len - 9, "nothing of it is lost");
            config_release(&c);
        } else {
            char *errors = load(text, &c);
            cr_assert_eq(lines(errors), 1, "%s", errors);
            free(errors);
            expect(text, 4, "longer than 198");
        }
    }
}

Test(config, more_peers_than_fit_are_refused)
{
    char text[4000] = "[node]\nname = p0\ndata = /d\n[cluster]\nname = x\n";
    struct config c;

    for (unsigned i = 0; i < CONFIG_PEERS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "peers = p%u=h:%u\n", i, i + 1);
    expect_good(text, &c);
    cr_assert_eq(c.peer_count, CONFIG_PEERS_MAX);
    config_release(&c);
    strcat(text, "peers = one-more=h:1\n");
    expect(text, 5 + CONFIG_PEERS_MAX + 1, "too many peers");
}

Test(config, a_file_that_is_not_there_is_an_error_with_its_name)
{
    char *errors = NULL;
    size_t len;
    struct config c;
    FILE *out = open_memstream(&errors, &len);

    cr_assert_neq(config_load("/nonexistent/config", out, &c), 0);
    fclose(out);
    cr_assert_not_null(strstr(errors, "/nonexistent/config: "));
    free(errors);
}

Test(config, self_fencing_is_off_unless_asked_for)
{
    struct config c;

    expect_good(GOOD_NODE GOOD_CLUSTER, &c);
    cr_assert_null(c.self_fence);
    config_release(&c);
    expect_good(GOOD_NODE GOOD_CLUSTER "[fencing]\nself = watchdog\nwatchdog = /dev/watchdog1\n",
                &c);
    cr_assert_str_eq(c.self_fence, "watchdog");
    cr_assert_str_eq(c.watchdog, "/dev/watchdog1");
    config_release(&c);
    expect(GOOD_NODE GOOD_CLUSTER "[fencing]\nself = perhaps\n", 8, "not \"perhaps\"");
}

Test(config, print_tells_programs_what_joining_is_about)
{
    struct config c;
    char *text = NULL;
    size_t len;
    char *errors = load(GOOD_NODE "socket = /s\n[cluster]\nname = prod\npeers = "
                                  "n1=127.0.0.1:7401 n2=127.0.0.1:7402/witness\n",
                        &c);

    cr_assert_str_eq(errors, "");
    free(errors);
    FILE *out = open_memstream(&text, &len);
    config_print(&c, out);
    fclose(out);
    cr_assert_eq(c.functional_level, LEVEL_MAX);
    cr_assert_str_eq(text, "node.name = n2\nnode.data = /var/lib/holdfast\nnode.socket = /s\n"
                           "node.address = 127.0.0.1:7402/witness\ncluster.name = prod\n"
                           "cluster.peers = n1=127.0.0.1:7401\n"
                           "cluster.peers = n2=127.0.0.1:7402/witness\n");
    free(text);
    config_release(&c);
}

Test(config, a_node_is_held_back_to_a_level_that_its_build_knows)
{
    struct config c;

    char *errors = load(GOOD_NODE "functional_level = 1\n" GOOD_CLUSTER, &c);
    cr_assert_str_eq(errors, "");
    cr_assert_eq(c.functional_level, 1);
    free(errors);
    config_release(&c);
    expect(GOOD_NODE "functional_level = 0\n" GOOD_CLUSTER, 4, "no functional level");
    expect(GOOD_NODE "functional_level = 99\n" GOOD_CLUSTER, 4, "no functional level");
    expect(GOOD_NODE "functional_level = two\n" GOOD_CLUSTER, 4, "no functional level");
}
