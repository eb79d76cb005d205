/* A small cluster as docs/api.md would tell of it. */
#include <string.h>

#include "tests/cli/fake.h"

#define NODE(id, name, state, leader)                                                             \
    "{\"id\":" id ",\"name\":\"" name "\",\"address\":\"127.0.0.1:740" id "\",\"state\":\"" state \
    "\",\"state_code\":0,\"incarnation\":3,\"leader\":" leader                                    \
    ",\"role\":\"voter\",\"since_ms\":1700000000000,\"groups\":1}"
#define NODES                                                    \
    "[" NODE("1", "n1", "Up", "false") "," NODE("2", "n2", "Up", \
                                                "true") "," NODE("3", "n3", "Down", "false") "]"
#define GROUP_FIELDS                                                                             \
    "\"id\":9,\"name\":\"DemoGroup\",\"state\":\"Pending\",\"state_code\":4,\"owner\":\"n1\","   \
    "\"persistent\":\"Offline\",\"since_ms\":1700000000000,\"operation\":{\"kind\":\"offline\"," \
    "\"id\":42,\"since_ms\":1700000000000},\"preferred\":[\"n1\",\"n2\"],\"token\":7,"           \
    "\"description\":\"\""
#define DB                                                                                        \
    "{\"id\":11,\"name\":\"db\",\"group\":\"DemoGroup\",\"type\":\"dummy\",\"state\":\"Online\"," \
    "\"state_code\":2,\"owner\":\"n1\",\"since_ms\":1700000000000,\"cause\":\"reported\","        \
    "\"locked\":true,\"code\":0,\"text\":null,\"operation\":40,\"persistent\":null,"              \
    "\"providers\":[],\"properties\":{\"OfflineMs\":200,\"Name\":\"x\",\"Hosts\":[\"a\",\"b\"]}}"
#define WEB                                                                                        \
    "{\"id\":12,\"name\":\"web\",\"group\":\"DemoGroup\",\"type\":\"process\","                    \
    "\"state\":\"OfflinePending\",\"state_code\":130,\"owner\":\"n1\",\"since_ms\":1700000000000," \
    "\"cause\":\"requested-offline\",\"locked\":false,\"code\":1067,\"text\":\"exit status 3\","   \
    "\"operation\":42,\"persistent\":null,\"providers\":[\"db\"],\"pid\":4711,\"properties\":"     \
    "{\"CommandLine\":\"sleep 9\"}}"
#define TYPE                                                                                      \
    "{\"name\":\"Generic Application\",\"alias\":\"process\",\"description\":\"runs a command\"," \
    "\"properties\":[{\"name\":\"CommandLine\",\"type\":\"SZ\",\"default\":\"\",\"description\":" \
    "\"what to run\"}]}"
#define OPERATION                                                                                 \
    "{\"group\":\"DemoGroup\",\"state\":\"Pending\",\"owner\":\"n1\",\"kind\":\"online\",\"id\":" \
    "42,"                                                                                         \
    "\"since_ms\":1700000000000,\"target\":null,\"source\":\"n1\",\"resource\":\"db\",\"cause\":" \
    "\"requested-online\",\"cause_text\":\"a client asked for online\",\"queued\":true,"          \
    "\"wait_text\":\"no node can take it now\"}"
#define REASON(command, text)                                                               \
    "{\"index\":42,\"stamp_ms\":1700000000000,\"command\":\"" command "\",\"cause\":\"x\"," \
    "\"cause_text\":\"" text "\"}"
#define CANDIDATES                                                                           \
    "[{\"node\":\"n1\",\"rule\":\"more-loaded\",\"text\":\"has more "                        \
    "groups\",\"value\":5,\"best\":3},"                                                      \
    "{\"node\":\"n22\",\"rule\":\"chosen\",\"text\":\"was chosen\",\"value\":0,\"best\":0}," \
    "{\"node\":\"n3\",\"rule\":\"down\",\"text\":\"is down\",\"value\":0,\"best\":0}]"
#define WHY                                                                                                                                           \
    "{\"kind\":\"group\",\"index\":50,\"now_ms\":1700000001000,\"resource\":null,\"node\":" NODE(                                                     \
        "1", "n1", "Up",                                                                                                                              \
        "false") ",\"group\":{\"name\":\"DemoGroup\",\"state\":\"Failed\","                                                                           \
                 "\"owner\":\"n1\",\"persistent\":\"Online\",\"why\":" REASON(                                                                        \
                     "report",                                                                                                                        \
                     "it"                                                                                                                             \
                     " f"                                                                                                                             \
                     "ai"                                                                                                                             \
                     "le"                                                                                                                             \
                     "d") ",\"placement\":{\"why\":" REASON("node-down",                                                                              \
                                                            "its node was not heard of for a "                                                        \
                                                            "lease") ",\"chosen\":\"n22\","                                                           \
                                                                     "\"candidates\":" CANDIDATES                                                     \
                                                                     "},\"nowhere\":{"                                                                \
                                                                     "\"why\":" REASON(                                                               \
                                                                         "tick", "no node") ",\"c"                                                    \
                                                                                            "andi"                                                    \
                                                                                            "date"                                                    \
                                                                                            "s\""                                                     \
                                                                                            ":" CANDIDATES                                            \
                                                                                            "},"                                                      \
                                                                                            "\"st"                                                    \
                                                                                            "atus"                                                    \
                                                                                            "\":["                                                    \
                                                                                            "\"lo"                                                    \
                                                                                            "cked"                                                    \
                                                                                            "-"                                                       \
                                                                                            "mode"                                                    \
                                                                                            "\"],"                                                    \
                                                                                            "\"dr"                                                    \
                                                                                            "aine"                                                    \
                                                                                            "d_"                                                      \
                                                                                            "from"                                                    \
                                                                                            "\":"                                                     \
                                                                                            "null"                                                    \
                                                                                            ","                                                       \
                                                                                            "\"fa"                                                    \
                                                                                            "ilba"                                                    \
                                                                                            "ck_"                                                     \
                                                                                            "at_"                                                     \
                                                                                            "ms\""                                                    \
                                                                                            ":"                                                       \
                                                                                            "1700"                                                    \
                                                                                            "0000"                                                    \
                                                                                            "6100"                                                    \
                                                                                            "0,"                                                      \
                                                                                            "\"op"                                                    \
                                                                                            "erat"                                                    \
                                                                                            "ion"                                                     \
                                                                                            "\":"                                                     \
                                                                                            "{\"i"                                                    \
                                                                                            "d\":"                                                    \
                                                                                            "43,"                                                     \
                                                                                            "\"ki"                                                    \
                                                                                            "nd\""                                                    \
                                                                                            ":"                                                       \
                                                                                            "\"mo"                                                    \
                                                                                            "ve\""                                                    \
                                                                                            ",\"t"                                                    \
                                                                                            "arge"                                                    \
                                                                                            "t\":"                                                    \
                                                                                            "\"n2"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"ca"                                                    \
                                                                                            "use_"                                                    \
                                                                                            "text"                                                    \
                                                                                            "\":"                                                     \
                                                                                            "\"a "                                                    \
                                                                                            "clie"                                                    \
                                                                                            "nt "                                                     \
                                                                                            "aske"                                                    \
                                                                                            "d "                                                      \
                                                                                            "for "                                                    \
                                                                                            "a "                                                      \
                                                                                            "move"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"qu"                                                    \
                                                                                            "eued"                                                    \
                                                                                            "\":"                                                     \
                                                                                            "true"                                                    \
                                                                                            ","                                                       \
                                                                                            "\"wa"                                                    \
                                                                                            "it_"                                                     \
                                                                                            "text"                                                    \
                                                                                            "\":"                                                     \
                                                                                            "\"it"                                                    \
                                                                                            " wai"                                                    \
                                                                                            "ts "                                                     \
                                                                                            "unti"                                                    \
                                                                                            "l a "                                                    \
                                                                                            "reso"                                                    \
                                                                                            "urce"                                                    \
                                                                                            " is "                                                    \
                                                                                            "unlo"                                                    \
                                                                                            "cked"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"si"                                                    \
                                                                                            "nce_"                                                    \
                                                                                            "ms\""                                                    \
                                                                                            ":"                                                       \
                                                                                            "1700"                                                    \
                                                                                            "0000"                                                    \
                                                                                            "0000"                                                    \
                                                                                            "0},"                                                     \
                                                                                            "\"re"                                                    \
                                                                                            "sour"                                                    \
                                                                                            "ces"                                                     \
                                                                                            "\":["                                                    \
                                                                                            "{\"n"                                                    \
                                                                                            "ame"                                                     \
                                                                                            "\":"                                                     \
                                                                                            "\"db"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"st"                                                    \
                                                                                            "ate"                                                     \
                                                                                            "\":"                                                     \
                                                                                            "\"Fa"                                                    \
                                                                                            "iled"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"pe"                                                    \
                                                                                            "rsis"                                                    \
                                                                                            "tent"                                                    \
                                                                                            "\":"                                                     \
                                                                                            "\"in"                                                    \
                                                                                            "heri"                                                    \
                                                                                            "ted"                                                     \
                                                                                            "\","                                                     \
                                                                                            "\"co"                                                    \
                                                                                            "de\""                                                    \
                                                                                            ":111"                                                    \
                                                                                            "7,"                                                      \
                                                                                            "\"te"                                                    \
                                                                                            "xt\""                                                    \
                                                                                            ":\"d"                                                    \
                                                                                            "isk "                                                    \
                                                                                            "is "                                                     \
                                                                                            "gone"                                                    \
                                                                                            "\","                                                     \
                                                                                            "\"re"                                                    \
                                                                                            "star"                                                    \
                                                                                            "ts\""                                                    \
                                                                                            ":3,"                                                     \
                                                                                            "\"wh"                                                    \
                                                                                            "y\""                                                     \
                                                                                            ":" REASON("report", "it failed") ",\"verdict\":" REASON( \
                                                                                                "report",                                             \
                                                                                                "its restarts are used "                              \
                                                                                                "up") ",\"retry_at_ms\":"                             \
                                                                                                      "1700000031000,"                                \
                                                                                                      "\"refused\":["                                 \
                                                                                                      "\"n3\"]},{"                                    \
                                                                                                      "\"name\":\"ip\","                              \
                                                                                                      "\"state\":"                                    \
                                                                                                      "\"Online\","                                   \
                                                                                                      "\"persistent\":"                               \
                                                                                                      "\"inherited\","                                \
                                                                                                      "\"why\":null}]}}"
#define WHATIF                                                                                    \
    "{\"index\":50,\"end\":\"horizon\",\"after_ms\":500,\"next_ms\":3600000,\"dropped\":0,"       \
    "\"replies\":[{\"code\":997,\"name\":\"ERROR_IO_PENDING\",\"message\":\"\",\"detail\":\"\"}," \
    "{\"code\":5071,\"name\":\"ERROR_NODE_CANT_HOST_RESOURCE\",\"message\":\"it cannot\","        \
    "\"detail\":\"n9\"}],\"groups\":[{\"name\":\"DemoGroup\",\"owner_before\":\"n1\","            \
    "\"state_before\":\"Online\",\"owner\":\"n22\",\"state\":\"Failed\"}],\"changes\":["          \
    "{\"after_ms\":0,\"object\":\"group\",\"name\":\"DemoGroup\",\"node\":\"n22\",\"from\":"      \
    "\"Online\","                                                                                 \
    "\"to\":\"Online\",\"cause_text\":\"its node is about to stop\",\"candidates\":" CANDIDATES   \
    "},{\"after_ms\":500,\"object\":\"group\",\"name\":\"DemoGroup\",\"node\":\"n22\",\"from\":"  \
    "\"Online\",\"to\":\"Failed\",\"cause_text\":\"it failed\",\"code\":1117}]}"
#define EVENT                                                                          \
    "{\"index\":42,\"stamp_ms\":1700000000123,\"object\":\"group\",\"id\":9,\"name\":" \
    "\"DemoGroup\",\"node\":\"n1\",\"from\":\"Online\",\"to\":\"Pending\",\"cause\":"  \
    "\"requested-offline\",\"cause_text\":\"a client asked for offline\",\"code\":0,"  \
    "\"text\":null}"

static const struct {
    const char *method;
    const char *json;
} answers[] = {
    {"cluster.survey",
     "{\"name\":\"demo\",\"node\":\"n1\",\"epoch\":0,\"last_term\":5,\"last_index\":90,"
     "\"committed_index\":88,\"index\":70,\"stamp_ms\":1700000000000,\"groups\":1,\"refusal\":null,"
     "\"members\":[{\"id\":1,\"name\":\"n1\",\"state\":\"Up\",\"role\":\"voter\",\"groups\":1,"
     "\"dropped\":false,\"reached\":false},{\"id\":2,\"name\":\"n2\",\"state\":\"Down\",\"role\":"
     "\"voter\",\"groups\":0,\"dropped\":true,\"reached\":false}]}"},
    {"cluster.recover", "{\"epoch\":1}"},
    {"cluster.status", "{\"name\":\"demo\",\"epoch\":1,\"node\":\"n1\",\"leader\":\"n2\",\"term\":"
                       "4,\"index\":50,\"quorum\":true,"
                       "\"nodes\":" NODES ",\"groups\":[{" GROUP_FIELDS "}]}"},
    {"cluster.digest", "{\"node\":\"n1\",\"position\":61,\"index\":50,\"digest\":"
                       "\"00112233aabbccdd\",\"bytes\":\"ffeeddcc00112233\"}"},
    {"node.list", NODES},
    {"fence.list", "{\"devices\":[{\"name\":\"ipmi\",\"agent\":\"fence_x\",\"parameters\":"
                   "{\"agent\":\"fence_x\",\"passwd\":\"********\"}}],\"nodes\":[{\"name\":\"n1\","
                   "\"state\":\"Up\",\"fencing\":\"none\",\"levels\":[\"1=ipmi\"]}]}"},
    {"fence.test", "[{\"level\":1,\"device\":\"ipmi\",\"plug\":\"\",\"result\":\"on\","
                   "\"text\":\"Status: ON\"}]"},
    {"node.get", NODE("1", "n1", "Up", "false")},
    {"group.list", "[{" GROUP_FIELDS "}]"},
    {"group.get", "{" GROUP_FIELDS ",\"resources\":[" WEB "," DB "]}"},
    {"resource.list", "[" WEB "," DB "]"},
    {"type.list", "[" TYPE "]"},
    {"type.get", TYPE},
    {"events.list", "[" EVENT "]"},
    {"events.follow", "{}"},
    {"cluster.get",
     "{\"name\":\"demo\",\"properties\":{\"QuarantineThreshold\":3,\"UtcOffset\":-60}}"},
    {"operation.list", "[" OPERATION "]"},
    {"operation.get", OPERATION},
    {"why.get", WHY},
    {"whatif.run", WHATIF},
    {"history.get",
     "{\"index\":50,\"time_ms\":1700000005000,\"nodes\":" NODES ",\"groups\":[{" GROUP_FIELDS
     "}],\"resources\":[" WEB "," DB "],\"events\":[" EVENT "]}"},
    {"group.online", "{\"code\":997,\"index\":42,\"detail\":\"\"}"},
    {"group.offline", "{\"code\":997,\"index\":42,\"detail\":\"\"}"},
    {"group.move", "{\"code\":997,\"index\":42,\"detail\":\"\"}"},
    {"resource.online", "{\"code\":997,\"index\":42,\"detail\":\"\"}"},
    {"resource.offline", "{\"code\":997,\"index\":42,\"detail\":\"\"}"},
};

void cluster_answers(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)data;
    answer->json = "{\"code\":0,\"index\":42,\"detail\":\"\"}";
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strcmp(answers[i].method, request->method) == 0)
            answer->json = answers[i].json;
    }
    if (strcmp(request->method, "resource.get") == 0)
        answer->json = value_is_str(value_get(request->params, "name"), "db") ? DB : WEB;
}
