"""initramfs.py writes what the kernel reads."""

import initramfs


def read(data):
    """(name, mode, bytes) of each member, as cpio(5) describes them."""
    members, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701" and at % 4 == 0
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        start = (at + 110 + name_size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return members
        members.append((name, fields[1], data[start : start + size]))
        at = (start + size + 3) // 4 * 4


def test_what_is_written_is_read_back(tmp_path):
    source = tmp_path / "source"
    (source / "directory").mkdir(parents=True)
    (source / "directory/file").write_bytes(b"odd")
    (source / "directory/file").chmod(0o755)
    (source / "link").symlink_to("directory/file")
    archive = initramfs.Archive(tmp_path / "initramfs")
    archive.add_directory("a/b")
    archive.add(source, "")
    archive.close()
    assert read((tmp_path / "initramfs").read_bytes()) == [
        ("a", 0o40755, b""),
        ("a/b", 0o40755, b""),
        ("directory", source.joinpath("directory").stat().st_mode, b""),
        ("directory/file", 0o100755, b"odd"),
        ("link", 0o120777, b"directory/file"),
    ]
