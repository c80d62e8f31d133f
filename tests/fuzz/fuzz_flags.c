/* A command line, its words separated by newlines: no crash, and an error exactly when the result says so. */
#include "base/alloc.h"
#include "base/flags.h"

#include <assert.h>

enum {
    MAX_WORDS = 16
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int split(struct str text, char **argv)
{
    int argc = 1;
    struct str word;

    argv[0] = NULL;
    for (bool has_more = true; has_more && argc <= MAX_WORDS;) {
        has_more = str_cut(text, '\n', &word, &text);
        argv[argc++] = str_dup(word);
    }
    return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct flags *f = flags_new("program", NULL);
    struct string_list list = {0}, args = {0};
    const char *string = "default";
    bool boolean = false;
    int64_t number = 0, duration_ns = 0;
    auto_error struct error err = {0};
    char *argv[MAX_WORDS + 1];
    int argc = split(str_from((const char *)bytes, len), argv);

    flags_string(f, "string", 's', &string, "");
    flags_bool(f, "bool", 'b', &boolean, "");
    flags_group(f, "numbers");
    flags_int(f, "int", 'v', &number, "");
    flags_duration(f, "duration", 'd', &duration_ns, "");
    flags_list(f, "list", 'l', &list, "");
    enum flags_result result = flags_parse(f, argc, argv, len % 2 == 0 ? &args : NULL, &err);
    assert((result == FLAGS_ERROR) == error_is_set(&err));
    auto_free char *help = flags_help_wrapped(f, len % 100);
    assert(strlen(help) > 0);
    while (argc > 1)
        free(argv[--argc]);
    flags_free(f);
    string_list_free(&list);
    string_list_free(&args);
    return 0;
}
