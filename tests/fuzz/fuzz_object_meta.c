/* Objects and Statuses of any kind: read whole or refused with a reason; what is read lies in the document or the
 * arena. */
#include "base/alloc.h"
#include "kube/meta.h"
#include "kube/status.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str json = str_from((const char *)bytes, len);
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf out = {0};
    struct object_head head;
    struct owner_reference owner;
    struct status status;
    struct str value;
    size_t at = 0;

    if (object_head_read(&arena, json, &head, &err)) {
        assert(json_is_valid(json, NULL) && json_is_valid(head.raw, NULL));
        assert(head.meta_raw.len == 0 || json_is_valid(head.meta_raw, NULL));
        labels_print(&out, head.meta.labels);
        object_meta_annotation(&head.meta, &arena, STR("a"), &value);
        while (object_meta_next_owner(&head.meta, &arena, &at, &owner))
            buf_add_str(&out, owner.uid);
        object_meta_controller(&head.meta, &arena, &owner);
    } else {
        assert(error_is_set(&err) && err.code == 400);
    }
    status = status_of_response(&arena, 500, json);
    buf_clear(&out);
    status_print(&out, &status);
    assert(json_is_valid(buf_str(&out), NULL) && !status.is_success);
    return 0;
}
