#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/cli/fake.h"

static void expect_offers(const struct fake *f, const char *expected, const char *const words[])
{
    struct run r = run_words(f, words);

    cr_expect_eq(r.status, CLI_DONE);
    cr_expect_str_empty(r.err);
    cr_expect_str_eq(r.out, expected, "%s %s: %s", words[1], words[2], r.out);
    run_release(&r);
}
#define OFFERS(f, expected, ...) \
    expect_offers(f, expected, (const char *const[]){"--complete", __VA_ARGS__, NULL})

Test(complete, offers_nouns_verbs_and_options)
{
    OFFERS(NULL,
           "cluster\nnode\ngroup\nresource\noperation\nfence\ntype\nevents\nwhy\nreplay\nwhat-if\n",
           "");
    OFFERS(NULL, "group\n", "--json", "g");
    OFFERS(NULL, "online\noffline\n", "group", "o");
    OFFERS(NULL, "--ignore-locked\n", "group", "offline", "x", "--i");
    OFFERS(NULL, "", "group", "list", "--wai");
    OFFERS(NULL, "--follow\n", "events", "--f");
    OFFERS(NULL, "", "dance", "");
}

Test(complete, offers_names_that_the_cluster_has)
{
    struct fake *f = fake_start(NULL, NULL);

    OFFERS(f, "DemoGroup\n", "group", "show", "");
    OFFERS(f, "DemoGroup\n", "--timeout", "9", "group", "offline", "--wait", "D");
    OFFERS(f, "", "group", "show", "X");
    OFFERS(f, "n1\nn2\nn3\n", "group", "move", "DemoGroup", "--to", "");
    OFFERS(f, "--to=n2\n", "group", "move", "DemoGroup", "--to=n2");
    OFFERS(f, "n1,n2\n", "group", "set", "DemoGroup", "--preferred", "n1,n2");
    OFFERS(f, "web\ndb\n", "resource", "show", "");
    OFFERS(f, "DemoGroup/db\n", "resource", "show", "DemoGroup/d");
    OFFERS(f, "DemoGroup/\n", "resource", "create", "");
    OFFERS(f, "Generic Application\n", "resource", "create", "DemoGroup/x", "--type", "");
    OFFERS(f, "CommandLine=\n", "resource", "create", "g/x", "--type", "process", "C");
    OFFERS(f, "OfflineMs=\nName=\nHosts=\n", "resource", "set", "db", "");
    OFFERS(f, "Hosts\n", "resource", "get", "db", "H");
    OFFERS(f, "", "group", "create", "");
    OFFERS(f, "DemoGroup\n", "resource", "move", "db", "--to", "");
    OFFERS(f, "DemoGroup\nn1\nn2\nn3\nweb\ndb\n", "why", "");
    OFFERS(f, "42\n", "operation", "cancel", "");
    OFFERS(f, "n1\nn2\nn3\n", "what-if", "node-down", "n1", "");
    OFFERS(f, "n2\n", "what-if", "move", "DemoGroup", "n2");
    OFFERS(f, "", "what-if", "move", "DemoGroup", "n2", "");
    OFFERS(f, "on\noff\n", "resource", "maintenance", "db", "");
    OFFERS(f, "add\nremove\nset\n", "resource", "owners", "db", "");
    OFFERS(f, "n1\nn2\nn3\n", "resource", "owners", "db", "add", "");
    OFFERS(f, "none\nnow\npolicy\n", "node", "resume", "n1", "--failback", "");
    OFFERS(f, "QuarantineThreshold=\n", "cluster", "set", "Q");
    fake_stop(f);
}

Test(complete, says_nothing_where_no_cluster_is)
{
    OFFERS(NULL, "", "group", "show", "");
    OFFERS(NULL, "", "--connect", "nonsense:x", "group", "show", "");
    OFFERS(NULL, "", "--socket", "/a", "--connect", "b", "group", "show", "");
}

/* Complete the line `typed` in bash with the tree's script, with a function in
 * the place of the command that offers `offers` and tells what it was asked. */
static void expect_bash(const char *typed, const char *offers, const char *asked, const char *reply)
{
    char script[2048], text[512] = "", expected[512];
    FILE *bash;
    size_t len;

    snprintf(script, sizeof(script),
             "bash --norc -c '\n"
             "holdfast() { printf \"[%%s]\" \"$@\" >&3; printf \"%%b\" \"$OFFERS\"; }\n"
             "source scripts/holdfast.bash-completion\n"
             "COMP_LINE=$TYPED COMP_POINT=${#TYPED}\n"
             "exec 3>&1; _holdfast; printf \" {%%s}\" \"${COMPREPLY[@]}\"'");
    setenv("TYPED", typed, 1);
    setenv("OFFERS", offers, 1);
    bash = popen(script, "r");
    cr_assert_not_null(bash);
    len = fread(text, 1, sizeof(text) - 1, bash);
    text[len] = '\0';
    cr_expect_eq(pclose(bash), 0);
    snprintf(expected, sizeof(expected), "%s %s", asked, reply);
    cr_expect_str_eq(text, expected, "%s", typed);
}

Test(complete, bash_asks_with_the_words_as_typed)
{
    expect_bash("holdfast gr", "group\n", "[--complete][gr]", "{group}");
    expect_bash("holdfast group ", "list\nshow\n", "[--complete][group][]", "{list} {show}");
    expect_bash("holdfast group show \"My Gr", "My Group\n", "[--complete][group][show][My Gr]",
                "{My\\ Group}");
    expect_bash("holdfast group show My\\ Gr", "My Group\n", "[--complete][group][show][My Gr]",
                "{My\\ Group}");
    expect_bash("holdfast group move x --to=n", "--to=n1\n", "[--complete][group][move][x][--to=n]",
                "{n1}");
    expect_bash("holdfast resource set r CommandLine=\"a b\" P", "Path=\n",
                "[--complete][resource][set][r][CommandLine=a b][P]", "{Path=}");
}
