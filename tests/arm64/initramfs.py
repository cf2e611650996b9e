"""Writes an initramfs: an archive in cpio's format "newc" (cpio(5))."""

import os
import pathlib
import stat


class Archive:
    """Owner and group of everything are root; times are 0."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.number = 0

    def _add(self, name, mode, data=b""):
        self.number += 1
        name = name.encode() + b"\0"
        fields = [self.number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        self.file.write(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))

    def add(self, source, name):
        """A file, or a directory with all that is in it."""
        mode = source.lstat().st_mode
        if stat.S_ISLNK(mode):
            self._add(name, mode, os.readlink(source).encode())
        elif stat.S_ISDIR(mode):
            if name:
                self._add(name, mode)
            for child in sorted(source.iterdir()):
                self.add(child, f"{name}/{child.name}".lstrip("/"))
        else:
            self._add(name, mode, source.read_bytes())

    def add_directory(self, name):
        for parent in reversed(pathlib.PurePath(name).parents):
            if str(parent) != ".":
                self._add(str(parent), stat.S_IFDIR | 0o755)
        self._add(name, stat.S_IFDIR | 0o755)

    def close(self):
        self._add("TRAILER!!!", 0)
        self.file.close()
