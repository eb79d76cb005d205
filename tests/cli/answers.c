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
#define EVENT                                                                          \
    "{\"index\":42,\"stamp_ms\":1700000000123,\"object\":\"group\",\"id\":9,\"name\":" \
    "\"DemoGroup\",\"node\":\"n1\",\"from\":\"Online\",\"to\":\"Pending\",\"cause\":"  \
    "\"requested-offline\",\"cause_text\":\"a client asked for offline\",\"code\":0,"  \
    "\"text\":null}"

static const struct {
    const char *method;
    const char *json;
} answers[] = {
    {"cluster.status",
     "{\"name\":\"demo\",\"node\":\"n1\",\"leader\":\"n2\",\"term\":4,\"index\":50,\"quorum\":true,"
     "\"nodes\":" NODES ",\"groups\":[{" GROUP_FIELDS "}]}"},
    {"cluster.digest", "{\"node\":\"n1\",\"position\":61,\"index\":50,\"digest\":"
                       "\"00112233aabbccdd\",\"bytes\":\"ffeeddcc00112233\"}"},
    {"node.list", NODES},
    {"node.get", NODE("1", "n1", "Up", "false")},
    {"group.list", "[{" GROUP_FIELDS "}]"},
    {"group.get", "{" GROUP_FIELDS ",\"resources\":[" WEB "," DB "]}"},
    {"resource.list", "[" WEB "," DB "]"},
    {"type.list", "[" TYPE "]"},
    {"type.get", TYPE},
    {"events.list", "[" EVENT "]"},
    {"events.follow", "{}"},
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
