#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* Kubernetes leaves out vowels and what looks like one, so that no generated name is a word. */
static const char suffix_alphabet[] = "bcdfghjklmnpqrstvwxz2456789";

void random_bytes(void *to, size_t len)
{
    char *at = to;

    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0) {
            assert(errno == EINTR); /* ENOSYS would mean a kernel older than 3.17 */
            continue;
        }
        at += n;
        len -= (size_t)n;
    }
}

uint64_t random_below(uint64_t bound)
{
    assert(bound > 0);
    /* the lowest 2^64 mod BOUND values would make small results likelier: draw again */
    uint64_t first_fair = (0 - bound) % bound;
    uint64_t value;
    do
        random_bytes(&value, sizeof(value));
    while (value < first_fair);
    return value % bound;
}

double random_fraction(void)
{
    uint64_t bits;

    random_bytes(&bits, sizeof(bits));
    return (double)(bits >> 11) * 0x1p-53; /* as many bits as a double holds */
}

void random_uuid(char out[UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *at = out;

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 0x0f];
    }
    *at = '\0';
}

void random_name_suffix(char *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = suffix_alphabet[random_below(sizeof(suffix_alphabet) - 1)];
    out[len] = '\0';
}
