# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tests' part of Makefile.am, which includes it. Paths are relative to the top directory.

# --- the tests -------------------------------------------------------------------------------------

if DAEMON
TESTS = $(unit_tests) $(traces) $(shell_tests) $(netns_tests) $(compat_tests) $(fuzz_tests)
else
TESTS = $(client_unit_tests)
endif

# Each program is made from one source file of the same name; exceptions stand under "programs".
if UNIT_TESTS
client_unit_tests = tests/unit/client_hit tests/unit/client_options tests/unit/client_profile
unit_tests = $(client_unit_tests) \
	tests/unit/addr \
	tests/unit/attempts \
	tests/unit/buckets \
	tests/unit/cage \
	tests/unit/cage_courier \
	tests/unit/conf \
	tests/unit/duration \
	tests/unit/element \
	tests/unit/index \
	tests/unit/ipc \
	tests/unit/journal \
	tests/unit/journal_record \
	tests/unit/knock \
	tests/unit/limiter \
	tests/unit/log \
	tests/unit/migrate \
	tests/unit/mistakes \
	tests/unit/netlink_faults \
	tests/unit/nftkey \
	tests/unit/nftset \
	tests/unit/onetime \
	tests/unit/packet \
	tests/unit/remembered \
	tests/unit/request \
	tests/unit/ruleset \
	tests/unit/ruleset_kernel \
	tests/unit/seq \
	tests/unit/share_conf \
	tests/unit/share_wire \
	tests/unit/siphash \
	tests/unit/text \
	tests/unit/timers \
	tests/unit/totp \
	tests/unit/trust
if JANSSON
unit_tests += tests/unit/ctl tests/unit/doorstats tests/unit/top
endif
if SODIUM
unit_tests += tests/unit/authorized tests/unit/knock1 tests/unit/replay
endif
if HIREDIS
unit_tests += tests/unit/share_notice tests/unit/share_state
endif
endif

traces = \
	tests/traces/code.trace \
	tests/traces/cooldown.trace \
	tests/traces/decoy.trace \
	tests/traces/duplicates.trace \
	tests/traces/first_port_again.trace \
	tests/traces/flags.trace \
	tests/traces/in_order.trace \
	tests/traces/interleaved.trace \
	tests/traces/last_is_first.trace \
	tests/traces/no_flags.trace \
	tests/traces/one_port.trace \
	tests/traces/other_doors_port.trace \
	tests/traces/overlapping.trace \
	tests/traces/repeated_ports.trace \
	tests/traces/retransmission.trace \
	tests/traces/retransmission_long.trace \
	tests/traces/retransmission_same_port.trace \
	tests/traces/scan.trace \
	tests/traces/scan_default.trace \
	tests/traces/scan_doors.trace \
	tests/traces/scan_flags.trace \
	tests/traces/scan_not.trace \
	tests/traces/scan_off.trace \
	tests/traces/scan_one.trace \
	tests/traces/shared_prefix.trace \
	tests/traces/target.trace \
	tests/traces/timeout.trace \
	tests/traces/timeout_zero.trace \
	tests/traces/wrong_order.trace \
	tests/traces/wrong_protocol.trace

shell_tests = \
	tests/check/client_only.sh \
	tests/check/completion.sh \
	tests/check/fwknop.sh \
	tests/check/completion_typed.sh \
	tests/check/install.sh \
	tests/check/man.sh \
	tests/check/packages.sh \
	tests/check/readme.sh \
	tests/check/release.sh \
	tests/check/reproducible.sh \
	tests/check/rooms.sh \
	tests/check/runners.sh

netns_tests = \
	tests/netns/ban.sh \
	tests/netns/boot.sh \
	tests/netns/bridge.sh \
	tests/netns/client_closed.sh \
	tests/netns/client_door.sh \
	tests/netns/client_few.sh \
	tests/netns/client_line.sh \
	tests/netns/client_loss.sh \
	tests/netns/client_names.sh \
	tests/netns/client_nat.sh \
	tests/netns/client_profile.sh \
	tests/netns/client_proxy.sh \
	tests/netns/client_wait.sh \
	tests/netns/client_wire.sh \
	tests/netns/closing.sh \
	tests/netns/commands.sh \
	tests/netns/container.sh \
	tests/netns/control.sh \
	tests/netns/control_who.sh \
	tests/netns/courier.sh \
	tests/netns/courier_cluster.sh \
	tests/netns/courier_hostile.sh \
	tests/netns/courier_login.sh \
	tests/netns/courier_memory.sh \
	tests/netns/courier_sentinel.sh \
	tests/netns/courier_tls.sh \
	tests/netns/crash.sh \
	tests/netns/cut.sh \
	tests/netns/cut_grant.sh \
	tests/netns/daemon.sh \
	tests/netns/disk.sh \
	tests/netns/doctor.sh \
	tests/netns/door.sh \
	tests/netns/end_faults.sh tests/netns/ended.sh \
	tests/netns/engine.sh \
	tests/netns/errors.sh \
	tests/netns/examples.sh \
	tests/netns/examples_ansible.sh \
	tests/netns/examples_docker.sh \
	tests/netns/examples_firewalld.sh \
	tests/netns/examples_libvirt.sh \
	tests/netns/examples_man.sh \
	tests/netns/examples_ssh.sh \
	tests/netns/files.sh \
	tests/netns/flood.sh \
	tests/netns/fragments.sh \
	tests/netns/grants.sh \
	tests/netns/guard.sh \
	tests/netns/guard_forged.sh \
	tests/netns/guard_forward.sh \
	tests/netns/guard_tables.sh \
	tests/netns/guard_tracking.sh \
	tests/netns/idle.sh \
	tests/netns/interfaces.sh \
	tests/netns/isolation.sh \
	tests/netns/keep.sh \
	tests/netns/logs.sh \
	tests/netns/leftovers.sh \
	tests/netns/lookup.sh \
	tests/netns/loss.sh \
	tests/netns/mapped.sh \
	tests/netns/martians.sh \
	tests/netns/matrix.sh \
	tests/netns/max_grants.sh \
	tests/netns/migrate.sh \
	tests/netns/migrate_words.sh \
	tests/netns/mixed.sh \
	tests/netns/netlink_faults.sh \
	tests/netns/new.sh \
	tests/netns/new_code.sh \
	tests/netns/nfqueue.sh \
	tests/netns/nfqueue_guard.sh \
	tests/netns/nfqueue_life.sh \
	tests/netns/onetime.sh \
	tests/netns/options.sh \
	tests/netns/own_table.sh \
	tests/netns/prefix.sh \
	tests/netns/progress.sh \
	tests/netns/readme.sh \
	tests/netns/reload.sh \
	tests/netns/renewed.sh \
	tests/netns/rogue.sh \
	tests/netns/root.sh \
	tests/netns/rules.sh \
	tests/netns/sample.sh \
	tests/netns/scan.sh \
	tests/netns/scan_flags.sh \
	tests/netns/sequence.sh \
	tests/netns/share.sh \
	tests/netns/share_bans.sh \
	tests/netns/share_claim.sh \
	tests/netns/share_claim_kinds.sh \
	tests/netns/share_clock.sh \
	tests/netns/share_faults.sh \
	tests/netns/share_full.sh \
	tests/netns/share_idle.sh \
	tests/netns/share_idle_ends.sh \
	tests/netns/share_many.sh \
	tests/netns/share_nfqueue.sh \
	tests/netns/share_random.sh \
	tests/netns/share_reset.sh \
	tests/netns/share_rogue.sh \
	tests/netns/share_sentinel.sh \
	tests/netns/share_six.sh \
	tests/netns/share_tls.sh \
	tests/netns/share_users.sh \
	tests/netns/signed.sh \
	tests/netns/signed_doctor.sh \
	tests/netns/signed_door.sh \
	tests/netns/signed_nfqueue.sh \
	tests/netns/signed_other.sh \
	tests/netns/signed_replay.sh \
	tests/netns/signed_rogue.sh \
	tests/netns/signed_sk.sh \
	tests/netns/signed_ssh.sh \
	tests/netns/signed_starve.sh \
	tests/netns/signed_users.sh \
	tests/netns/source_rate.sh \
	tests/netns/starve.sh \
	tests/netns/state_dir.sh \
	tests/netns/survive.sh \
	tests/netns/top.sh \
	tests/netns/together.sh \
	tests/netns/totp.sh \
	tests/netns/totp_nfqueue.sh \
	tests/netns/totp_rogue.sh \
	tests/netns/upgrade.sh \
	tests/netns/vrf.sh \
	tests/netns/waiting.sh \
	tests/netns/watchdog.sh \
	tests/netns/withdrawn.sh

compat_tests = \
	tests/compat/compat.py \
	tests/compat/corpus.sh \
	tests/compat/migrate.sh \
	tests/compat/logs.py

# Each reads bytes that an attacker chooses; `make check` replays the inputs in tests/fuzz/corpus.
fuzz_tests = \
	tests/fuzz/conf \
	tests/fuzz/courier \
	tests/fuzz/element \
	tests/fuzz/event \
	tests/fuzz/journal \
	tests/fuzz/knock \
	tests/fuzz/lastguard \
	tests/fuzz/nflog \
	tests/fuzz/nfqueue \
	tests/fuzz/nftkey \
	tests/fuzz/onetime \
	tests/fuzz/packet \
	tests/fuzz/profile \
	tests/fuzz/request
if SODIUM
fuzz_tests += tests/fuzz/keys tests/fuzz/signed
endif
if HIREDIS
fuzz_tests += tests/fuzz/share
endif

# The tests that depend on the kernel; check-vm runs them on another one.
kernel_tests = $(netns_tests) $(kernel_unit_tests)
if UNIT_TESTS
kernel_unit_tests = tests/unit/cage tests/unit/cage_courier tests/unit/netlink_faults tests/unit/nftset tests/unit/ruleset_kernel
endif

# --- how they run ----------------------------------------------------------------------------------

# A script runs in namespaces of its own. Its TAP lines are the result; its exit status is for a user who runs it
# by hand.
# TEST_LIMIT may be a command that ends a test after some time, such as "timeout 600".
TEST_EXTENSIONS = .py .sh .trace
tap_driver = env AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(TEST_LIMIT) $(SHELL) $(top_srcdir)/tests/unit-run
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER_FLAGS = --ignore-exit
SH_LOG_COMPILER = $(TEST_LIMIT) $(SHELL) $(top_srcdir)/tests/netns-run
TRACE_LOG_DRIVER = $(tap_driver)
TRACE_LOG_COMPILER = tests/traces/replay
PY_LOG_DRIVER = $(tap_driver)
PY_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/compat/python.sh
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	NFLOG='$(abs_builddir)/tests/tools/nflog'; export NFLOG; \
	MEDDLE_SO='$(abs_builddir)/tests/tools/meddle.so'; export MEDDLE_SO; \
	PAGES_SO='$(abs_builddir)/tests/tools/pages.so'; export PAGES_SO; \
	STARVE_SO='$(abs_builddir)/tests/tools/starve.so'; export STARVE_SO; \
	SK_SO='$(abs_builddir)/tests/tools/sk.so'; export SK_SO; \
	RACE='$(abs_builddir)/tests/tools/race'; export RACE; \
	HAMMER='$(abs_builddir)/tests/tools/hammer'; export HAMMER; \
	FILTERED='$(abs_builddir)/tests/tools/filtered'; export FILTERED;

# `make check` ends with a table of what was skipped, part of automake's summary. Make expands this in a shell command,
# behind: echo "Testsuite summary"
AM_TESTSUITE_SUMMARY_HEADER = ' for $(PACKAGE_STRING)'; $(SHELL) $(top_srcdir)/tests/skipped $(TEST_LOGS); echo ""

# --- programs --------------------------------------------------------------------------------------

if DAEMON
check_PROGRAMS = $(unit_tests) $(fuzz_tests) $(bench_tools) \
	tests/compat/inject \
	tests/tools/courier tests/tools/courier_rogue tests/tools/filtered tests/tools/hammer tests/tools/nflog tests/tools/noise tests/tools/race tests/tools/rogue \
	tests/tools/signed \
	tests/traces/replay
else
check_PROGRAMS = $(client_unit_tests)
endif

# Code that several test programs share; each links the members it uses. replay.c is the main() of fuzz_tests.
if DAEMON
check_LIBRARIES = tests/libtests.a
endif
tests_libtests_a_SOURCES = tests/bench/wire.c tests/bench/wire.h tests/fuzz/fuzz.h tests/fuzz/replay.c
if UNIT_TESTS
tests_libtests_a_SOURCES += \
	tests/unit/confs.c tests/unit/confs.h tests/unit/netns.c tests/unit/netns.h tests/unit/test.h
endif
LDADD = tests/libtests.a libknockd.a $(CMOCKA_LIBS) $(knockd_libs) $(courier_libs)

tests_unit_client_hit_LDADD = libclient.a libknockd.a $(CMOCKA_LIBS) $(SODIUM_LIBS)
tests_unit_client_options_LDADD = libclient.a libknockd.a $(CMOCKA_LIBS) $(SODIUM_LIBS)
tests_unit_client_profile_LDADD = libclient.a libknockd.a $(CMOCKA_LIBS) $(SODIUM_LIBS)
tests_unit_ctl_LDADD = libctl.a libknockd.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SODIUM_LIBS) $(QRENCODE_LIBS)
tests_unit_top_LDADD = $(tests_unit_ctl_LDADD)
tests_unit_journal_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fdatasync
tests_unit_netlink_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mnl_socket_sendto
tests_fuzz_profile_LDADD = tests/libtests.a libclient.a libknockd.a $(SODIUM_LIBS)
tests_fuzz_keys_LDADD = tests/libtests.a libclient.a libknockd.a $(SODIUM_LIBS)
tests_compat_inject_LDADD =
tests_tools_nflog_LDADD = $(NFLOG_LIBS)
tests_tools_noise_LDADD =
tests_tools_filtered_LDADD =
tests_tools_race_LDADD =
tests_tools_hammer_LDADD =
tests_tools_courier_LDADD = libknockd.a $(knockd_libs) $(courier_libs)
tests_tools_courier_rogue_LDADD = libknockd.a $(knockd_libs)
tests_tools_signed_LDADD = libclient.a libknockd.a $(SODIUM_LIBS)
tests_tools_rogue_SOURCES = src/main.c tests/tools/rogue.c
tests_tools_rogue_LDADD = libknockd.a $(knockd_libs)
tests_tools_rogue_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=kill

# Libraries for LD_PRELOAD and for ssh-agent, without the flags that programs get here.
preloads = tests/tools/meddle.so tests/tools/pages.so tests/tools/starve.so
if DAEMON
check_DATA = $(preloads) tests/ref/stamp
if SODIUM
preloads += tests/tools/sk.so
endif
endif
tests/tools/sk.so: preload_libs = $(SODIUM_LIBS)
$(preloads): tests/tools/%.so: tests/tools/%.c
	$(AM_V_GEN)$(MKDIR_P) tests/tools && \
		$(CC) $(system_flags) $(CPPFLAGS) $(CFLAGS) -shared -fPIC -o $@ $< $(preload_libs)
tests/tools/meddle.so tests/tools/starve.so: tests/tools/numbers.h
MOSTLYCLEANFILES = $(preloads)

# knockd 0.8, the reference of many tests: Debian's package if apt can fetch it; without it those tests skip.
tests/ref/stamp:
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/fetch-reference tests/ref && touch $@

clean-local:
	rm -rf tests/ref tests/old tests/old.new tests/bench/results fuzz coverage vm distro cross musl deb rpm
	rm -rf beside container packages

# --- a virtual machine -----------------------------------------------------------------------------

check-vm: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=
	$(SHELL) $(srcdir)/tests/vm/run
.PHONY: check-vm

# --- other platforms -------------------------------------------------------------------------------

# Each says what is missing here and succeeds. The scripts explain themselves.
DISTRO = trixie
check-distro:
	$(SHELL) $(top_srcdir)/tests/platform/distro $(DISTRO)
check-i386:
	$(SHELL) $(top_srcdir)/tests/platform/distro bookworm i386
CROSS = arm64 armhf s390x
check-cross:
	KERNEL_TESTS='$(kernel_unit_tests)' $(SHELL) $(top_srcdir)/tests/platform/cross $(CROSS)
MUSL_PREFIX =
check-musl:
	$(SHELL) $(top_srcdir)/tests/platform/musl $(MUSL_PREFIX)

# Valgrind does not know the calls that put the engine into its cage.
check-valgrind:
	@if command -v valgrind >/dev/null; then \
	  TESTS_SLOWNESS=50 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter-out tests/unit/cage tests/unit/cage_courier,$(unit_tests)) $(traces) $(fuzz_tests)' \
	    LOG_COMPILER='$(LOG_COMPILER) $(abs_top_srcdir)/tests/platform/valgrind' \
	    TRACE_LOG_COMPILER='$(SHELL) $(abs_top_srcdir)/tests/platform/valgrind $(TRACE_LOG_COMPILER)'; \
	else \
	  echo 'SKIP: valgrind is missing'; \
	fi
check-container: all
	$(SHELL) $(top_srcdir)/tests/platform/container
check-beside: Makefile
	$(SHELL) $(top_srcdir)/tests/platform/beside
check-packages: Makefile
	$(SHELL) $(top_srcdir)/tests/platform/packages
.PHONY: check-packages
check-upgrade: all
	$(SHELL) $(top_srcdir)/tests/platform/old
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/netns/upgrade.sh
.PHONY: check-distro check-i386 check-cross check-musl check-valgrind check-container check-beside check-upgrade

# --- knockd 0.8 and ours side by side --------------------------------------------------------------

check-compat-long: knockd$(EXEEXT) tests/compat/inject$(EXEEXT) tests/ref/stamp
	COMPAT_CASES=10000 $(PY_LOG_COMPILER) $(srcdir)/tests/compat/compat.py
.PHONY: check-compat-long

# 10,000 random operations in one run, and 100 short runs
check-share-long: all $(preloads) tests/tools/signed$(EXEEXT)
	SHARE_OPS=10000 $(SH_LOG_COMPILER) $(srcdir)/tests/netns/share_random.sh
	SHARE_OPS=300 SHARE_RUNS=100 $(SH_LOG_COMPILER) $(srcdir)/tests/netns/share_random.sh
.PHONY: check-share-long

check-migrate-long: all tests/ref/stamp
	$(srcdir)/tests/netns/migrate_corpus.sh
.PHONY: check-migrate-long

# --- fuzzing ---------------------------------------------------------------------------------------

# Looks for new inputs with clang's libFuzzer, FUZZ_SECONDS for each harness.
fuzz_harnesses = $(notdir $(fuzz_tests))
FUZZ_CC = clang
FUZZ_SECONDS = 60
fuzz_flags = -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
fuzz_compile = $(FUZZ_CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(lib_cflags) $(fuzz_flags)
fuzz_sources = $(filter %.c,$(libknockd_a_SOURCES) $(libclient_a_SOURCES))
fuzz_objects = $(patsubst src/%.c,fuzz/obj/%.o,$(fuzz_sources))

fuzz/obj/%.o: src/%.c $(filter %.h,$(libknockd_a_SOURCES))
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(fuzz_compile) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<
fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(fuzz_objects)
	$(AM_V_CCLD)$(fuzz_compile) -fsanitize=fuzzer,address,undefined -o $@ $< $(fuzz_objects) $(knockd_libs) $(courier_libs)

fuzz:
	@if echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	    $(FUZZ_CC) -fsanitize=fuzzer,address,undefined -x c -o /dev/null - 2>/dev/null; then \
	  $(MAKE) $(AM_MAKEFLAGS) $(fuzz_harnesses:%=fuzz/%) && \
	  FUZZ_SECONDS=$(FUZZ_SECONDS) $(SHELL) $(srcdir)/tests/fuzz/run $(srcdir)/tests/fuzz $(fuzz_harnesses); \
	else \
	  echo 'SKIP: $(FUZZ_CC) cannot link with -fsanitize=fuzzer (Debian: clang libclang-rt-dev)'; \
	fi

# make must not delete them as intermediate files.
.SECONDARY: $(fuzz_objects)
.PHONY: fuzz

# --- the benchmark ---------------------------------------------------------------------------------

# `make check` builds these, so that they keep compiling, and measures nothing.
bench_tools = \
	tests/bench/behind \
	tests/bench/everywhere \
	tests/bench/floor \
	tests/bench/flood \
	tests/bench/knocker \
	tests/bench/matcher \
	tests/bench/ready \
	tests/bench/relay \
	tests/bench/twin

# FIGURES="open hits" for some only; BENCH_UPDATE=yes renews the tables in tests/bench/RESULTS.md.
bench: all $(bench_tools) tests/tools/courier tests/tools/signed tests/ref/stamp
	FIGURES='$(FIGURES)' BENCH_UPDATE='$(BENCH_UPDATE)' $(SHELL) $(srcdir)/tests/bench/run
.PHONY: bench

# --- static checks ---------------------------------------------------------------------------------

lint: all
	@LINT_TOP='$(abs_srcdir)' LINT_CPPFLAGS="$(DEFS) $(DEFAULT_INCLUDES) $(lint_cppflags) $(lib_cflags)" \
	  $(SHELL) $(srcdir)/tests/check/lint
lint_cppflags = $(subst ",\",$(subst ',,$(AM_CPPFLAGS)))
.PHONY: lint

# --- coverage --------------------------------------------------------------------------------------

coverage:
	@rm -rf coverage && $(MKDIR_P) coverage
	@$(MAKE) $(AM_MAKEFLAGS) distdir distdir=coverage/src >/dev/null
	@$(SHELL) coverage/src/tests/check/coverage
.PHONY: coverage

# --- the tarball -----------------------------------------------------------------------------------

EXTRA_DIST += $(shell_tests) $(traces) $(netns_tests) $(compat_tests) \
	.clang-format .clang-tidy .shellcheckrc \
	tests/README tests/fetch-reference tests/lib.sh tests/netns-run tests/skipped tests/unit-run \
	tests/check/coverage \
	tests/check/lib.sh \
	tests/check/terminal.py \
	tests/check/lint \
	tests/bench/README \
	tests/bench/RESULTS.md \
	tests/bench/attempts.sh \
	tests/bench/behind.sh \
	tests/bench/courier.sh \
	tests/bench/doors.sh \
	tests/bench/fetch-fwknop \
	tests/bench/flood.sh \
	tests/bench/grants.sh \
	tests/bench/hits.sh \
	tests/bench/idle.sh \
	tests/bench/used.sh \
	tests/bench/lib.sh \
	tests/bench/life_many.sh \
	tests/bench/matcher.sh \
	tests/bench/memory.sh \
	tests/bench/size.sh \
	tests/bench/open.sh \
	tests/bench/report.py \
	tests/bench/run \
	tests/bench/summary.py \
	tests/bench/share.sh \
	tests/bench/share_lib.sh \
	tests/bench/share_rate.sh \
	tests/bench/signed.sh \
	tests/compat/cases.py \
	tests/compat/lab.py \
	tests/compat/model.py \
	tests/compat/onetime.py \
	tests/compat/python.sh \
	tests/fuzz/conf.dict \
	tests/fuzz/element.dict \
	tests/fuzz/profile.dict \
	tests/fuzz/request.dict \
	tests/fuzz/run \
	tests/fuzz/corpus \
	tests/netns/attack_lib.sh \
	tests/netns/client_lib.sh \
	tests/netns/courier_lib.sh \
	tests/netns/courier_server.py \
	tests/netns/guard_lib.sh \
	tests/netns/memory.py \
	tests/netns/migrate_corpus.sh \
	tests/netns/migrate_lib.sh \
	tests/netns/nfqueue_lib.sh \
	tests/netns/share_lib.sh \
	tests/netns/share_operations.py \
	tests/netns/signed_lib.sh \
	tests/netns/starve_lib.sh \
	tests/netns/tls_lib.sh \
	contrib/Containerfile \
	tests/platform/beside \
	tests/platform/container \
	tests/platform/container-door \
	tests/platform/cross \
	tests/platform/distro \
	tests/platform/musl \
	tests/platform/packages \
	tests/platform/old \
	tests/platform/valgrind \
	tests/tools/meddle.c tests/tools/numbers.h tests/tools/pages.c tests/tools/sk.c tests/tools/starve.c \
	tests/vm/README \
	tests/vm/doors.py \
	tests/vm/fresh.sh \
	tests/vm/init \
	tests/vm/keep \
	tests/vm/lib.sh \
	tests/vm/run \
	tests/vm/suite \
	tests/vm/systemd.sh \
	tests/vm/upgrade.sh \
	tests/vm/vm-test.service
