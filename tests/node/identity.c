#include "node/identity.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static char base[32];
static char dir[64];

static void setup(void)
{
    snprintf(base, sizeof base, "/tmp/holdfast-identity-XXXXXX");
    cr_assert_not_null(mkdtemp(base));
    snprintf(dir, sizeof dir, "%s/data", base);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void teardown(void)
{
    nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(identity, .init = setup, .fini = teardown);

static struct identity *open_good(void)
{
    struct identity *id = NULL;
    char *why = NULL;

    cr_assert_eq(identity_open(dir, &id, &why), 0, "%s", why != NULL ? why : "");
    return id;
}

static void expect_refused(uint32_t code, const char *words)
{
    struct identity *id = NULL;
    char *why = NULL;

    cr_assert_eq(identity_open(dir, &id, &why), code);
    cr_assert_not_null(why);
    cr_assert_not_null(strstr(why, words), "%s", why);
    cr_assert_not_null(strstr(why, dir), "%s", why);
    free(why);
}

static void put(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static bool exists(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

Test(identity, is_made_once_and_kept)
{
    char disk[64], raft[128];
    struct identity *id = open_good();

    snprintf(disk, sizeof disk, "%s", identity_disk(id));
    cr_assert_eq(strlen(disk), 32);
    cr_assert_eq(strspn(disk, "0123456789abcdef"), 32);
    snprintf(raft, sizeof raft, "%s/raft", dir);
    cr_assert_str_eq(identity_raft_dir(id), raft);
    cr_assert(exists("raft") && exists("resources") && exists("pid"));
    identity_close(id);
    cr_assert_not(exists("pid"));

    id = open_good();
    cr_assert_str_eq(identity_disk(id), disk);
    identity_close(id);
    identity_close(NULL);
}

Test(identity, differs_from_folder_to_folder)
{
    char disk[64];
    struct identity *id = open_good();

    snprintf(disk, sizeof disk, "%s", identity_disk(id));
    identity_close(id);
    strcat(dir, "2");
    id = open_good();
    cr_assert_str_neq(identity_disk(id), disk);
    identity_close(id);
}

Test(identity, a_folder_in_use_is_refused)
{
    struct identity *id = open_good();

    expect_refused(ERROR_BUSY, "another holdfastd");
    cr_assert(exists("pid"), "that of the one that runs stays");
    identity_close(id);
    identity_close(open_good());
}

Test(identity, a_damaged_one_is_refused_and_not_made_anew)
{
    static const char *const texts[] = {
        "",
        "\n",
        "0123456789abcdef0123456789abcde\n",
        "0123456789abcdef0123456789abcdef0\n",
        "0123456789abcdef0123456789abcdeg\n",
        "\x01\x02",
    };

    identity_close(open_good());
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put("identity", texts[i]);
        expect_refused(ERROR_FILE_CORRUPT, "identity is damaged");
    }
    put("identity", "0123456789abcdef0123456789abcdef\n");
    struct identity *id = open_good();
    cr_assert_str_eq(identity_disk(id), "0123456789abcdef0123456789abcdef");
    identity_close(id);
}

Test(identity, a_condemned_folder_is_not_used_again)
{
    struct identity *id = open_good();

    identity_condemn(id, "at position 7 it differs");
    identity_close(id);
    expect_refused(ERROR_FILE_CORRUPT, "at position 7 it differs");
    expect_refused(ERROR_FILE_CORRUPT, "must not be used any more");
    put("diverged", ""); /* As a full disk leaves it. */
    expect_refused(ERROR_FILE_CORRUPT, "must not be used any more");
}

Test(identity, the_epoch_is_the_first_until_another_is_set_and_then_lasts)
{
    struct identity *id = open_good();

    cr_assert_eq(identity_epoch(id), 1);
    cr_assert_eq(identity_set_epoch(id, 3), 0);
    cr_assert_eq(identity_epoch(id), 3);
    identity_close(id);
    id = open_good();
    cr_assert_eq(identity_epoch(id), 3);
    identity_close(id);
    put("epoch", "third\n");
    expect_refused(ERROR_FILE_CORRUPT, "epoch is damaged");
}

Test(identity, a_folder_that_cannot_be_made_is_an_error_with_its_name)
{
    strcpy(dir, "/proc/holdfast");
    expect_refused(error_from_errno(ENOENT), "cannot make folder");
}
