/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Toolstacks that are scripts in a folder of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/toolstack.h"
#include "edge/clock.h"
#include "tree/tree.h"

#define LEAF BASE_SBDF(0, 1, 0, 3)
#define LEAF_FOLDER "bus/pci/devices/0000:01:00.3"

static char root[64], missing[80];
static struct actuator actuator;
static const char *programs[3];
static char told[LIMIT_TOLD];

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-tool-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        tree_folder_make(actuator.sysfs, LEAF_FOLDER);
        (void)snprintf(missing, sizeof missing, "%s/missing", root);
        programs[0] = missing;
        programs[1] = root;
        actuator.programs = programs;
        return setenv("SECRET", "of the daemon", 1);
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

/* A program that runs these commands in the test's folder, which is $OUT. */
static void program_write(const char *name, const char *commands)
{
        char text[1024];

        (void)snprintf(text, sizeof text, "#!/bin/sh\nOUT=%s\n%s\n", root, commands);
        tree_text_write(actuator.sysfs, ".", name, text);
        assert_int_equal(fchmodat(actuator.sysfs, name, 0700, 0), 0);
}

static int run(enum effect_kind kind, enum effect_toolstack toolstack)
{
        struct effect effect = { .kind = kind,
                                 .deadline_ms = 20000,
                                 .function = LEAF,
                                 .toolstack = toolstack,
                                 .domid = 7,
                                 .guest = "sys net" };

        memset(told, 'x', sizeof told);
        return actuator_toolstack_run(&actuator, &effect, told);
}

#define SHOW "for i in \"$@\"; do printf '[%s]' \"$i\"; done >$OUT/arguments"

static void test_xl(void **state)
{
        (void)state;
        program_write("xl", SHOW "; env >$OUT/env; cat >$OUT/input; echo said; echo too >&2");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), 0);
        assert_string_equal(told, "");
        tree_text_assert(actuator.sysfs, "arguments", "[pci-attach][7][0000:01:00.3]");
        tree_text_assert(actuator.sysfs, "input", "");
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "reset_method", "flr\n");
        assert_int_equal(run(EFFECT_DETACH, TOOLSTACK_XL), 0);
        tree_text_assert(actuator.sysfs, "arguments", "[pci-detach][7][0000:01:00.3]");
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/reset_method", "flr\n");
}

/* libxl, pciback and the guest are not waited for, and Linux tries no reset. */
static void test_xl_forced(void **state)
{
        struct effect effect = { .kind = EFFECT_DETACH,
                                 .deadline_ms = 20000,
                                 .function = LEAF,
                                 .domid = 7,
                                 .forced = true };

        (void)state;
        program_write("xl", SHOW "; cat $OUT/" LEAF_FOLDER "/reset_method >$OUT/reset");
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "reset_method", "flr\n");
        effect.toolstack = TOOLSTACK_XL;
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), 0);
        tree_text_assert(actuator.sysfs, "arguments", "[pci-detach][-f][7][0000:01:00.3]");
        tree_text_assert(actuator.sysfs, "reset", "\n");
}

/* Nothing of the daemon's environment, descriptors or signals reaches the program. */
static void test_surroundings(void **state)
{
        int leak = openat(actuator.sysfs, LEAF_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void)state;
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGINT, SIG_IGN);
        program_write("xl", "test -z \"$SECRET\" || exit 9\n"
                            "test \"$PATH\" = /usr/sbin:/usr/bin:/sbin:/bin || exit 8\n"
                            "for i in 3 4 5 6 7 8 9; do test ! -e /proc/$$/fd/$i || exit $i; done\n"
                            "test $(cut -d' ' -f5 /proc/$$/stat) = $$ || exit 11\n"
                            "grep -q '^SigIgn:.0*$' /proc/$$/status || exit 12");
        /* The shell's own script is descriptor 10. */
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), 0);
        assert_string_equal(told, "");
        (void)signal(SIGPIPE, SIG_DFL);
        (void)signal(SIGINT, SIG_DFL);
        assert_int_equal(close(leak), 0);
}

static void test_virsh(void **state)
{
        (void)state;
        program_write("virsh", SHOW "; cat \"$5\" >$OUT/xml");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_VIRSH), 0);
        tree_text_assert(actuator.sysfs, "arguments",
                         "[-c][xen:///system][attach-device][7][/proc/self/fd/3][--live]");
        tree_text_assert(actuator.sysfs, "xml",
                         "<hostdev mode='subsystem' type='pci' managed='no'><source><address "
                         "domain='0x0000' bus='0x01' slot='0x00' function='0x3'/></source>"
                         "</hostdev>\n");
        assert_int_equal(run(EFFECT_DETACH, TOOLSTACK_VIRSH), 0);
        tree_text_assert(actuator.sysfs, "arguments",
                         "[-c][xen:///system][detach-device][7][/proc/self/fd/3][--live]");
}

static void test_qvm_pci(void **state)
{
        struct effect effect = { .kind = EFFECT_DETACH,
                                 .deadline_ms = 20000,
                                 .function = BASE_SBDF(0x10000, 0x3a, 0x1f, 7),
                                 .toolstack = TOOLSTACK_QVM_PCI };

        (void)state;
        program_write("qvm-pci", SHOW);
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_QVM_PCI), 0);
        tree_text_assert(actuator.sysfs, "arguments", "[attach][sys net][dom0:01_00.3]");
        assert_int_equal(run(EFFECT_DETACH, TOOLSTACK_QVM_PCI), 0);
        tree_text_assert(actuator.sysfs, "arguments", "[detach][sys net][dom0:01_00.3]");
        /* Only by number it does not know its machines; and a name is no option. */
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -EINVAL);
        memcpy(effect.guest, "--all", sizeof "--all");
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -EINVAL);
        memcpy(effect.guest, "net", sizeof "net");
        effect.function = BASE_SBDF(2, 0x3a, 0x1f, 7);
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), 0);
        tree_text_assert(actuator.sysfs, "arguments", "[detach][net][dom0:0002_3a_1f.7]");
}

static void test_none(void **state)
{
        (void)state;
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_NONE), 0);
        assert_int_equal(run(EFFECT_DETACH, TOOLSTACK_NONE), 0);
        assert_int_equal(run(EFFECT_DETACH, TOOLSTACK_MAX), -EINVAL);
}

static void test_missing(void **state)
{
        (void)state;
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -ENOENT);
        assert_string_equal(told, "there is no program xl");
        program_write("xl", "");
        assert_int_equal(fchmodat(actuator.sysfs, "xl", 0600, 0), 0);
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -ENOENT);
        tree_text_write(actuator.sysfs, ".", "xl", "#!/no/such/shell\n");
        assert_int_equal(fchmodat(actuator.sysfs, "xl", 0700, 0), 0);
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_non_null(strstr(told, "xl ended with status 127: "));
        assert_non_null(strstr(told, strerror(ENOENT)));
}

static void test_failure(void **state)
{
        (void)state;
        program_write("xl", "echo; echo '  libxl: error: no'; echo 'such device' >&2; exit 3");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_string_equal(told, "xl ended with status 3: libxl: error: no such device ");
        program_write("xl", "exit 1");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_string_equal(told, "xl ended with status 1");
        program_write("xl", "echo dies; kill -TERM $$");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_string_equal(told, "xl was killed by signal 15: dies ");
}

/* What cannot be printed is for the report to escape; a NUL would end the text. */
static void test_control_characters(void **state)
{
        (void)state;
        program_write("xl", "printf 'a\\033[2J\\000b\\r\\n\\t\\177\\377c'; exit 1");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_string_equal(told, "xl ended with status 1: a\033[2Jb \177\377c");
}

/* More than the pipe holds: it is read, so that the program can end; the first of it is kept. */
static void test_much(void **state)
{
        (void)state;
        program_write("xl", "head -c 1000000 /dev/zero | tr '\\000' m; exit 2");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_int_equal(strlen(told), LIMIT_TOLD - 1);
        assert_memory_equal(told, "xl ended with status 2: mmm", 27);
}

static long number_read(const char *name)
{
        char text[32] = "";
        int fd = openat(actuator.sysfs, name, O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
        assert_int_equal(close(fd), 0);
        return strtol(text, NULL, 10);
}

/* Is the process with the number in this file there, and not only waiting to be reaped? */
static bool alive(const char *name)
{
        char path[64], state = 'X';
        FILE *status;

        (void)snprintf(path, sizeof path, "/proc/%ld/stat", number_read(name));
        status = fopen(path, "re");
        if (!status)
                return false;
        if (fscanf(status, "%*d (%*[^)]) %c", &state) != 1)
                state = 'X';
        (void)fclose(status);
        return state != 'Z' && state != 'X';
}

static void assert_dies(const char *name)
{
        for (int i = 0; i < 500 && alive(name); i++)
                assert_int_equal(poll(NULL, 0, 10), 0);
        assert_false(alive(name));
}

/* Killed with what it started, in time for the answer, with what it said. */
static void test_hanging(void **state)
{
        struct effect effect = { .kind = EFFECT_DETACH,
                                 .deadline_ms = 2000,
                                 .function = LEAF,
                                 .toolstack = TOOLSTACK_XL };
        uint64_t begin = edge_clock_ms(), took;

        (void)state;
        program_write("xl",
                      "echo waiting; sleep 600 & echo $! >$OUT/child; echo $$ >$OUT/self; wait");
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -ETIMEDOUT);
        took = edge_clock_ms() - begin;
        assert_true(took >= 1500 && took < 2000);
        assert_string_equal(told,
                            "xl did not end and was killed after milliseconds: 1500: waiting ");
        assert_false(alive("self"));
        assert_dies("child");
        program_write("xl", "while :; do echo more; done");
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -ETIMEDOUT);
        assert_non_null(strstr(told, "1500: more more more"));
}

/* Something that it leaves behind keeps the pipe: that is no reason to wait. */
static void test_left_behind(void **state)
{
        uint64_t begin = edge_clock_ms();

        (void)state;
        program_write("xl", "sleep 600 & echo $! >$OUT/child; echo done; exit 4");
        assert_int_equal(run(EFFECT_ATTACH, TOOLSTACK_XL), -EREMOTEIO);
        assert_string_equal(told, "xl ended with status 4: done ");
        assert_true(edge_clock_ms() - begin < 10000);
        assert_true(alive("child"));
        assert_int_equal(kill((pid_t)number_read("child"), SIGKILL), 0);
}

/* The daemon kills the worker that waits: the program dies too. */
static void test_orphaned(void **state)
{
        pid_t worker = fork();
        struct stat status;

        (void)state;
        assert_true(worker >= 0);
        if (worker == 0) {
                program_write("xl",
                              "echo $$ >$OUT/self.new; mv $OUT/self.new $OUT/self; sleep 600");
                (void)run(EFFECT_ATTACH, TOOLSTACK_XL);
                _exit(0);
        }
        for (int i = 0; i < 500 && fstatat(actuator.sysfs, "self", &status, 0) < 0; i++)
                assert_int_equal(poll(NULL, 0, 10), 0);
        assert_true(alive("self"));
        assert_int_equal(kill(worker, SIGKILL), 0);
        assert_int_equal(waitpid(worker, NULL, 0), worker);
        assert_dies("self");
}

/* What outlived its daemon is waited for, at its port alone, and nothing else is begun there. */
static void test_awaited(void **state)
{
        struct effect effect = { .kind = EFFECT_INVENTORY,
                                 .deadline_ms = 400,
                                 .port = BASE_SBDF(0, 0, 4, 0) };
        struct effect given = { .kind = EFFECT_DETACH,
                                .deadline_ms = 20000,
                                .port = effect.port,
                                .function = LEAF,
                                .toolstack = TOOLSTACK_XL };
        static struct event event;
        struct stat status;
        uint64_t begin;
        pid_t worker;
        int ended;

        (void)state;
        assert_int_equal(actuator_toolstack_await(&actuator, &effect), 0); /* no run folder */
        actuator.run = dup(actuator.sysfs);
        assert_int_equal(actuator_toolstack_await(&actuator, &effect), 0);
        assert_int_equal(symlinkat("elsewhere", actuator.run, "toolstack.lock"), 0);
        assert_int_equal(actuator_toolstack_await(&actuator, &effect), -ELOOP); /* who knows? */
        assert_int_equal(unlinkat(actuator.run, "toolstack.lock", 0), 0);
        program_write("xl", "touch $OUT/begun; until [ -e $OUT/end ]; do sleep 0.01; done");
        worker = fork();
        assert_true(worker >= 0);
        if (worker == 0)
                _exit(actuator_toolstack_run(&actuator, &given, told) == 0 ? 0 : 1);
        for (int i = 0; i < 500 && fstatat(actuator.sysfs, "begun", &status, 0) < 0; i++)
                assert_int_equal(poll(NULL, 0, 10), 0);
        begin = edge_clock_ms();
        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.error, EBUSY);
        assert_true(edge_clock_ms() - begin >= 300);
        assert_int_equal(actuator_toolstack_run(&actuator, &given, told), -EBUSY);
        effect.port = BASE_SBDF(0, 0, 5, 0);
        assert_int_equal(actuator_toolstack_await(&actuator, &effect), 0);
        effect.port = given.port;
        effect.deadline_ms = 20000;
        tree_text_write(actuator.sysfs, ".", "end", "");
        assert_int_equal(actuator_toolstack_await(&actuator, &effect), 0);
        assert_int_equal(waitpid(worker, &ended, 0), worker);
        assert_int_equal(ended, 0);
        assert_int_equal(actuator_toolstack_run(&actuator, &given, told), 0);
}

/* Attaching is meant for one kernel object; detaching for what the guest has. */
static void test_instance(void **state)
{
        struct effect effect = { .kind = EFFECT_ATTACH,
                                 .deadline_ms = 20000,
                                 .function = LEAF,
                                 .toolstack = TOOLSTACK_XL };
        struct stat status;

        (void)state;
        program_write("xl", SHOW);
        assert_int_equal(fstatat(actuator.sysfs, LEAF_FOLDER, &status, 0), 0);
        effect.instance = status.st_ino;
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), 0);
        assert_int_equal(unlinkat(actuator.sysfs, "arguments", 0), 0);
        effect.instance++;
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -ESTALE);
        assert_string_equal(told, "");
        assert_int_equal(fstatat(actuator.sysfs, "arguments", &status, 0), -1);
        assert_int_equal(unlinkat(actuator.sysfs, LEAF_FOLDER, AT_REMOVEDIR), 0);
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), -ENOENT);
        effect.kind = EFFECT_DETACH;
        assert_int_equal(actuator_toolstack_run(&actuator, &effect, told), 0);
}

/* As the daemon does it: the answer carries the words. */
static void test_perform(void **state)
{
        struct effect effect = { .kind = EFFECT_ATTACH,
                                 .token = 9,
                                 .deadline_ms = 20000,
                                 .function = LEAF,
                                 .toolstack = TOOLSTACK_XL };
        struct event event;

        (void)state;
        program_write("xl", "echo no; exit 1");
        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.kind, EVENT_COMPLETED);
        assert_int_equal(event.error, EREMOTEIO);
        assert_string_equal(event.completed.told, "xl ended with status 1: no ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_xl),       TEST(test_xl_forced), TEST(test_surroundings),
                TEST(test_virsh),    TEST(test_qvm_pci),   TEST(test_none),
                TEST(test_missing),  TEST(test_failure),   TEST(test_control_characters),
                TEST(test_much),     TEST(test_hanging),   TEST(test_left_behind),
                TEST(test_orphaned), TEST(test_awaited),   TEST(test_instance),
                TEST(test_perform),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
