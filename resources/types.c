#include "resources/types.h"

#include "base/error.h"
#include "base/text.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

#define DWORD(name_, default_, text_, description_)                                      \
    {                                                                                    \
        .name = name_, .kind = TYPE_DWORD, .max = UINT32_MAX, .default_dword = default_, \
        .default_text = text_, .description = description_                               \
    }
#define FLAG(name_, description_)                                         \
    {                                                                     \
        .name = name_, .kind = TYPE_DWORD, .max = 1, .default_text = "0", \
        .description = description_                                       \
    }
#define TEXT(name_, default_, description_)                                                   \
    {                                                                                         \
        .name = name_, .kind = TYPE_SZ, .default_text = default_, .description = description_ \
    }

static const struct type_property dummy_properties[] = {
    DWORD("OnlineDelay", 0, "0", "milliseconds that coming online takes"),
    DWORD("OfflineDelay", 0, "0", "milliseconds that going offline takes"),
    DWORD("FailOnline", 0, "0", "error code with which coming online fails; 0 does not fail"),
    DWORD("FailOffline", 0, "0", "error code with which going offline fails; 0 does not fail"),
    DWORD("FailAfter", 0, "0", "milliseconds after which, once online, it fails; 0 never"),
    DWORD("SickAfter", 0, "0",
          "milliseconds after which, once online, it no longer looks alive; 0 never"),
    {
        .name = "CannotOnlineOn",
        .kind = TYPE_MULTI_SZ,
        .default_text = "",
        .description = "nodes on which it says that it cannot come online there; *: on any",
    },
    DWORD("GuestFailAfter", 0, "0",
          "milliseconds after which, once online, something within it fails; 0 never"),
    DWORD("GuestRecoverAfter", 0, "0", "milliseconds after which that is well again; 0 never"),
    FLAG("HangOnline", "1: coming online never ends"),
    FLAG("HangOffline", "1: going offline never ends"),
    FLAG("Silent", "1: no sign of progress while pending"),
    FLAG("Locked", "1: raises locked mode when online"),
    TEXT("RecordFile", "",
         "file to which each offline instruction is appended as a line; empty: "
         "NAME.instructions in the monitor's folder"),
};

static const struct type_property process_properties[] = {
    {
        .name = "CommandLine",
        .kind = TYPE_SZ,
        .required = true,
        .default_text = "",
        .description = "what to run, by /bin/sh -c",
    },
    TEXT("CurrentDirectory", "/", "working directory"),
    {
        .name = "Environment",
        .kind = TYPE_MULTI_SZ,
        .assignments = true,
        .default_text = "",
        .description = "more environment, each NAME=VALUE",
    },
    TEXT("ReadyCommand", "", "online once this exits with 0; empty: as soon as it runs"),
    {
        .name = "ReadyInterval",
        .kind = TYPE_DWORD,
        .min = 10,
        .max = 3600000,
        .default_dword = 200,
        .default_text = "200",
        .description = "milliseconds between two runs of ReadyCommand",
    },
    TEXT("StopCommand", "", "run to stop it; empty: SIGTERM to its process group"),
    {
        .name = "StopTimeout",
        .kind = TYPE_DWORD,
        .max = UINT32_MAX,
        .default_dword = 10000,
        .default_text = "10000",
        .description = "milliseconds that it has to stop, then all of it is killed",
    },
    TEXT("CheckCommand", "", "run at each is-alive check: exits with 0 while all is well"),
    TEXT("User", "", "account to run as; empty: the monitor's own"),
};

static const struct type types[] = {
    {
        .name = "Dummy",
        .alias = "dummy",
        .description = "runs nothing; comes online, fails and hangs as told, for tests",
        .looks_alive_ms = 5000,
        .is_alive_ms = 60000,
        .properties = dummy_properties,
        .property_count = COUNT(dummy_properties),
    },
    {
        .name = "Generic Application",
        .alias = "process",
        .description = "runs a command line and ends with it",
        .looks_alive_ms = 5000,
        .is_alive_ms = 60000,
        .properties = process_properties,
        .property_count = COUNT(process_properties),
    },
};

unsigned type_count(void)
{
    return COUNT(types);
}

const struct type *type_at(unsigned position)
{
    return position < COUNT(types) ? &types[position] : NULL;
}

const struct type *type_find(const char *name)
{
    for (unsigned i = 0; i < COUNT(types); i++) {
        if (name_equal(types[i].name, name) || name_equal(types[i].alias, name))
            return &types[i];
    }
    return NULL;
}

const char *type_property_kind_name(enum type_property_kind kind)
{
    switch (kind) {
    case TYPE_SZ:
        return "SZ";
    case TYPE_DWORD:
        return "DWORD";
    case TYPE_MULTI_SZ:
        return "MULTI_SZ";
    }
    return "unknown";
}

const struct type_property *type_find_property(const struct type *t, const char *name)
{
    for (unsigned i = 0; i < t->property_count; i++) {
        if (name_equal(t->properties[i].name, name))
            return &t->properties[i];
    }
    return NULL;
}
