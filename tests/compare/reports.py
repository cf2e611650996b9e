"""The made-up report, and the raw samples that would have led to it."""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
COMPARE = HERE.parent.parent / "compare"
SAMPLE = json.loads((HERE / "sample-report.json").read_text())


def raw_samples(report):
    """As many samples of each figure as the report says it has, in the form of samples.jsonl."""
    for image in [*report["images"], *report.get("peers", [])]:
        common = {
            "at": report["at"],
            "host": report["host"]["name"],
            "engine": report["engine"],
            "image": image["name"],
            "image_id": image["image_id"],
            "flags": image["flags"],
        }
        for key, count in image["samples"].items():
            for _ in range(count):
                yield {**common, key: image[key]}
    for layer in report.get("layers", []):
        rest = {key: value for key, value in layer.items() if key != "image"}
        yield {"at": report["at"], "image": layer["image"], "image_id": "", "flags": "plain", "layer": rest}
    for transfer in [*report.get("transfers", []), *report.get("peer_transfers", [])]:
        # Those of loopback are the image's own.
        if transfer["mbit_s"] is not None and not transfer["computed"]:
            yield {
                "at": report["at"],
                "image": transfer["image"],
                "image_id": "",
                "flags": "plain",
                **{key: transfer[key] for key in ("mbit_s", "rtt_ms", "push_s", "pull_s")},
            }


def write(directory, report, samples=True):
    """Leaves report.json and, if asked for, samples.jsonl, as the comparison does."""
    (directory / "report.json").write_text(json.dumps(report))
    if samples:
        lines = (json.dumps(sample) + "\n" for sample in raw_samples(report))
        (directory / "samples.jsonl").write_text("".join(lines))
