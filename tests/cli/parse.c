#include <criterion/criterion.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/cli/fake.h"

/* Each is refused with status 2, without asking the cluster, in words that
 * name the fault and point to the right help. */
static const struct {
    const char *words[8];
    const char *says;
    const char *help;
} wrong[] = {
    {{"grup", "list"}, "did you mean `group`?", "try: holdfast --help"},
    {{"group"}, "needs a verb: list, show", "try: holdfast group --help"},
    {{"group", "offlin", "g"}, "did you mean `offline`?", "try: holdfast group --help"},
    {{"group", "juggle"}, "no verb `juggle`\n", "try: holdfast group --help"},
    {{"group", "offline"}, "needs a name", "try: holdfast group offline --help"},
    {{"group", "offline", ""}, "needs a name", "try: holdfast group offline --help"},
    {{"group", "offline", "a", "b"}, "`b` is too much", "group offline --help"},
    {{"group", "list", "a"}, "`a` is too much", "group list --help"},
    {{"group", "list", "--juggle"}, "unknown option --juggle", "group list --help"},
    {{"group", "list", "-x"}, "unknown option -x", "group list --help"},
    {{"group", "list", "--wait"}, "no option --wait", "group list --help"},
    {{"group", "offline", "g", "--to", "n1"}, "no option --to", "group offline --help"},
    {{"group", "offline", "g", "--wait=yes"}, "--wait takes no value", "group offline --help"},
    {{"group", "move", "g", "--to"}, "--to needs a value: NODE", "group move --help"},
    {{"group", "move", "g", "--to="}, "--to is empty", "group move --help"},
    {{"group", "offline", "g", "--set", "x"}, "`x` is no PROP=VALUE", "group offline --help"},
    {{"group", "offline", "g", "--set", "=x"}, "`=x` names no property", "group offline --help"},
    {{"group", "offline", "g", "--set", "p:dword=x"}, "no number", "group offline --help"},
    {{"group", "offline", "g", "--set", "p=\xff"}, "not text in UTF-8", "group offline --help"},
    {{"group", "set", "g"}, "nothing to set", "group set --help"},
    {{"group", "set", "g", "x"}, "`x` is no PROP=VALUE", "group set --help"},
    {{"resource", "set", "r"}, "nothing to set", "resource set --help"},
    {{"resource", "set", "r", "a:dword=1", "A=2"}, "makes a list", "resource set --help"},
    {{"resource", "create", "x", "--type", "t"}, "write GROUP/x", "resource create --help"},
    {{"resource", "create", "g/x"}, "needs --type TYPE", "resource create --help"},
    {{"resource", "create", "g/", "--type", "t"}, "no GROUP/NAME", "resource create --help"},
    {{"resource", "show", "/r"}, "no GROUP/NAME", "resource show --help"},
    {{"resource", "maintenance", "r"}, "needs on or off", "resource maintenance --help"},
    {{"resource", "maintenance", "r", "maybe"}, "on or off", "resource maintenance --help"},
    {{"resource", "owners", "r", "give", "n1"}, "add, remove or set", "resource owners --help"},
    {{"resource", "owners", "r", "add"}, "the name of a node", "resource owners --help"},
    {{"node", "pause", "n1", "--target", "n2"}, "give --drain, too", "node pause --help"},
    {{"node", "resume", "n1", "--failback", "x"}, "none, now or policy", "node resume --help"},
    {{"group", "move", "g", "--queue", "--ignore-locked"}, "give one", "group move --help"},
    {{"group", "online", "g", "--node", "n", "--best-node"}, "exclude", "group online --help"},
    {{"operation", "show", "x"}, "no number of an operation", "operation show --help"},
    {{"why"}, "`why` needs a name", "holdfast why --help"},
    {{"replay"}, "`replay` needs --at INDEX|TIME", "holdfast replay --help"},
    {{"replay", "g", "--at", "1"}, "`g` is too much here", "holdfast replay --help"},
    {{"replay", "--at", "noon"}, "--at noon: neither an index nor a time", "replay --help"},
    {{"why", "g", "h"}, "`h` is too much after `g`", "holdfast why --help"},
    {{"what-if", "move", "g", "a", "b"}, "`b` is too much", "what-if move --help"},
    {{"what-if", "move", "g", "a", "--to", "b"}, "beside --to b", "what-if move --help"},
    {{"what-if", "offline", "g", "--horizon", "-1"}, "--horizon -1", "what-if offline --help"},
    {{"resource", "depend", "r"}, "needs --on OTHER", "resource depend --help"},
    {{"events", "--limit", "0"}, "--limit 0", "holdfast events --help"},
    {{"events", "--limit", "4294967296"}, "not a number", "holdfast events --help"},
    {{"events", "--since", "-1"}, "--since -1", "holdfast events --help"},
    {{"events", "--since", "99999999999999999999"}, "not a number", "holdfast events --help"},
    {{"group", "list", "--timeout", "0"}, "--timeout 0", "group list --help"},
    {{"group", "list", "--timeout", "5s"}, "--timeout 5s", "group list --help"},
    {{"group", "list", "--timeout", "nan"}, "--timeout nan", "group list --help"},
    {{"group", "list", "--connect", "a:b"}, "--connect a:b", "group list --help"},
    {{"group", "list", "--connect", "a:1", "--socket", "/x"}, "exclude", "group list --help"},
};

Test(parse, faults_are_named_and_point_to_help)
{
    struct fake *f = fake_start(NULL, NULL);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct run r = run_words(f, wrong[i].words);
        cr_expect_eq(r.status, CLI_USAGE, "%s: status %d", wrong[i].says, r.status);
        cr_expect_str_empty(r.out);
        cr_expect(strstr(r.err, wrong[i].says), "%s: %s", wrong[i].says, r.err);
        cr_expect(strstr(r.err, wrong[i].help), "%s: %s", wrong[i].help, r.err);
        run_release(&r);
    }
    cr_expect_eq(fake_connections(f), 0);
    fake_stop(f);
}

Test(parse, nothing_at_all_shows_the_help_as_a_fault)
{
    struct run r = RUN(NULL, NULL);
    cr_expect_eq(r.status, CLI_USAGE);
    cr_expect_str_empty(r.out);
    cr_expect(strstr(r.err, "Usage: holdfast"));
    run_release(&r);
}

Test(parse, options_stand_anywhere)
{
    static const char *const lines[][10] = {
        {"--json", "group", "show", "DemoGroup", "--stale"},
        {"group", "--json", "show", "--stale", "DemoGroup"},
        {"--stale", "group", "show", "--json", "--", "DemoGroup"},
        {"group", "show", "DemoGroup", "--timeout=5", "--json", "--stale"},
    };

    for (size_t i = 0; i < 4; i++) {
        struct fake *f = fake_start(NULL, NULL);
        struct run r = run_words(f, lines[i]);
        cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
        cr_expect_eq(r.out[0], '{', "--json counts");
        cr_expect_not_null(memmem(fake_seen(f, "group.get", 0)->data,
                                  fake_seen(f, "group.get", 0)->len, "\xa5stale\xc3", 7));
        run_release(&r);
        fake_stop(f);
    }
}

Test(parse, two_dashes_end_the_options)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "group", "show", "--", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_not_null(
        memmem(fake_seen(f, "group.get", 0)->data, fake_seen(f, "group.get", 0)->len, "--wait", 6));
    run_release(&r);
    fake_stop(f);
}

Test(parse, the_option_socket_goes_before_the_environment)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(NULL, "group", "list", "--socket", fake_socket(f));

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    run_release(&r);
    r = RUN(f, "group", "list", "--socket", "/nonexistent/other.sock");
    cr_expect_eq(r.status, CLI_NO_CLUSTER);
    cr_expect(strstr(r.err, "/nonexistent/other.sock"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(parse, usage_faults_are_json_too)
{
    struct run r = RUN(NULL, "group", "list", "--juggle", "--json");
    json_t *j = json_loads(r.err, 0, NULL);

    cr_expect_eq(r.status, CLI_USAGE);
    cr_assert_not_null(j, "%s", r.err);
    cr_expect_eq(json_integer_value(json_object_get(j, "error")), 87);
    json_decref(j);
    run_release(&r);
}
