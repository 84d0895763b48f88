# part.mk -- how a part is built; included by the Makefile in its folder.
#
#   make [CC=clang] [CFLAGS=...] [LOOP=poll] [BUILD=../build]
#
# A part is its own .c files and those of common/, with the headers of both;
# its own come first. All but main.c goes into a library too, which the unit
# tests are linked with.

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow
BUILD ?= ../build
ifeq ($(shell uname -s),Linux)
LOOP ?= epoll
else
LOOP ?= poll
endif

out := $(BUILD)/$(PART)
programs := $(addprefix $(out)/,$(PROGRAMS))
sources := $(wildcard *.c ../common/*.c)
sources := $(filter-out $(if $(filter poll,$(LOOP)),loop_epoll.c,../common/loop_poll.c),$(sources))
objects := $(addprefix $(out)/,$(notdir $(sources:.c=.o)))
mains := $(out)/main.o $(out)/cli.o
flags = -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CPPFLAGS) -I. -I../common $(CFLAGS)

all: $(programs)

$(out)/redis-lite: $(out)/main.o $(out)/libredis-lite.a
$(out)/redis-lite-cli: $(out)/cli.o $(out)/libredis-lite.a
$(programs):
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpthread

$(out)/libredis-lite.a: $(filter-out $(mains),$(objects))
	@rm -f $@
	$(AR) rc $@ $^

$(out)/%.o: %.c $(out)/flags
	$(CC) $(flags) -MMD -MP -c -o $@ $<
$(out)/%.o: ../common/%.c $(out)/flags
	$(CC) $(flags) -MMD -MP -c -o $@ $<

# Whatever was built with other flags, or of other files, is built again.
$(out)/flags: force
	@mkdir -p $(out)
	@echo '$(CC) $(flags) $(LDFLAGS) $(sources)' | cmp -s - $@ || \
	    echo '$(CC) $(flags) $(LDFLAGS) $(sources)' > $@

clean:
	rm -rf $(out)

.PHONY: all clean force
-include $(objects:.o=.d)
