#include "aof_room.h"
#include "suites.h"
Suite *aof_damage_suite(void) { return suite_create("aof: damage of all kinds"); }
