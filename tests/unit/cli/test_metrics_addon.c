#include "cli/metrics_addon.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/alloc.h"

/* Each body is one object of the collection that it goes to, under the name it says. */
static void objects_fit_their_collections(void **state)
{
    (void)state;
    char address[] = "127.0.0.1", node[] = "n1";
    const struct cluster_settings s = {
        .address = address, .node_name = node, .port = 1, .kubelet_port = 2, .metrics_port = 4443};
    auto_arena struct arena arena = {0};
    struct addon_object objects[METRICS_ADDON_OBJECTS];
    metrics_addon_objects(&s, STR("pem"), &arena, objects);
    for (size_t i = 0; i < METRICS_ADDON_OBJECTS; i++) {
        json_error_t where;
        json_t *body = json_loadb(objects[i].body.ptr, objects[i].body.len, JSON_REJECT_DUPLICATES, &where);
        assert_non_null(body);
        const char *name = json_string_value(json_object_get(json_object_get(body, "metadata"), "name"));
        const char *kind = json_string_value(json_object_get(body, "kind"));
        const char *version = json_string_value(json_object_get(body, "apiVersion"));
        assert_true(str_eq_cstr(objects[i].name, name));
        auto_buf struct buf plural = {0};
        for (const char *c = kind; *c != '\0'; c++)
            buf_add_char(&plural, (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
        buf_add_char(&plural, 's');
        assert_true(str_ends_with(objects[i].collection, buf_str(&plural)));
        assert_true(str_find(objects[i].collection, str_of(version)) > 0);
        json_decref(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(objects_fit_their_collections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
