#include "groupmgr/rules.h"

#include "base/bytes.h"

void resource_expression_text(const struct resource *r, struct bytes *text)
{
    for (unsigned i = 0; i < r->provider_count; i++) {
        assert(r->providers[i] != NULL);
        bytes_printf(text, "%s[%s]", i == 0 ? "" : " and ", r->providers[i]->name);
    }
}
