# Holdfast. `make help` lists the targets.
#
# MODE=debug (default for tests): ASan and UBSan. MODE=release: what is installed.
# CC=clang works as well as gcc. WERROR= turns warnings back into warnings. V=1
# shows the commands.

V        =
Q       := $(if $(V),,@)
MODE    ?= release
CC       = gcc
WERROR  ?= -Werror
BUILD   := build/$(MODE)$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))
PREFIX  ?= /usr/local

# Debian's headers as system headers: libraft's and msgpack-c's inline
# functions do not compile without warnings under -Wconversion.
CPPFLAGS += -I. -D_GNU_SOURCE -isystem /usr/include
CFLAGS   += -std=gnu11 -g -pthread -fno-omit-frame-pointer -fvisibility=hidden -fPIC \
            -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Wundef $(WERROR) -MMD -MP
LDFLAGS  += -pthread
ifeq ($(MODE),debug)
CFLAGS   += -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS  += -fsanitize=address,undefined
else ifeq ($(MODE),valgrind)
CFLAGS   += -O1
else
CFLAGS   += -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDFLAGS  += -Wl,-z,relro,-z,now
endif

# ------------------------------------------------------------------- parts
# A part is a folder; all its .c files but main.c are its library.
PARTS := base net groupmgr consensus resources node
sources = $(filter-out $(1)/main.c,$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

BASE      := $(call objects,$(call sources,base))
NET       := $(call objects,$(call sources,net))
GROUPMGR  := $(call objects,$(call sources,groupmgr))
CONSENSUS := $(call objects,$(call sources,consensus))
RESOURCES := $(call objects,$(call sources,resources))
NODE      := $(call objects,$(call sources,node))
CLI       := $(call objects,$(call sources,cli))
CLUSAPI   := $(call objects,$(call sources,clusapi))
# What the client side needs of net/: no libuv.
CLIENTNET := $(call objects,$(addprefix net/,client.c client_connect.c resolve.c socket.c address.c msgpack.c msgpack_scan.c))

LIBS_BASE    := -lm
LIBS_CLIENT  := -lmsgpackc
LIBS_NET     := -luv -lmsgpackc
LIBS_NODE    := -lraft -linih -lz

PROGRAMS := $(BUILD)/holdfastd $(BUILD)/holdfast-monitor $(BUILD)/holdfast $(BUILD)/libclusapi.so

.PHONY: all build help
all:
	@scripts/deps
	@$(MAKE) --no-print-directory -j$$(nproc) build
build: $(PROGRAMS) $(BUILD)/clusapi.pc

$(BUILD)/holdfastd: $(BUILD)/node/main.o $(NODE) $(CONSENSUS) $(RESOURCES) $(GROUPMGR) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_NODE) $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/holdfast-monitor: $(BUILD)/resources/main.o $(RESOURCES) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/holdfast: $(BUILD)/cli/main.o $(CLI) $(CLIENTNET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson $(LIBS_CLIENT) $(LIBS_BASE)
$(BUILD)/libclusapi.so: $(CLUSAPI) $(CLIENTNET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-soname,libclusapi.so.0 -o $@ $^ $(LIBS_CLIENT) $(LIBS_BASE)
	$(Q)ln -sf libclusapi.so $(BUILD)/libclusapi.so.0
$(BUILD)/clusapi/%.o: CPPFLAGS += -Iclusapi/include

# For use from the tree; `make install` writes one for $(PREFIX).
$(BUILD)/clusapi.pc: clusapi/clusapi.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@includedir@|$(CURDIR)/clusapi/include|' -e 's|@libdir@|$(CURDIR)/$(BUILD)|' $< > $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC    $@")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# ------------------------------------------------------------------- tests
# tests/PART/*.c make one Criterion program each, linked with no more than the
# part and those below it: what does not belong does not link.
unit = $(BUILD)/tests/unit-$(1)
tests_of = $(call objects,$(wildcard tests/$(1)/*.c))
UNITS := $(foreach p,$(PARTS) cli clusapi,$(if $(wildcard tests/$(p)/*.c),$(call unit,$(p))))

$(BUILD)/tests/unit-base: $(call tests_of,base) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_BASE)
$(BUILD)/tests/unit-net: $(call tests_of,net) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/tests/unit-groupmgr: $(call tests_of,groupmgr) $(GROUPMGR) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_BASE)
$(BUILD)/tests/unit-consensus: $(call tests_of,consensus) $(CONSENSUS) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_NODE) $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/tests/unit-resources: $(call tests_of,resources) $(RESOURCES) $(NET) $(BASE) | $(BUILD)/holdfast-monitor
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/tests/unit-node: $(call tests_of,node) $(NODE) $(CONSENSUS) $(RESOURCES) $(GROUPMGR) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_NODE) $(LIBS_NET) $(LIBS_BASE)
$(BUILD)/tests/unit-cli: $(call tests_of,cli) $(CLI) $(CLIENTNET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -ljansson $(LIBS_CLIENT) $(LIBS_BASE)
$(BUILD)/tests/unit-clusapi: $(call tests_of,clusapi) $(CLUSAPI) $(CLIENTNET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LIBS_CLIENT) $(LIBS_BASE)
$(BUILD)/tests/clusapi/%.o: CPPFLAGS += -Iclusapi/include

# `make unit-base` and its kin: build with sanitizers and run one part's tests.
.PHONY: $(addprefix unit-,$(PARTS) cli clusapi)
$(addprefix unit-,$(PARTS) cli clusapi):
	@$(MAKE) --no-print-directory MODE=debug build/debug$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))/tests/$@
	LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
	    build/debug$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))/tests/$@

# The fuzzers' targets over their corpora, without a fuzzer.
CORPORA := $(patsubst tests/fuzz/corpus/%,%,$(wildcard tests/fuzz/corpus/*))
$(BUILD)/tests/corpus-proplist: $(BUILD)/tests/fuzz/proplist.o $(BUILD)/tests/fuzz/run_corpus.o $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_BASE)
$(BUILD)/tests/corpus-msgpack: $(BUILD)/tests/fuzz/msgpack.o $(BUILD)/tests/fuzz/run_corpus.o $(BASE) \
                               $(call objects,net/msgpack.c net/msgpack_scan.c)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_CLIENT) $(LIBS_BASE)

$(BUILD)/tests/corpus-command $(BUILD)/tests/corpus-apply: $(BUILD)/tests/corpus-%: \
        $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/run_corpus.o $(GROUPMGR) $(BASE) \
        $(call objects,net/msgpack.c net/msgpack_scan.c)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_CLIENT) $(LIBS_BASE)
$(BUILD)/tests/corpus-expression: $(BUILD)/tests/fuzz/expression.o $(BUILD)/tests/fuzz/run_corpus.o $(BASE) \
                                  $(call objects,groupmgr/expression.c)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_BASE)

.PHONY: test tests-build
tests-build: build faults-build $(UNITS) $(addprefix $(BUILD)/tests/corpus-,$(CORPORA)) $(BUILD)/tests/play-scenarios \
             $(BUILD)/tests/sim/sim chaos-build
test:
	@scripts/deps --tests
	@$(MAKE) --no-print-directory -j$$(nproc) MODE=debug tests-build
	@scripts/test

# What scripts/faults preloads into a node. Never with sanitizers: the services that a
# node runs are programs without them.
.PHONY: faults-build
faults-build: $(BUILD)/tests/faults-shim.so
$(BUILD)/tests/faults-shim.so: tests/faults/shim.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -shared -o $@ $<

# `make valgrind`: the unit tests once more, without sanitizers, under valgrind.
.PHONY: valgrind
valgrind:
	@scripts/deps --tests
	@$(MAKE) --no-print-directory -j$$(nproc) MODE=valgrind tests-build
	@scripts/valgrind

# `make fuzz`: each fuzzer for SECONDS; new inputs and findings go to build/fuzz.
SECONDS_EACH = $(or $(SECONDS),60)
.PHONY: fuzz
fuzz:
	@scripts/deps --tests
	@scripts/fuzz $(SECONDS_EACH) $(ONLY)

# `make docker-test`: the cluster of docker-compose.yml under faults.
.PHONY: docker-test
docker-test:
	@scripts/docker-test

# --------------------------------------------------------------- using it
.PHONY: run install
run:
	@scripts/deps
	@$(MAKE) --no-print-directory -j$$(nproc) build
	@scripts/demo

install: build
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    $(DESTDIR)$(PREFIX)/include/clusapi $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system
	install $(BUILD)/holdfastd $(BUILD)/holdfast-monitor $(DESTDIR)$(PREFIX)/sbin
	install $(BUILD)/holdfast $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/libclusapi.so $(DESTDIR)$(PREFIX)/lib/libclusapi.so.0
	ln -sf libclusapi.so.0 $(DESTDIR)$(PREFIX)/lib/libclusapi.so
	install -m 644 clusapi/include/*.h $(DESTDIR)$(PREFIX)/include/clusapi
	sed -e 's|@includedir@|$(PREFIX)/include/clusapi|' -e 's|@libdir@|$(PREFIX)/lib|' \
	    clusapi/clusapi.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/clusapi.pc
	install -m 644 scripts/holdfast.bash-completion \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/holdfast
	sed -e 's|@sbindir@|$(PREFIX)/sbin|' scripts/holdfastd.service.in \
	    > $(DESTDIR)$(PREFIX)/lib/systemd/system/holdfastd.service

help:
	@echo "make            build (installing what is missing first)"
	@echo "make run        show the main job on a fresh three-node cluster"
	@echo "make test       all tests that need no container engine"
	@echo "make unit-PART  one part's unit tests: $(PARTS) cli clusapi"
	@echo "make sim        SEEDS=200 histories of simulated clusters, FROM=1"
	@echo "make scenarios  the group manager's golden scenarios; ACCEPT=1 writes them anew"
	@echo "make docker-test  three nodes and a witness in containers, under faults"
	@echo "make valgrind   the unit tests under valgrind"
	@echo "make fuzz       each fuzzer for SECONDS=60, or ONLY=one of tests/fuzz"
	@echo "make chaos      a real cluster broken at random for MINUTES=2; SEED= BACKEND= NODES=3 PROFILE="
	@echo "make elections  a hundred changes of leader per profile, under load: no lease may be lost"
	@echo "make model      the lease protocol and its weakened variants, with spin; ONLY=variant"
	@echo "make bench      commits and reads per second, beside bare libraft and etcd"
	@echo "make bench-failover  from a fault to running elsewhere; CASE=, RUNS=, PROFILE="
	@echo "make bench-groupmgr  what decisions cost with 8,000 groups on 64 nodes"
	@echo "make bench-ending  how long hundreds of services take to be gone"
	@echo "make install    to PREFIX=/usr/local"
	@echo "make clean      remove build/"

.PHONY: deps clean
deps:
	@scripts/deps
clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- benchmarks
# `make bench` compares with bare libraft and etcd; BENCH=quick takes a minute.
# Always the release build: sanitizers would measure themselves.
bench_objects = $(call objects,$(addprefix tests/bench/,$(1)))
$(BUILD)/tests/bench/load: $(call bench_objects,load.c request.c histogram.c) $(GROUPMGR) \
                           $(call objects,net/msgpack.c net/msgpack_scan.c) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lmsgpackc $(LIBS_BASE)
$(BUILD)/tests/bench/libraft: $(call bench_objects,libraft.c histogram.c) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lraft -luv $(LIBS_BASE)

$(BUILD)/tests/bench/groupmgr: $(call bench_objects,groupmgr.c) $(GROUPMGR) \
                               $(call objects,net/msgpack.c net/msgpack_scan.c) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lmsgpackc $(LIBS_BASE)

$(BUILD)/tests/bench/ending: $(call bench_objects,ending.c) $(RESOURCES) $(NET) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_NET) $(LIBS_BASE)

$(BUILD)/tests/bench/beat: $(call bench_objects,beat.c)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# `make bench-failover`: CASE="owner-killed cut", RUNS=10, PROFILE=fast, ARGS= what else
# scripts/bench-failover takes.
.PHONY: bench-failover bench-failover-programs
bench-failover-programs: build $(BUILD)/tests/bench/beat
bench-failover:
	@scripts/deps --tests
	@$(MAKE) --no-print-directory MODE=release bench-failover-programs
	@scripts/bench-failover $(if $(CASE),--case $(CASE)) $(if $(RUNS),--runs $(RUNS)) \
	    $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

# `make bench-groupmgr`: what decisions cost with 8,000 groups on 64 nodes.
.PHONY: bench-groupmgr
bench-groupmgr:
	@scripts/deps
	@$(MAKE) --no-print-directory MODE=release build/release/tests/bench/groupmgr
	@build/release/tests/bench/groupmgr $(if $(CHECK),--check)

# `make bench-ending`: how long hundreds of services take to be gone (resources/lease.h).
.PHONY: bench-ending
bench-ending:
	@scripts/deps
	@$(MAKE) --no-print-directory MODE=release build/release/tests/bench/ending
	@build/release/tests/bench/ending $(RUNS)

.PHONY: bench bench-programs
bench-programs: build $(BUILD)/tests/bench/load $(BUILD)/tests/bench/libraft
bench:
	@scripts/deps --bench
	@$(MAKE) --no-print-directory MODE=release bench-programs
	@scripts/bench $(BENCH)

# ---- simulation
# Whole clusters in one process on a virtual clock (docs/testing.md). The product
# is compiled once more, with redirect.h in front of it, and linked with what
# tests/sim puts in the place of libuv, sockets, disk and clocks.
SIM_PRODUCT := $(filter-out base/memory.c base/clock.c base/log.c base/reset_mark.c,$(wildcard base/*.c)) \
    $(wildcard groupmgr/*.c) net/msgpack.c net/msgpack_scan.c net/address.c \
    $(filter-out %/acked.c %/disk_check.c %/segments.c %/room.c %/transport.c %/heap.c,$(wildcard consensus/*.c)) \
    $(filter-out %/main.c %/config.c %/config_keys.c %/identity.c %/notify.c %/supervisor.c %/join.c %/farewell.c %/recovery.c %/directory.c,$(wildcard node/*.c)) \
    $(addprefix resources/,host.c host_lease.c lease.c life.c unit.c unit_checks.c unit_expire.c monitor.c monitor_orders.c \
        monitor_protocol.c properties.c types.c vigil.c watchdog.c)
SIM_OBJECTS := $(patsubst %.c,$(BUILD)/sim/%.o,$(SIM_PRODUCT)) \
    $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/*.c))
SIM_WRAPPED := cluster_apply consensus_open guard_open guard_close lease_set
comma := ,
$(BUILD)/sim/%.o: %.c tests/sim/redirect.h
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC    $@")
	$(Q)$(CC) $(CPPFLAGS) -include tests/sim/redirect.h $(CFLAGS) -c -o $@ $<
$(BUILD)/sim/resources/monitor.o $(BUILD)/sim/resources/lease.o $(BUILD)/sim/resources/watchdog.o \
    $(BUILD)/tests/sim/loop.o $(BUILD)/tests/sim/watchdog.o: \
    CPPFLAGS += -DSIM_FILES
$(BUILD)/tests/sim/sim: $(SIM_OBJECTS)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(SIM_WRAPPED)) -o $@ $^ \
	    -lraft -lmsgpackc -lz $(LIBS_BASE)

# `make sim SEEDS=n [FROM=s]`: fresh histories on all cores.
SEEDS = 200
FROM  = 1
.PHONY: sim
sim:
	@$(MAKE) --no-print-directory MODE=release build/release/tests/sim/sim
	@build/release/tests/sim/sim --seeds $(SEEDS) --from $(FROM) --jobs $$(nproc)
# ---- elections
# A hundred changes of leader in a row, under load, in each profile: no healthy
# node may lose its lease (tests/cluster/test_elections.py). About six minutes.
ELECTIONS = 100
.PHONY: elections
elections:
	@scripts/deps
	@$(MAKE) --no-print-directory MODE=release build
	@HOLDFAST_TEST_MODE=release HOLDFAST_TEST_ELECTIONS=$(ELECTIONS) \
	    /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/cluster/test_elections.py

# ---- scenarios
# The golden scenarios (docs/testing.md). `make scenarios ACCEPT=1` writes their
# transcripts anew, ONLY=name plays some.
SCENARIOS = $(sort $(wildcard tests/scenarios/*$(ONLY)*.txt))
$(BUILD)/tests/play-scenarios: $(call tests_of,scenarios) $(call objects,tests/groupmgr/tree.c) \
                               $(GROUPMGR) $(BASE)
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_BASE)
.PHONY: scenarios
scenarios:
	@$(MAKE) --no-print-directory MODE=debug build/debug$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))/tests/play-scenarios
	@build/debug$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))/tests/play-scenarios $(if $(ACCEPT),--accept) $(SCENARIOS)

# ---- chaos
# Real clusters broken at random under load, then judged (docs/testing.md).
# `make chaos SEED=1 MINUTES=10 BACKEND=netns NODES=5`; BACKEND=containers sees to an
# engine first.
CHAOS := $(BUILD)/tests/chaos-service $(BUILD)/tests/chaos-standstill
$(CHAOS): $(BUILD)/tests/chaos-%: $(BUILD)/tests/chaos/%.o
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
.PHONY: chaos-build
chaos-build: $(CHAOS)
.PHONY: chaos
chaos:
	@scripts/deps --tests
	@$(MAKE) --no-print-directory MODE=release build faults-build chaos-build
	@$(if $(filter containers,$(BACKEND)),scripts/docker-engine) scripts/chaos $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),2) \
	    $(if $(BACKEND),--backend $(BACKEND)) --nodes $(or $(NODES),3) \
	    $(if $(PROFILE),--profile $(PROFILE))

# ---- model
# The lease protocol, checked by spin: docs/model/README.md. `make model
# ONLY=UNORDERED` does one variant.
.PHONY: model
model:
	@scripts/deps --model
	@nice -n 10 scripts/model $(ONLY)
