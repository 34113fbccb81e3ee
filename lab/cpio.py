# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives that a kernel unpacks into its first root file system."""

import os
import stat


class Archive:
    """A cpio archive in `newc` format (Linux:
    Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self, out):
        self.out, self.count, self.folders = out, 0, set()

    def member(self, path, mode, data=b"", device=(0, 0)):
        """Appends one member after the folders it lies in."""
        parent = os.path.dirname(path)
        if parent and parent not in self.folders:
            self.folders.add(parent)
            self.member(parent, stat.S_IFDIR | 0o755)
        self.count += 1
        name = path.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.out.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

    def root(self, programs, texts):
        """A console, and files: {path: file here} that can be run, {path: content} of others."""
        self.member("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        for path, data in texts.items():
            self.member(path, stat.S_IFREG | 0o644, data)
        for path, source in sorted(programs.items()):
            self.member(path, stat.S_IFREG | 0o755, source.read_bytes())

    def close(self):
        self.member("TRAILER!!!", 0)
