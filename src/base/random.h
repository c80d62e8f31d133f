/* Randomness from the kernel (getrandom). Safe from any thread. Pure code takes random numbers as parameters. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *to, size_t len);

/* Evenly in [0, BOUND); BOUND > 0. */
uint64_t random_below(uint64_t bound);

/* Evenly in [0, 1): for jitter. */
double random_fraction(void);

/* A random (version 4) UUID, RFC 9562, as 36 characters and a NUL. */
#define UUID_SIZE 37
void random_uuid(char out[UUID_SIZE]);

/* LEN characters out of Kubernetes' "safe" alphabet for generated names (no vowels), and a NUL: OUT holds LEN + 1. */
void random_name_suffix(char *out, size_t len);

#endif
