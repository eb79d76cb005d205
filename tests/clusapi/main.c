/* Runs the tests. Criterion would bring a main() of its own, but the library
 * under test, linked as objects here, has one for programs with wmain(), which
 * would come before it. Visible, as Criterion's workers look it up by name. */
#include <criterion/criterion.h>

__attribute__((visibility("default"))) int main(int argc, char **argv)
{
    struct criterion_test_set *tests = criterion_initialize();
    int passed = 1;

    if (criterion_handle_args(argc, argv, true))
        passed = criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return passed ? 0 : 1;
}
