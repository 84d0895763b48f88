#include "aof_room.h"
#include "suites.h"
Suite *aof_rewrite_suite(void) {
    return suite_create("aof: rewrite");
}
