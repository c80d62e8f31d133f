/* The verbosity of single source files (base/log.h): used by base/log.c alone. Set before there are threads. */
#ifndef BASE_LOG_VMODULE_H
#define BASE_LOG_VMODULE_H

/* What --vmodule says of FILE (as __FILE__ gives it); -1 when it says nothing. The first pattern that fits counts. */
int log_vmodule_level(const char *file);

#endif
