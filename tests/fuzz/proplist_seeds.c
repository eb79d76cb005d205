/* Writes the seeds of the fuzz target of property lists into a folder:
 *
 *     proplist_seeds tests/fuzz/corpus/proplist
 *
 * Each is written in both layouts, some of them broken in a way that a fuzzer
 * takes long to think of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/proplist.h"

static void seed_write(const char *name, enum proplist_width width, const void *list, size_t len)
{
    char *path = xasprintf("%s-%d", name, (int)width);
    FILE *file = fopen(path, "wb");

    if (file == NULL || fputc(width == PROPLIST_WCHAR, file) == EOF ||
        fwrite(list, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    free(path);
}

static void seed_builder(const char *name, struct proplist_builder *b)
{
    seed_write(name, b->width, b->bytes.data, b->bytes.len);
    proplist_builder_release(b);
}

static void seeds_single(enum proplist_width width)
{
    static const char *const strings[] = {"n1", "n2", "zw\u00F6lf"};
    struct proplist_builder b;

    proplist_builder_init(&b, width);
    seed_builder("empty", &b);

    proplist_builder_init(&b, width);
    proplist_add_dword(&b, "Virtual Machine", 2);
    seed_builder("instruction", &b);

    proplist_builder_init(&b, width);
    proplist_add_sz(&b, "Description", "Hi");
    proplist_add_dword(&b, "FailoverThreshold", 0xFFFFFFFF);
    seed_builder("padded", &b);

    proplist_builder_init(&b, width);
    proplist_add_multi_sz(&b, "Owners", strings, 3);
    proplist_add_multi_sz(&b, "None", NULL, 0);
    seed_builder("multi", &b);

    proplist_builder_init(&b, width);
    proplist_add_binary(&b, "Bytes", "\1\2\3\4\5", 5);
    proplist_add_binary(&b, "Nothing", NULL, 0);
    seed_builder("binary", &b);

    proplist_builder_init(&b, width);
    proplist_add_sz(&b, "\U0001F600", "\U0010FFFF \uFFFF \x01");
    seed_builder("astral", &b);

    proplist_builder_init(&b, width);
    proplist_add_dword(&b, "Name", 1);
    proplist_add_dword(&b, "NAME", 2);
    seed_builder("twice", &b);
}

static void seed_numbers(enum proplist_width width)
{
    static const struct {
        uint32_t syntax;
        uint32_t len;
    } numbers[] = {
        {PROPLIST_WORD, 2},          {PROPLIST_DWORD, 4},
        {PROPLIST_LONG, 4},          {PROPLIST_ULARGE_INTEGER, 8},
        {PROPLIST_LARGE_INTEGER, 8}, {PROPLIST_FILETIME, 8},
        {PROPLIST_BINARY, 3},        {PROPLIST_SECURITY_DESCRIPTOR, 5},
    };
    static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct proplist_builder b;

    proplist_builder_init(&b, width);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct proplist_value value = {numbers[i].syntax, numbers[i].len, data, width};
        proplist_add_values(&b, "n", &value, 1);
    }
    seed_builder("numbers", &b);
}

static void seed_expanded(enum proplist_width width)
{
    const struct proplist_value utf16[] = {
        {PROPLIST_EXPAND_SZ, 8, (const uint8_t *)u"%A%", PROPLIST_UTF16},
        {PROPLIST_EXPANDED_SZ, 4, (const uint8_t *)u"a", PROPLIST_UTF16},
    };
    struct bytes out = BYTES_INIT;
    struct proplist_builder b;

    proplist_builder_init(&b, PROPLIST_UTF16);
    proplist_add_values(&b, "Path", utf16, 2);
    proplist_convert(b.bytes.data, b.bytes.len, PROPLIST_UTF16, width, &out);
    seed_write("expanded", width, out.data, out.len);
    bytes_release(&out);
    proplist_builder_release(&b);
}

static void seed_nested(enum proplist_width width)
{
    struct proplist_builder b;

    proplist_builder_init(&b, width);
    proplist_add_sz(&b, "innermost", "text");
    for (int depth = 1; depth < PROPLIST_DEPTH_MAX; depth++) {
        struct proplist_builder inner = b;
        const struct proplist_value value = {PROPLIST_PROPERTY_LIST, (uint32_t)inner.bytes.len,
                                             inner.bytes.data, width};
        proplist_builder_init(&b, width);
        proplist_add_values(&b, "list", &value, 1);
        proplist_builder_release(&inner);
    }
    seed_builder("nested", &b);
}

/* A whole list with the four bytes at `at` replaced. */
static void seed_broken(const char *name, enum proplist_width width, size_t at, uint32_t word)
{
    struct proplist_builder b;

    proplist_builder_init(&b, width);
    proplist_add_sz(&b, "N", "text");
    memcpy(b.bytes.data + at, &word, sizeof word);
    seed_builder(name, &b);
}

int main(int argc, char **argv)
{
    static const enum proplist_width widths[] = {PROPLIST_UTF16, PROPLIST_WCHAR};

    if (argc != 2) {
        fprintf(stderr, "usage: proplist_seeds FOLDER\n");
        return 2;
    }
    if (chdir(argv[1]) != 0) {
        perror(argv[1]);
        return 1;
    }
    for (size_t i = 0; i < 2; i++) {
        seeds_single(widths[i]);
        seed_numbers(widths[i]);
        seed_expanded(widths[i]);
        seed_nested(widths[i]);
        seed_broken("count-huge", widths[i], 0, 0xFFFFFFFF);
        seed_broken("count-less", widths[i], 0, 0);
        seed_broken("name-syntax", widths[i], 4, 0x00010003);
        seed_broken("name-length", widths[i], 8, 0xFFFFFFFD);
        seed_broken("name-surrogate", widths[i], 12, 0x0000D83D);
    }
    return 0;
}
