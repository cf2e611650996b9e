"""SIGHUP: another pair for the connections to come, and nothing lost on the way."""

import os
import re
import shutil
import signal
import ssl

import clients
import pytest
from clients import Busy, context


class Volume:
    """Two files, swapped as a person does it or as Kubernetes does: a link of directories."""

    def __init__(self, directory, pki, linked=False):
        self.directory, self.pki, self.linked, self.count = directory, pki, linked, 0
        if linked:
            for name in ("tls.crt", "tls.key"):
                (directory / name).symlink_to(f"..data/{name}")

    def put(self, cert, key):
        if not self.linked:
            shutil.copy(self.pki.path(f"{cert}.pem"), self.directory / "tls.crt")
            shutil.copy(self.pki.path(f"{key}.key"), self.directory / "tls.key")
            return
        self.count += 1
        fresh = self.directory / f"..2026_11_{self.count}"
        fresh.mkdir()
        shutil.copy(self.pki.path(f"{cert}.pem"), fresh / "tls.crt")
        shutil.copy(self.pki.path(f"{key}.key"), fresh / "tls.key")
        old = os.path.realpath(self.directory / "..data")
        (self.directory / "..data_tmp").symlink_to(fresh.name)
        os.rename(self.directory / "..data_tmp", self.directory / "..data")
        if self.count > 1:
            shutil.rmtree(old)

    def flags(self):
        return ("-tls-cert", self.directory / "tls.crt", "-tls-key", self.directory / "tls.key")


@pytest.fixture(params=[False, True], ids=["files", "links"])
def volume(request, tmp_path, pki):
    made = Volume(tmp_path, pki, linked=request.param)
    made.put("p256.chain", "p256")
    return made


def served(server):
    """Returns: the certificate that a new connection sees, as a PEM's bytes."""
    with server.connect(context=context()) as connection:
        assert connection.ask("/").status == 200
        der = connection.socket.getpeercert(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(der).split()


def first_of(pki, name):
    return pki.path(f"{name}.pem").read_text().split()


def reload(server, count, pattern="Certificate and key reloaded"):
    server.send_signal(signal.SIGHUP)
    return server.log_lines(pattern, count)


def test_new_connections_get_the_new_pair(start, pki, volume):
    server = start(*volume.flags())
    assert served(server) == first_of(pki, "p256")
    with server.connect(context=context()) as old:
        old.ask("/")
        for count, name in enumerate(("rsa2048", "p384", "second"), 1):
            volume.put(name, name)
            reload(server, count)
            assert served(server) == first_of(pki, name)
        assert old.ask("/").status == 200, "what is open lives on"


def test_a_bad_pair_leaves_the_old_one(start, pki, volume):
    server = start(*volume.flags())
    bad = [("p256.chain", "second"), ("ed25519", "ed25519"), ("rsa1024", "rsa1024")]
    for count, (cert, key) in enumerate(bad, 1):
        volume.put(cert, key)
        reload(server, count, "The certificate is unchanged")
        assert served(server) == first_of(pki, "p256")
    os.remove(os.path.realpath(volume.directory / "tls.key"))
    reload(server, 4, "The certificate is unchanged")
    assert served(server) == first_of(pki, "p256")
    assert len(re.findall("^hello: -tls-", server.log(), re.M)) == 4, "one line each"


def test_a_warning_after_a_reload(start, pki, volume):
    server = start(*volume.flags())
    volume.put("expired", "expired")
    reload(server, 1, "Warning: the certificate has expired")
    assert served(server) == first_of(pki, "expired")


def test_a_reload_of_the_self_signed_one_is_a_new_one(start):
    server = start()
    before = served(server)
    reload(server, 1)
    assert served(server) != before
    assert len(set(re.findall("SHA-256 (\\S+)", server.log()))) == 2


def test_nothing_is_lost_under_load(start, volume):
    server = start(*volume.flags(), "-log", "text", "-read-header-timeout", "60s")
    kept = [Busy(server.port) for _ in range(32)]
    clients.wait_until(lambda: all(c.completed or c.lost for c in kept))
    before, handshakes = clients.descriptors(server), 0
    for count in range(1, 21):
        volume.put(*(("p256.chain", "p256"), ("rsa2048", "rsa2048"))[count % 2])
        server.send_signal(signal.SIGHUP)
        for _ in range(3):  # while it reloads
            assert server.ask("/").status == 200
            handshakes += 1
        server.log_lines("Certificate and key reloaded", count)
    marks = [c.completed for c in kept]
    clients.wait_until(lambda: all(c.lost or c.completed > m for c, m in zip(kept, marks)))
    for client in kept:
        client.enough.set()
    for client in kept:
        client.join(clients.DEADLINE_S)
    assert [client.lost for client in kept if client.lost] == []
    assert not any(client.is_alive() for client in kept)
    assert handshakes == 60
    clients.wait_until(lambda: clients.descriptors(server) <= before - 32)


def test_reloads_do_not_grow(start, pki):
    """Tickets, keys and settings are freed when no connection uses them."""
    server = start(*pki.pair("rsa2048.chain"), "-log", "off")

    def reload_often(times):
        for _ in range(times):
            served(server)
            server.send_signal(signal.SIGHUP)
            served(server)

    reload_often(30)
    before = clients.resident_kib(server)
    reload_often(100)
    grown = clients.resident_kib(server) - before
    # AddressSanitizer keeps what was freed for a while; it looks for leaks itself at the end.
    assert grown < (256 if server.flavour == "release" else 65536)
