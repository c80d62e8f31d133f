/*
 * Runs a fuzz target without libFuzzer: every seed as it is, then MUTATIONS inputs made from the seeds, the same ones
 * each time. It finds less than libFuzzer, but runs wherever the unit tests do.
 *
 *     fuzz_NAME MUTATIONS FOLDER_OF_SEEDS      as a test
 *     fuzz_NAME FILE                           one input, to look into a crash
 *
 * An input that kills the target is left in the working folder, as "crash-fuzz_NAME".
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Sanitizers end the process without a signal; NULL in a build without them. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum {
    MAX_SEEDS = 1000,
    MAX_SEED_BYTES = 1 << 20,
    MAX_CHANGES = 6
};

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);
static struct str current;
static char crash_path[256];

static void save_current(void)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, current.ptr, current.len) != (ssize_t)current.len)
        return; /* dying already */
    close(fd);
}

static void on_fatal_signal(int number)
{
    save_current();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_for_death(const char *program)
{
    const char *slash = strrchr(program, '/');

    snprintf(crash_path, sizeof(crash_path), "crash-%s", slash != NULL ? slash + 1 : program);
    signal(SIGABRT, on_fatal_signal); /* assert */
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(save_current);
    else
        signal(SIGSEGV, on_fatal_signal);
}

/* The input gets an allocation of exactly its size, so that ASan sees a read past its end. */
static void run(struct str input)
{
    uint8_t *bytes = mem_alloc(input.len);

    if (input.len > 0)
        memcpy(bytes, input.ptr, input.len);
    current = str_from((const char *)bytes, input.len);
    LLVMFuzzerTestOneInput(bytes, input.len);
    free(bytes);
}

/* Xorshift: the inputs are the same on every machine. */
static size_t below(size_t bound)
{
    assert(bound > 0);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)((random_state >> 11) % bound);
}

/* Replaces CUT bytes of TEXT at AT by PIECE. */
static void replace_part(struct buf *text, size_t at, size_t cut, struct str piece)
{
    auto_buf struct buf tail = {0};

    buf_add_str(&tail, str_skip(buf_str(text), at + cut));
    text->len = at;
    buf_add_str(text, piece);
    buf_add_str(text, buf_str(&tail));
}

static struct str some_part(struct str of)
{
    if (of.len == 0)
        return of;
    of = str_skip(of, below(of.len));
    return str_head(of, 1 + below(of.len < 64 ? of.len : 64));
}

static void change(struct buf *text, struct str other)
{
    static const struct str pieces[] = {STR_INIT("0"),    STR_INIT("-1"),       STR_INIT("18446744073709551616"),
                                        STR_INIT("\0"),   STR_INIT("\xff\xfe"), STR_INIT("\"\\"),
                                        STR_INIT("\r\n"), STR_INIT("1e400"),    STR_INIT("[{[{"),
                                        STR_INIT(" \t"),  STR_INIT("\xc3\xa9")};
    size_t at = below(text->len + 1);
    size_t rest = text->len - at;

    switch (below(6)) {
    case 0:
        if (rest > 0)
            text->ptr[at] = (char)(text->ptr[at] ^ (1 << below(8)));
        break;
    case 1:
        replace_part(text, at, rest > 0 ? 1 : 0, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
        break;
    case 2:
        replace_part(text, at, rest > 0 ? 1 + below(rest) : 0, STR("")); /* also the way to truncate */
        break;
    case 3:
        replace_part(text, at, 0, some_part(other));
        break;
    case 4: {
        auto_buf struct buf copy = {0};
        buf_add_str(&copy, some_part(buf_str(text)));
        for (size_t i = below(8); i > 0; i--)
            replace_part(text, at, 0, buf_str(&copy));
        break;
    }
    default: {
        char byte = (char)below(256);
        replace_part(text, at, below(2) < rest, str_from(&byte, 1));
    }
    }
}

static void run_mutations(const struct buf *seeds, size_t count, size_t mutations)
{
    for (size_t i = 0; i < mutations; i++) {
        auto_buf struct buf text = {0};
        buf_add_str(&text, buf_str(&seeds[below(count)]));
        for (size_t changes = 1 + below(MAX_CHANGES); changes > 0; changes--)
            change(&text, buf_str(&seeds[below(count)]));
        run(buf_str(&text));
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Runs each seed and keeps it in SEEDS. Returns how many there are, or -1. */
static int run_seeds(const char *folder, struct buf *seeds, struct error *err)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_seed, by_name);
    bool is_ok = count > 0 && count <= MAX_SEEDS;

    if (count < 0) {
        error_set_errno(err, errno, "%s", folder);
        return -1;
    }
    if (!is_ok)
        error_set(err, 0, "%s: %d seeds, wanted 1 to %d", folder, count, MAX_SEEDS);
    for (int i = 0; i < count; i++) {
        auto_free struct dirent *name = names[i];
        auto_buf struct buf path = {0};
        buf_printf(&path, "%s/%s", folder, name->d_name);
        is_ok = is_ok && file_read(buf_cstr(&path), MAX_SEED_BYTES, &seeds[i], err);
        if (is_ok)
            run(buf_str(&seeds[i]));
    }
    free(names);
    return is_ok ? count : -1;
}

int main(int argc, char **argv)
{
    static struct buf seeds[MAX_SEEDS];
    auto_error struct error err = {0};
    uint64_t mutations;
    int count = -1;

    watch_for_death(argv[0]);
    if (argc == 2 && file_read(argv[1], SIZE_MAX, &seeds[0], &err)) {
        count = 1;
        run(buf_str(&seeds[0]));
    } else if (argc == 3 && str_to_u64(str_of(argv[1]), &mutations)) {
        count = run_seeds(argv[2], seeds, &err);
        if (count > 0)
            run_mutations(seeds, (size_t)count, (size_t)mutations);
    }
    if (count < 0)
        fprintf(stderr, "%s\n", error_is_set(&err) ? error_text(&err) : "usage: MUTATIONS FOLDER | FILE");
    for (int i = 0; i < MAX_SEEDS; i++)
        buf_free(&seeds[i]);
    return count < 0;
}
