/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints how many 4 KiB pages Xen has free, those that it still scrubs included. For bench/reserve. */
#include <inttypes.h>
#include <stdio.h>
#include <xenctrl.h>

int main(void)
{
        xc_interface *xen = xc_interface_open(NULL, NULL, 0);
        xc_physinfo_t info = { 0 };

        if (!xen || xc_physinfo(xen, &info) != 0) {
                (void)fprintf(stderr, "Xen cannot be asked.\n");
                return 1;
        }
        (void)printf("%" PRIu64 "\n", info.free_pages + info.scrub_pages);
        return 0;
}
