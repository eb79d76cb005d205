/* holdfastd: arguments, configuration, and whether to keep a parent. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "node/daemon.h"
#include "node/farewell.h"
#include "node/notify.h"
#include "node/supervisor.h"

static const char usage[] =
    "usage: holdfastd --config FILE [--check | --print] [--foreground]\n"
    "\n"
    "The daemon of a Holdfast cluster: one runs on every node.\n"
    "\n"
    "  --config FILE   what this node is; see docs/configuration.md\n"
    "  --check         only check the file: every error is printed with its line\n"
    "  --print         check it, and print what programs want to know of it\n"
    "  --foreground    keep no parent that starts the daemon again when it dies\n"
    "                  (also without it where systemd started this program)\n"
    "  --help          this text\n"
    "  --version       the version\n"
    "\n"
    "SIGTERM stops it in good order: its groups move to other nodes first.\n";

static int run(void *data)
{
    return daemon_run(data);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"print", no_argument, NULL, 'p'},
                                            {"foreground", no_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    const char *path = NULL;
    bool check = false, print = false, foreground = false;
    struct config config;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'p':
            print = true;
            break;
        case 'f':
            foreground = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        case 'V':
            puts("holdfastd 0.1.0");
            return 0;
        default:
            fputs("try holdfastd --help\n", stderr);
            return 2;
        }
    }
    if (path == NULL || optind != argc) {
        fputs("holdfastd: --config FILE is needed; try holdfastd --help\n", stderr);
        return 2;
    }
    if (config_load(path, stderr, &config) != 0)
        return EXIT_CONFIG;
    if (print) {
        config_print(&config, stdout);
        config_release(&config);
        return 0;
    }
    if (check) {
        printf("%s: good: node %s of cluster %s, %u peers\n", path, config.node, config.cluster,
               config.peer_count);
        config_release(&config);
        return 0;
    }
    uint32_t code = log_open(config.log, config.node, config.debug ? LOG_DEBUG_ : LOG_INFO_);
    if (code != 0) {
        fprintf(stderr, "holdfastd: cannot open the log %s: %s\n", config.log, error_text(code));
        return EXIT_TEMPORARY;
    }
    signal(SIGPIPE, SIG_IGN);
    bool supervised = foreground || notify_is_supervised();
    int status = supervised ? run(&config) : supervise(run, &config);
    if (!supervised)
        farewell(&config);
    config_release(&config);
    return status;
}
