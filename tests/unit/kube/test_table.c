#include "kube/table.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {"Name", "string", "name", "Name of the resource", 0},
    {"cpu", "string", "quantity", "", 0},
    {"IP", "string", "", "", 1},
};

static void test_rows(void **state)
{
    static const char *const objects[] = {
        [TABLE_INCLUDE_METADATA] = "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                                   "\"metadata\":{\"name\":\"n1\"}}",
        [TABLE_INCLUDE_NONE] = "null",
        [TABLE_INCLUDE_OBJECT] = "{\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}",
    };

    (void)state;
    for (enum table_include include = TABLE_INCLUDE_METADATA; include <= TABLE_INCLUDE_OBJECT; include++) {
        auto_buf struct buf out = {0}, expected = {0};
        struct json_writer w = json_writer_to(&out);
        struct list_meta meta = {.resource_version = STR("7"), .continue_token = STR("abc"), .remaining_items = 9};

        table_open(&w, "v1", &meta, columns, 3);
        for (int i = 0; i < 2; i++) {
            table_open_row(&w);
            json_write_cstr(&w, "n1");
            json_write_quantity(&w, quantity_from_milli(250));
            json_write_i64(&w, 1);
            if (i == 0)
                table_close_row(&w, "v1", include, STR("{\"name\":\"n1\"}"),
                                STR("{\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}"));
            else
                table_close_row_conditions(&w, "v1", include, STR("[{\"type\":\"Completed\"}]"),
                                           STR("{\"name\":\"n1\"}"),
                                           STR("{\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}"));
        }
        table_close(&w);
        buf_printf(&expected,
                   "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"7\","
                   "\"continue\":\"abc\",\"remainingItemCount\":9},\"columnDefinitions\":[{\"name\":\"Name\","
                   "\"type\":\"string\",\"format\":\"name\",\"description\":\"Name of the resource\",\"priority\":0},"
                   "{\"name\":\"cpu\",\"type\":\"string\",\"format\":\"quantity\",\"description\":\"\",\"priority\":0},"
                   "{\"name\":\"IP\",\"type\":\"string\",\"format\":\"\",\"description\":\"\",\"priority\":1}],"
                   "\"rows\":[{\"cells\":[\"n1\",\"250m\",1],\"object\":%s},{\"cells\":[\"n1\",\"250m\",1],"
                   "\"conditions\":[{\"type\":\"Completed\"}],\"object\":%s}]}",
                   objects[include], objects[include]);
        assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
    }
}

static void test_no_rows(void **state)
{
    auto_buf struct buf out = {0};
    struct json_writer w = json_writer_to(&out);

    (void)state;
    table_write_null(&w, "v1beta1", NULL);
    assert_string_equal(buf_cstr(&out), "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1beta1\",\"metadata\":{},"
                                        "\"columnDefinitions\":null,\"rows\":null}");
    buf_clear(&out);
    w = json_writer_to(&out);
    list_meta_write(&w, &(struct list_meta){.resource_version = STR("1")});
    assert_string_equal(buf_cstr(&out), "{\"resourceVersion\":\"1\"}");
    buf_clear(&out);
    w = json_writer_to(&out);
    table_open(&w, "v1", NULL, columns, 0);
    table_close(&w);
    assert_string_equal(buf_cstr(&out), "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{},"
                                        "\"columnDefinitions\":[],\"rows\":[]}");
}

static void test_include(void **state)
{
    enum table_include include = TABLE_INCLUDE_NONE;

    (void)state;
    assert_true(table_include_parse(STR(""), &include) && include == TABLE_INCLUDE_METADATA);
    assert_true(table_include_parse(STR("None"), &include) && include == TABLE_INCLUDE_NONE);
    assert_true(table_include_parse(STR("Object"), &include) && include == TABLE_INCLUDE_OBJECT);
    assert_true(table_include_parse(STR("Metadata"), &include) && include == TABLE_INCLUDE_METADATA);
    assert_false(table_include_parse(STR("object"), &include));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_no_rows),
                                       cmocka_unit_test(test_include)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
