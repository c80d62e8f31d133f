/*
 * Skipping a document and walking through all of it agree on whether it is valid. A valid one stays valid, with the
 * same strings, when it is indented and when its strings are read and written again.
 */
#include "base/alloc.h"
#include "kube/json_indent.h"
#include "kube/json_scan.h"
#include "kube/json_writer.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void copy_value(struct json_scan *s, struct json_writer *w)
{
    struct str text = {0};

    switch (json_scan_peek(s)) {
    case JSON_SCAN_OBJECT:
        json_open_object(w);
        json_scan_enter_object(s);
        while (json_scan_next_member(s, &text)) {
            json_write_key(w, text);
            copy_value(s, w);
        }
        json_close_object(w);
        break;
    case JSON_SCAN_ARRAY:
        json_open_array(w);
        json_scan_enter_array(s);
        while (json_scan_next_element(s))
            copy_value(s, w);
        json_close_array(w);
        break;
    case JSON_SCAN_STRING:
        if (json_scan_str(s, &text))
            json_write_str(w, text);
        break;
    default:
        if (json_scan_raw(s, &text))
            json_write_raw(w, text);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str json = str_from((const char *)bytes, len);
    auto_arena struct arena arena = {0};
    auto_buf struct buf copy = {0}, indented = {0}, second = {0};
    struct json_scan s = json_scan_of(json, &arena);
    struct json_writer w = json_writer_to(&copy);
    bool is_valid = json_is_valid(json, NULL);

    copy_value(&s, &w);
    assert(json_scan_finish(&s) == is_valid);
    json_indent(&indented, json);
    if (!is_valid)
        return 0;
    assert(json_is_valid(buf_str(&indented), NULL) && json_is_valid(buf_str(&copy), NULL));
    s = json_scan_of(buf_str(&indented), &arena);
    w = json_writer_to(&second);
    copy_value(&s, &w);
    assert(json_scan_finish(&s) && str_eq(buf_str(&copy), buf_str(&second)));
    return 0;
}
