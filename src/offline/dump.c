/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of a dump to functions and tables. */
#include "offline/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"

/* `lspci -xxxx` prints 54 characters per 16 bytes: more than 4096 functions do not come near. */
#define FILE_SIZE_MAX ((off_t)128 << 20)

struct reading {
        struct offline_dump *dump;
        struct source_diagnosis *diagnosis;
        const char *path;
        uint32_t line;
        struct offline_function *function; /* that the lines are about, or NULL */
        bool ignored;                      /* ... one that cannot be addressed */
        struct offline_table *table;       /* likewise */
};

static int reject(struct reading *reading, uint32_t column, const char *expected)
{
        (void)snprintf(reading->diagnosis->text, sizeof reading->diagnosis->text,
                       "%s:%u:%u: not understood, expected %s", reading->path, reading->line,
                       column, expected);
        return -EINVAL;
}

/* Room for one more element, twice as much each time. */
static void *grow(void *elements, size_t count, size_t size)
{
        if (count & (count - 1))
                return elements;
        return reallocarray(elements, count > 0 ? 2 * count : 1, size);
}

static int function_begin(struct reading *reading, uint32_t sbdf)
{
        struct offline_dump *dump = reading->dump;
        struct offline_function *grown;

        reading->table = NULL;
        reading->function = NULL;
        reading->ignored = sbdf == BASE_SBDF_NONE;
        if (reading->ignored)
                return 0;
        for (size_t i = 0; i < dump->count; i++)
                if (dump->functions[i].sbdf == sbdf)
                        return reject(reading, 1, "each function once");
        if (dump->count == OFFLINE_FUNCTIONS_MAX)
                return reject(reading, 1, "at most 4096 functions");
        grown = grow(dump->functions, dump->count, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        dump->functions = grown;
        reading->function = &grown[dump->count++];
        memset(reading->function, 0, sizeof *reading->function);
        reading->function->sbdf = sbdf;
        return 0;
}

static int config_add(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_function *function = reading->function;

        if (reading->ignored)
                return 0;
        if (!function)
                return reject(reading, 1, "the address of a function before its bytes");
        if (line->offset != function->length)
                return reject(reading, 1, "the offset that follows the line before");
        memcpy(function->config + line->offset, line->bytes, line->count);
        function->length += line->count;
        return 0;
}

static int table_begin(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_dump *dump = reading->dump;
        struct offline_table *grown;

        reading->function = NULL;
        reading->ignored = false;
        if (dump->table_count == OFFLINE_TABLES_MAX)
                return reject(reading, 1, "at most 256 ACPI tables");
        grown = grow(dump->tables, dump->table_count, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        dump->tables = grown;
        reading->table = &grown[dump->table_count++];
        memset(reading->table, 0, sizeof *reading->table);
        memcpy(reading->table->signature, line->signature, sizeof line->signature);
        return 0;
}

static int table_add(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_table *table = reading->table;

        if (!table)
                return 0;
        if (line->offset != table->length)
                return reject(reading, 1, "the offset that follows the line before");
        if (table->length + line->count > OFFLINE_TABLE_SIZE_MAX)
                return reject(reading, 1, "a table of at most 4 MiB");
        for (uint32_t i = 0; i < line->count; i++) {
                uint8_t *grown = grow(table->bytes, table->length, 1);

                if (!grown)
                        return -ENOMEM;
                table->bytes = grown;
                table->bytes[table->length++] = line->bytes[i];
        }
        return 0;
}

static int text_set(struct reading *reading, const struct event_dump_line *line, char *ret_text,
                    size_t size)
{
        uint32_t column = (uint32_t)strlen(event_dump_key(line->fact)) + 3;

        return base_text_copy(line->value, line->length, ret_text, size)
                       ? 0
                       : reject(reading, column, "a shorter value");
}

static int path_set(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_function *function = reading->function;
        struct event_place place;

        if (!event_place_parse(line->value, line->length, &place) || place.truncated ||
            place.sbdf != function->sbdf)
                return reject(reading, sizeof "@path ", "the device path of this function");
        function->place = place;
        return text_set(reading, line, function->path, sizeof function->path);
}

static int function_fact(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_function *function = reading->function;
        enum event_fact yes = line->value[0] == '1' ? FACT_YES : FACT_NO;

        switch (line->fact) {
        case DUMP_PATH:
                return path_set(reading, line);
        case DUMP_KERNEL_ID:
                function->identified = true;
                function->vendor = line->vendor;
                function->device = line->device;
                function->class = line->class;
                return 0;
        case DUMP_FIRMWARE:
                return text_set(reading, line, function->firmware, sizeof function->firmware);
        case DUMP_DRIVER:
                return text_set(reading, line, function->driver, sizeof function->driver);
        case DUMP_OVERRIDE:
                return text_set(reading, line, function->override, sizeof function->override);
        case DUMP_REMOVABLE:
                return text_set(reading, line, function->removable, sizeof function->removable);
        case DUMP_POWER:
                return text_set(reading, line, function->power, sizeof function->power);
        case DUMP_BOOT_VGA:
                function->boot_vga = yes;
                return 0;
        case DUMP_PCIEHP:
                function->pciehp = yes;
                return 0;
        case DUMP_USE:
                function->uses |= EVENT_USE_BIT(line->use);
                return 0;
        case DUMP_VERSION:
        case DUMP_KERNEL:
        case DUMP_XEN:
        case DUMP_USES:
        case DUMP_FACT_MAX:
                break;
        }
        return 0;
}

static int fact_add(struct reading *reading, const struct event_dump_line *line)
{
        struct offline_dump *dump = reading->dump;

        if (line->fact == DUMP_VERSION) {
                dump->facts = true;
                return 0;
        }
        if (!dump->facts)
                return reject(reading, 1, "\"@sallyport-dump 1\" before other lines with '@'");
        if (line->fact == DUMP_KERNEL)
                return text_set(reading, line, dump->kernel, sizeof dump->kernel);
        if (line->fact == DUMP_XEN)
                return text_set(reading, line, dump->xen, sizeof dump->xen);
        if (line->fact == DUMP_USES) {
                dump->uses = base_text_is(line->value, line->length, "complete");
                return 0;
        }
        if (reading->ignored)
                return 0;
        if (!reading->function)
                return reject(reading, 1, "the address of a function before this");
        return function_fact(reading, line);
}

static int line_add(struct reading *reading, const char *text, size_t length)
{
        struct event_dump_line line;

        event_dump_parse(text, length, &line);
        switch (line.kind) {
        case DUMP_SKIPPED:
                return 0;
        case DUMP_FUNCTION:
                return function_begin(reading, line.sbdf);
        case DUMP_CONFIG:
                return config_add(reading, &line);
        case DUMP_TABLE:
                return table_begin(reading, &line);
        case DUMP_ACPI:
                return table_add(reading, &line);
        case DUMP_FACT:
                return fact_add(reading, &line);
        case DUMP_BAD:
                break;
        }
        return reject(reading, line.column, line.expected);
}

static int lines_read(struct reading *reading, FILE *file)
{
        char *text = NULL;
        size_t size = 0;
        ssize_t length;
        int error = 0;

        while (error == 0 && (length = getline(&text, &size, file)) >= 0) {
                reading->line++;
                if (length > 0 && text[length - 1] == '\n')
                        length--;
                error = line_add(reading, text, (size_t)length);
        }
        if (error == 0 && ferror(file))
                error = -EIO;
        free(text);
        return error;
}

static int function_compare(const void *a, const void *b)
{
        const struct offline_function *x = a, *y = b;

        return (x->sbdf > y->sbdf) - (x->sbdf < y->sbdf);
}

const struct offline_function *offline_dump_find(const struct offline_dump *dump, uint32_t sbdf)
{
        struct offline_function key; /* only its address is looked at */

        key.sbdf = sbdf;
        return dump->count == 0 ? NULL
                                : bsearch(&key, dump->functions, dump->count,
                                          sizeof *dump->functions, function_compare);
}

/* What `lspci -x` prints without root, or with one x only, has no capabilities: no port could be told from a bridge. */
static int contents_check(struct reading *reading)
{
        struct offline_dump *dump = reading->dump;
        bool cut = false;

        for (size_t i = 0; i < dump->count; i++) {
                const struct offline_function *function = &dump->functions[i];

                cut = cut || (function->length <= 64 && function->length > 14 &&
                              (function->config[14] & 0x7f) == 1);
        }
        reading->line++;
        if (dump->count == 0)
                return reject(reading, 1, "functions as `lspci -xxxx` prints them");
        if (cut)
                return reject(reading, 1,
                              "more than 64 bytes of each bridge: ports are recognised by their "
                              "capabilities. Run `lspci -xxxx` as root");
        return 0;
}

static int file_read(struct reading *reading)
{
        /* O_NONBLOCK: a FIFO must not keep anybody waiting. */
        int error = 0, fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat status;
        FILE *file;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0)
                error = -errno;
        else if (!S_ISREG(status.st_mode))
                error = S_ISDIR(status.st_mode) ? -EISDIR : -ENOTSUP;
        else if (status.st_size > FILE_SIZE_MAX)
                error = -EFBIG;
        file = error ? NULL : fdopen(fd, "r");
        if (!file) {
                error = error ? error : -errno;
                (void)close(fd);
                return error;
        }
        error = lines_read(reading, file);
        (void)fclose(file);
        return error ? error : contents_check(reading);
}

int offline_dump_read(const char *path, struct offline_dump *ret_dump,
                      struct source_diagnosis *ret_diagnosis)
{
        struct offline_dump dump = { 0 };
        struct reading reading = { .dump = &dump, .diagnosis = ret_diagnosis, .path = path };
        int error;

        ret_diagnosis->text[0] = '\0';
        error = file_read(&reading);
        if (error) {
                offline_dump_free(&dump);
                if (!ret_diagnosis->text[0])
                        (void)snprintf(
                                ret_diagnosis->text, sizeof ret_diagnosis->text,
                                "%s: cannot be read (%s), expected a file of at most 128 MiB", path,
                                strerror(-error));
                return error;
        }
        if (dump.count > 0)
                qsort(dump.functions, dump.count, sizeof *dump.functions, function_compare);
        *ret_dump = dump;
        return 0;
}

void offline_dump_free(struct offline_dump *dump)
{
        for (size_t i = 0; i < dump->table_count; i++)
                free(dump->tables[i].bytes);
        free(dump->tables);
        free(dump->functions);
        *dump = (struct offline_dump){ 0 };
}
