/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A toolstack's program: fixed arguments, no shell, bounded in time and in what is read of it. */
#include "edge/actuator/toolstack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/actuator/pci.h"
#include "edge/cleanup.h"
#include "edge/clock.h"

#define ARGUMENTS_MAX 8
/* The answer has to be on its way before the worker is killed for its own deadline. */
#define MARGIN_MS 2000u
/* Where virsh finds what it is to read. */
#define DESCRIPTION_FD 3
#define DESCRIPTION_PATH "/proc/self/fd/3"
/* In the run folder: a byte of it is locked while something of a port's is given or taken back, at the port's SBDF. */
#define LOCK_FILE "toolstack.lock"
#define LOCK_POLL_MS 50

/* What is to be run. */
struct command {
        const char *program;
        const char *arguments[ARGUMENTS_MAX]; /* those behind the program's name, then NULL */
        char domid[8];
        char address[BASE_SBDF_TEXT_SIZE + 8]; /* as the toolstack spells it */
        int description;                       /* a file that it reads, or -1 */
};

/* It runs, or has ended. */
struct run {
        pid_t pid;
        int pidfd;
        int output; /* non-blocking */
        bool closed;
        char told[LIMIT_TOLD];
        size_t told_length;
};

static const char *const programs_usual[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin", NULL };

static char *const environment[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" },
                                     (char[]){ "HOME=/root" }, (char[]){ "LC_ALL=C" }, NULL };

/* libvirt's domain XML, "Host device assignment". Not managed: the driver was bound by us. */
static int description_make(uint32_t sbdf)
{
        int fd = memfd_create("sallyport-hostdev", MFD_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (dprintf(fd,
                    "<hostdev mode='subsystem' type='pci' managed='no'><source><address "
                    "domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/></source>"
                    "</hostdev>\n",
                    sbdf >> 16, sbdf >> 8 & 0xff, sbdf >> 3 & 0x1f, sbdf & 7) < 0) {
                (void)close(fd);
                return -EIO;
        }
        return fd;
}

/* Without -f libxl waits for the guest to let go (xl(1)); of what was pulled that takes minutes. */
static void command_xl(bool attach, bool forced, struct command *command)
{
        size_t count = 0;

        command->program = "xl";
        command->arguments[count++] = attach ? "pci-attach" : "pci-detach";
        if (forced)
                command->arguments[count++] = "-f";
        command->arguments[count++] = command->domid;
        command->arguments[count] = command->address;
}

static int command_virsh(bool attach, uint32_t sbdf, struct command *command)
{
        command->program = "virsh";
        command->arguments[0] = "-c";
        command->arguments[1] = "xen:///system";
        command->arguments[2] = attach ? "attach-device" : "detach-device";
        command->arguments[3] = command->domid;
        command->arguments[4] = DESCRIPTION_PATH;
        command->arguments[5] = "--live";
        command->description = description_make(sbdf);
        return command->description < 0 ? command->description : 0;
}

/* Qubes OS knows its machines by name, and a function of segment 0 as "BB_SS.F" (core-admin, ext/pci.py). */
static int command_qvm_pci(bool attach, const struct effect *effect, struct command *command)
{
        uint32_t sbdf = effect->function;
        char segment[8] = "";

        if (effect->guest[0] == '\0' || effect->guest[0] == '-')
                return -EINVAL;
        if (base_sbdf_segment(sbdf) != 0)
                (void)snprintf(segment, sizeof segment, "%04x_", sbdf >> 16);
        (void)snprintf(command->address, sizeof command->address, "dom0:%s%02x_%02x.%x", segment,
                       sbdf >> 8 & 0xff, sbdf >> 3 & 0x1f, sbdf & 7);
        command->program = "qvm-pci";
        command->arguments[0] = attach ? "attach" : "detach";
        command->arguments[1] = effect->guest;
        command->arguments[2] = command->address;
        return 0;
}

/* Fills the command; program NULL = there is nothing to run. 0, or a negative errno. */
static int command_make(const struct effect *effect, struct command *ret_command)
{
        bool attach = effect->kind == EFFECT_ATTACH;
        char name[BASE_SBDF_TEXT_SIZE];

        *ret_command = (struct command){ .description = -1 };
        (void)snprintf(ret_command->domid, sizeof ret_command->domid, "%u", effect->domid);
        (void)snprintf(ret_command->address, sizeof ret_command->address, "%s",
                       base_sbdf_format(effect->function, name));
        switch (effect->toolstack) {
        case TOOLSTACK_XL:
                command_xl(attach, effect->forced, ret_command);
                return 0;
        case TOOLSTACK_VIRSH:
                return command_virsh(attach, effect->function, ret_command);
        case TOOLSTACK_QVM_PCI:
                return command_qvm_pci(attach, effect, ret_command);
        case TOOLSTACK_NONE:
                return 0;
        case TOOLSTACK_MAX:
                break;
        }
        return -EINVAL;
}

/* The first program of this name that may be run. */
static int program_find(const struct actuator *actuator, const char *name, char *ret_path,
                        size_t size)
{
        const char *const *folder = actuator->programs ? actuator->programs : programs_usual;

        for (; *folder; folder++) {
                int length = snprintf(ret_path, size, "%s/%s", *folder, name);

                if (length > 0 && (size_t)length < size && access(ret_path, X_OK) == 0)
                        return 0;
        }
        return -ENOENT;
}

/* In the child. It leads a group of its own, and dies with the worker. */
__attribute__((noreturn)) static void program_exec(const struct command *command, const char *path,
                                                   int output, pid_t parent)
{
        const char *arguments[ARGUMENTS_MAX + 2] = { command->program };
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        char **vector = (char **)arguments; /* execve(2) changes none of them */

        memcpy(arguments + 1, command->arguments, sizeof command->arguments);
        if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(127);
        for (int i = 1; i < NSIG; i++) /* KILL, STOP and libc's own cannot be: nor need they */
                (void)signal(i, SIG_DFL);
        if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
            dup2(output, STDERR_FILENO) < 0)
                _exit(127);
        if (command->description == DESCRIPTION_FD)
                (void)fcntl(DESCRIPTION_FD, F_SETFD, 0);
        else if (command->description >= 0 && dup2(command->description, DESCRIPTION_FD) < 0)
                _exit(127);
        (void)execve(path, vector, environment);
        (void)dprintf(STDERR_FILENO, "%s: %s", path, strerror(errno));
        _exit(127);
}

static void run_end(struct run *run)
{
        if (run->output >= 0)
                (void)close(run->output);
        if (run->pidfd >= 0)
                (void)close(run->pidfd);
}

static int run_begin(const struct command *command, const char *path, struct run *ret_run)
{
        EDGE_CLEANUP_FD int output = -1;
        struct run run = { .pidfd = -1 };
        pid_t parent = getpid();
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        run.output = ends[0];
        output = ends[1];
        run.pid = fcntl(run.output, F_SETFL, O_NONBLOCK) < 0 ? -1 : fork();
        if (run.pid == 0)
                program_exec(command, path, output, parent);
        if (run.pid > 0) {
                (void)setpgid(run.pid, run.pid); /* whoever of the two comes first */
                run.pidfd = pidfd_open(run.pid, 0);
        }
        if (run.pidfd < 0) {
                int error = -errno;

                if (run.pid > 0 && kill(run.pid, SIGKILL) == 0)
                        (void)waitpid(run.pid, NULL, 0);
                run_end(&run);
                return error;
        }
        *ret_run = run;
        return 0;
}

/* Keeps the first words; a run of blanks, line feeds among them, is one blank. */
static void told_add(struct run *run, const char *bytes, size_t length)
{
        for (size_t i = 0; i < length && run->told_length < sizeof run->told - 1; i++) {
                bool blank = bytes[i] == ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r');

                if (blank && (run->told_length == 0 || run->told[run->told_length - 1] == ' '))
                        continue;
                if (blank)
                        run->told[run->told_length++] = ' ';
                else if (bytes[i] != '\0')
                        run->told[run->told_length++] = bytes[i];
        }
        run->told[run->told_length] = '\0';
}

/* What is there to be read; what there is no room for is read all the same, so that the program goes on. */
static void output_read(struct run *run)
{
        char bytes[2048];
        ssize_t got;

        /* Bounded, for what writes without end must not hide the deadline. */
        for (int i = 0; i < 32; i++) {
                got = read(run->output, bytes, sizeof bytes);
                if (got < 0)
                        return;
                if (got == 0) {
                        run->closed = true;
                        return;
                }
                told_add(run, bytes, (size_t)got);
        }
}

/* Until the program ends; what it started may live on and hold the pipe. True where it ended by itself. */
static bool run_wait(struct run *run, uint64_t until_ms)
{
        uint64_t now;

        while ((now = edge_clock_ms()) < until_ms) {
                struct pollfd ready[2] = { { .fd = run->pidfd, .events = POLLIN },
                                           { .fd = run->closed ? -1 : run->output,
                                             .events = POLLIN } };

                if (poll(ready, 2, (int)(until_ms - now)) <= 0)
                        continue;
                output_read(run);
                if (ready[0].revents)
                        return true;
        }
        return false;
}

/* Words for people: how it ended, and what it said. */
static void told_make(const struct run *run, const char *program, const char *how, int number,
                      char ret_told[static LIMIT_TOLD])
{
        struct base_text text = base_text_on(ret_told, LIMIT_TOLD);

        base_text_add(&text, program);
        base_text_add(&text, how);
        base_text_add_u64(&text, (uint64_t)number);
        if (run->told_length > 0)
                base_text_add(&text, ": ");
        base_text_add(&text, run->told);
}

/* Ends it where it has not ended, reaps it, and says what came of it. */
static int run_judge(struct run *run, bool ended, const char *program, uint32_t deadline_ms,
                     char ret_told[static LIMIT_TOLD])
{
        int status = 0;

        if (!ended) /* not reaped yet, so the group is still its own */
                (void)kill(-run->pid, SIGKILL);
        while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (!ended) {
                told_make(run, program,
                          " did not end and was killed after milliseconds: ", (int)deadline_ms,
                          ret_told);
                return -ETIMEDOUT;
        }
        if (WIFSIGNALED(status)) {
                told_make(run, program, " was killed by signal ", WTERMSIG(status), ret_told);
                return -EREMOTEIO;
        }
        if (WEXITSTATUS(status) == 0)
                return 0;
        told_make(run, program, " ended with status ", WEXITSTATUS(status), ret_told);
        return -EREMOTEIO;
}

/* How much of a deadline may be waited for. */
static uint32_t patience_ms(uint32_t deadline_ms)
{
        return deadline_ms - (deadline_ms / 4 < MARGIN_MS ? deadline_ms / 4 : MARGIN_MS);
}

static int command_run(const struct actuator *actuator, const struct command *command,
                       uint32_t deadline_ms, char ret_told[static LIMIT_TOLD])
{
        uint64_t until_ms = edge_clock_ms() + patience_ms(deadline_ms);
        char path[256];
        struct run run = { .output = -1, .pidfd = -1 };
        int error = program_find(actuator, command->program, path, sizeof path);
        bool ended;

        if (error) {
                (void)snprintf(ret_told, LIMIT_TOLD, "there is no program %s", command->program);
                return error;
        }
        error = run_begin(command, path, &run);
        if (error)
                return error;
        ended = run_wait(&run, until_ms);
        error = run_judge(&run, ended, command->program, patience_ms(deadline_ms), ret_told);
        run_end(&run);
        return error;
}

static struct flock lock_of(uint32_t port)
{
        return (struct flock){
                .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = port, .l_len = 1
        };
}

/* An open file description that holds the lock: the calling process's alone. Negative: an errno. */
static int lock_take(const struct actuator *actuator, uint32_t port)
{
        struct flock lock = lock_of(port);
        EDGE_CLEANUP_FD int fd =
                openat(actuator->run, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) < 0)
                return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
        return edge_cleanup_keep_fd(&fd);
}

/* Does nobody hold it, for certain? */
static bool lock_free(int fd, uint32_t port)
{
        struct flock lock = lock_of(port);

        return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

int actuator_toolstack_await(const struct actuator *actuator, const struct effect *effect)
{
        uint64_t until_ms = edge_clock_ms() + patience_ms(effect->deadline_ms);
        EDGE_CLEANUP_FD int fd = -1;

        if (actuator->run < 0)
                return 0;
        fd = openat(actuator->run, LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno; /* nothing was ever given since the boot */
        while (!lock_free(fd, effect->port)) {
                if (edge_clock_ms() >= until_ms)
                        return -EBUSY;
                (void)poll(NULL, 0, LOCK_POLL_MS);
        }
        return 0;
}

int actuator_toolstack_run(const struct actuator *actuator, const struct effect *effect,
                           char ret_told[static LIMIT_TOLD])
{
        EDGE_CLEANUP_FD int folder = -1, lock = -1;
        struct command command;
        int error;

        memset(ret_told, 0, LIMIT_TOLD);
        if (actuator->run >= 0) {
                lock = lock_take(actuator, effect->port);
                if (lock < 0)
                        return lock;
        }
        if (effect->forced)
                actuator_function_resets_forget(actuator, effect);
        if (effect->kind == EFFECT_ATTACH) {
                folder = actuator_function_open(actuator, effect);
                if (folder < 0)
                        return folder;
        }
        error = command_make(effect, &command);
        if (!error && command.program)
                error = command_run(actuator, &command, effect->deadline_ms, ret_told);
        if (command.description >= 0)
                (void)close(command.description);
        return error;
}
