"""
Handshakes with faults that are injected at random: bytes change, go missing or come twice, and
records are put before, between and after those of an honest client.

HANDSHAKES=10000 makes as many of them; SEED repeats a run.
"""

import contextlib
import os
import random
import socket
import ssl

import clients
import pytest
from clients import VERSIONS, RawClient, context

HANDSHAKES = int(os.environ.get("HANDSHAKES", "300"))
SEED = int(os.environ.get("SEED", str(random.randrange(2**32))))
HOLDS = ("-log", "off", "-read-header-timeout", "60s", "-idle-timeout", "60s")
OUTCOMES = {"served", "alert", "end"}


def records_of(data):
    found = []
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        found.append(data[:end])
        data = data[end:]
    return found


def flip(data, dice):
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]


def remove(data, dice):
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randint(1, 40) :]


def repeat(data, dice):
    at = dice.randrange(len(data))
    return data[:at] + data[at : at + dice.randint(1, 40)] + data[at:]


def repeat_a_record(data, dice):
    records = records_of(data)
    at = dice.randrange(len(records))
    return b"".join(records[: at + 1] + records[at:])


def leave_a_record_out(data, dice):
    records = records_of(data)
    del records[dice.randrange(len(records))]
    return b"".join(records)


def insert_a_record(data, dice):
    records = records_of(data)
    content = dice.choice([b"", b"\1", b"\1\0", b"\2\x28", b"\x18\0\0\1\1", dice.randbytes(60)])
    kind = bytes([dice.choice([20, 21, 22, 23, dice.randrange(256)])])
    head = kind + b"\3" + bytes([dice.choice([1, 3, 3, 4, 9])]) + len(content).to_bytes(2, "big")
    records.insert(dice.randint(0, len(records)), head + content)
    return b"".join(records)


def cut_into_fragments(data, dice):
    made, size = b"", dice.choice([1, 2, 3, 5, 100])
    for record in records_of(data):
        if record[0] != 22:
            made += record
            continue
        for at in range(5, len(record), size):
            piece = record[at : at + size]
            made += record[:3] + len(piece).to_bytes(2, "big") + piece
    return made


def truncate(data, dice):
    return data[: dice.randrange(len(data))]


FAULTS = [
    flip,
    remove,
    repeat,
    repeat_a_record,
    leave_a_record_out,
    insert_a_record,
    cut_into_fragments,
    truncate,
]


def send(client, data, stage, dice, faulty):
    """
    Sends a flight, with a fault if this is its stage. What follows a fault is not sent: the server
    may wait for bytes that went missing. Fragments are no fault.
    """
    if client.ended:
        return
    fault = dice.choice(FAULTS)
    if stage == faulty:
        data = fault(data, dice)
    client.send(data)
    if stage == faulty and fault is not cut_into_fragments:
        with contextlib.suppress(OSError):  # the server has closed already
            client.socket.shutdown(socket.SHUT_WR)
        client.ended = True


def shake_hands(port, number):
    """One client. Returns: how it ended."""
    dice = random.Random(SEED + number)
    faulty = dice.choice(["hello", "flight", "request"])
    with RawClient(port, context(dice.choice(VERSIONS))) as client:
        client.ended = False
        try:
            send(client, client.first_flight(), "hello", dice, faulty)
            send(client, client.second_flight(), "flight", dice, faulty)
            client.handshake_end()
            send(client, client.encrypt(clients.GET % b"/"), "request", dice, faulty)
            return "served" if b"howdy" in client.read_to_end() else "end"
        except ssl.SSLEOFError:
            return "end"
        except ssl.SSLError as error:
            return "alert" if "ALERT" in (error.reason or "") else "end"
        except ConnectionError:
            return "end"


@pytest.mark.long
def test_handshakes_with_faults(start, pki):
    server = start(*pki.pair(), *HOLDS)
    before = clients.descriptors(server)
    ends = dict.fromkeys(OUTCOMES, 0)
    print(f"SEED={SEED}")
    for number in range(HANDSHAKES):
        ends[shake_hands(server.port, number)] += 1
    print(ends)
    assert all(ends.values()), ends
    clients.wait_until(lambda: clients.descriptors(server) <= before)
    assert server.ask("/").status == 200
