# Redis-Lite in C. `make` builds the three parts; `make help` lists the rest.
#
# Each part has a Makefile of its own (make -C part2-resp); how a part is built
# stands in common/part.mk, how the tests are in tests/Makefile.

BUILD = build
parts = part1-server part2-resp part3-database
names = 1 2 3
prefix = /usr/local
addr = 127.0.0.1:6379
# The same place, seen from a folder below.
below = $(if $(filter /%,$(BUILD)),,../)$(BUILD)
folder = $(filter part$(1)-%,$(parts))

all: part1 part2 part3
	@echo
	@echo "Built. Next: make run (part 3, on $(addr)), or make help."

$(names:%=part%): part%:
	@$(MAKE) -s -C $(call folder,$*) BUILD=$(below)

## run: build and run part 3, the whole server (addr=HOST:PORT)
run: run-part3
## run-part1, run-part2, run-part3: build and run that part
$(names:%=run-part%): run-part%: part%
	@$(BUILD)/$(call folder,$*)/redis-lite --address $(addr)

## part1, part2, part3: build that part
## check: build and run all tests
check: check-stages tests
	@sh tests/run.sh $(BUILD) $(names)
## check-part1, check-part2, check-part3: the tests of that part
$(names:%=check-part%): check-part%: tests
	@sh tests/run.sh $(BUILD) $*
tests: all-parts
	@$(MAKE) -s -C tests BUILD=$(below)
all-parts: part1 part2 part3

## check-asan: all tests, with the address and undefined-behaviour sanitizers
asan = -fsanitize=address,undefined -fno-sanitize-recover=undefined
check-asan:
	@$(MAKE) -s check BUILD=build/asan \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer $(asan)'
## check-tsan: the tests of part 3, whose log has a thread, with the thread
##     sanitizer
check-tsan:
	@$(MAKE) -s check-part3 BUILD=build/tsan \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=thread'
## check-poll: all tests, with the portable loop
check-poll:
	@$(MAKE) -s check BUILD=build/poll LOOP=poll
## check-stages: carried files are the same in each part
check-stages:
	@sh tests/stages/stages.sh check
	@sh tests/stages/test_stages.sh
## check-lean: parts 1 and 2 hold no function that their tests do not reach
check-lean:
	@sh tests/coverage.sh lean
## conformance: try any server: PART=2 EXEC="./my-server --port {port}"
conformance:
	@$(MAKE) -s -C tests conformance BUILD=$(below)
	@$(BUILD)/tests/conformance $(if $(PART),--part $(PART)) \
	    $(if $(EXEC),--exec "$$EXEC") $(ARGS)
## check-clients: unmodified clients and tools (SERVER=redis-server: against it)
check-clients: all-parts
	@sh tests/clients/run.sh $(BUILD) $(SERVER)
## clients-update: raise the clients from npm to the newest that this Node runs
clients-update:
	@sh tests/clients/update.sh
## check-limits: part 3 under attack: crowds, bombs, slow and deaf clients
##     (ARGS="--only crowd --clients 5000")
check-limits: part3
	@python3 tests/faults/limits.py $(BUILD)/part3-database/redis-lite $(ARGS)
## check-interop: to Redis, to its cluster, behind a proxy, and back: what
##     docs/outgrowing.md says (VALKEY_SERVER=PATH: to Valkey, too)
check-interop: part3
	@python3 tests/interop/outgrowing.py $(BUILD)/part3-database/redis-lite
## check-faults: the log of part 3 under faults: kill -9, full disks, crashes
##     (SERVER=redis-server: against it)
faulty = $(or $(SERVER),$(BUILD)/part3-database/redis-lite)
check-faults: part3
	@sh tests/faults/run.sh $(faulty) short
## soak: the same, at length (rounds=N)
soak: rounds = 1000
soak: part3
	@sh tests/faults/run.sh $(faulty) soak $(rounds)
## check-differential: as many random commands as redis-server 7.0 (count=N seed=N)
count = 1000000
check-differential: part3
	@python3 tests/differential/differential.py --self-test
	@python3 tests/differential/differential.py --count $(count) \
	    --ours $(BUILD)/part3-database/redis-lite --scripts $(BUILD) \
	    $(if $(seed),--seed $(seed))
## bench: part 3 beside each server that is installed: CPU, throughput, latency,
##     memory; about 45 minutes (only=cpu,keys rounds=N seconds=N scale=N
##     PEERS='name=command with {port} {dir} {settings}; ...')
## bench-quick: some of that, in less than a minute
bench = python3 tests/bench/bench.py $(BUILD)/part3-database/redis-lite \
    $(BUILD)/tests/bench-light
bench: rounds = 5
bench: seconds = 3
bench: scale = 1
bench: results = $(BUILD)/bench
bench-quick: only = quick
bench-quick: rounds = 2
bench-quick: seconds = 0.25
bench-quick: scale = 10
bench-quick: results = $(BUILD)/bench/quick
bench bench-quick: bench-tools
	@$(bench) --out $(results) --only "$(only)" --rounds $(rounds) \
	    --seconds $(seconds) --scale $(scale) --peers "$$PEERS" \
	    --called "make $@"
## bench-docs: put the results of make bench into docs/benchmarks.md
bench-docs:
	@$(bench) --out $(BUILD)/bench --document docs/benchmarks.md
## bench-micro: nanoseconds of an operation of each room, without sockets
##     (only="reader store")
bench-micro: bench-tools
	@$(BUILD)/tests/bench-micro $(only)
## bench-turns: the longest turn while the table grows to ten million keys, the
##     log is rewritten, keys are cleared, half as many expire (keys=N)
keys = 10000000
bench-turns: bench-tools
	@$(BUILD)/tests/bench-turns $(keys)
## bench-guard: instructions an operation takes, against those that are kept
##     (update=1: keep these); needs valgrind
bench-guard:
	@$(MAKE) -s -C tests ../build/guard/tests/bench-guard \
	    BUILD=../build/guard CFLAGS='-O2 -g'
	@python3 tests/bench/guard.py build/guard/tests/bench-guard \
	    tests/bench/instructions.txt --cc $(CC) $(if $(update),--update)
bench-tools: part3
	@$(MAKE) -s -C tests bench BUILD=$(below)
## coverage: which lines the tests reach (gcovr)
coverage:
	@sh tests/coverage.sh report

## diff-part1-part2, diff-part2-part3: what a part adds
diff-part1-part2: ; @sh tests/stages/diff.sh part1-server part2-resp
diff-part2-part3: ; @sh tests/stages/diff.sh part2-resp part3-database
## carry: copy an edited file into the parts that carry it
carry:
	@sh tests/stages/stages.sh carry

## docs-check: the book's code and sessions are those of the source
docs-check: all-parts bench-tools
	@python3 docs/tools/test_compatibility.py
	@python3 docs/tools/compatibility.py \
	    --server $(BUILD)/part3-database/redis-lite
	@python3 tests/differential/differential.py \
	    --check-document docs/compatibility.md
	@python3 docs/tools/test_book.py
	@python3 tests/bench/test_bench.py $(BUILD)/tests/bench-light
	@python3 docs/tools/book.py check $(book)
## docs-sync: bring the book's code and sessions up to date
docs-sync: all-parts
	@python3 docs/tools/book.py sync $(book)
book = README.md $(wildcard docs/*.md)

## format: clang-format everything
sources = $(wildcard common/*.[ch] part*/*.[ch] tests/*/*.[ch] \
    tests/*/*/*.[ch])
format:
	clang-format -i $(sources)
## lint: clang-format, cppcheck, clang-tidy, shellcheck
lint:
	@sh tests/lint.sh $(sources)

## setup: install what the tests need
setup:
	@sh tests/setup.sh
## setup-dev: install what maintainers need besides
setup-dev:
	@sh tests/setup.sh dev
## setup-clients: install what check-clients runs
setup-clients:
	@sh tests/setup.sh clients

## install: part 3, into $(prefix)/bin (prefix=DIR, DESTDIR=DIR)
install: part3
	install -d $(DESTDIR)$(prefix)/bin
	install $(BUILD)/part3-database/redis-lite \
	    $(BUILD)/part3-database/redis-lite-cli $(DESTDIR)$(prefix)/bin
## clean: remove everything that was built
clean:
	rm -rf build
help:
	@sed -n 's/^## //p' Makefile

# Variables given to make (CC=clang, LOOP=poll) reach the other Makefiles by
# themselves; these go through the environment, as they may hold quotes.
export EXEC PEERS
.PHONY: all all-parts run tests check check-asan check-tsan check-poll \
    check-stages check-lean check-clients check-differential check-limits \
    check-faults check-interop soak \
    bench bench-quick bench-docs bench-guard bench-micro bench-tools bench-turns \
    clients-update conformance coverage carry diff-part1-part2 diff-part2-part3 docs-check docs-sync format lint setup setup-dev \
    setup-clients install clean help $(foreach n,$(names),part$(n) \
    run-part$(n) check-part$(n))
