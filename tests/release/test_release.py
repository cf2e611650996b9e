"""make release: what it refuses, what it leaves, and what release/verify notices."""

import base64
import hashlib
import json
import os
import re
import tarfile

import jsonschema
import oci
import pytest
from making import EPOCH, ROOT, TAGS, VERSION, git, make_repository, run

PROVENANCE = f"hello-{VERSION}.provenance.json"


def verify(directory, site, *more, key=None):
    return run(ROOT / "release/verify", directory, key or site.key, *more, check=False)


# ---- what it refuses -------------------------------------------------------------------------


def refused(site, repository, **environment):
    done = site.build(repository, out=site.directory / "refused", check=False, **environment)
    assert done.returncode == 1
    assert not (site.directory / "refused").exists()
    return done.stderr


@pytest.fixture
def clone(site, tmp_path):
    run("git", "clone", "-q", site.repository, tmp_path / "clone")
    return tmp_path / "clone"


def test_a_dirty_tree_is_refused(site, clone):
    (clone / "src/main.c").write_text("int main;\n")
    (clone / "new").write_text("")
    assert "refused: the tree has changes that are not committed: src/main.c new" in refused(site, clone)


def test_a_version_without_a_changelog_section_is_refused(site, clone):
    path = clone / "CHANGELOG.md"
    path.write_text(path.read_text().replace(f"## [{VERSION}]", "## [0.0.1]"))
    git(clone, "commit", "-qam", "No section")
    git(clone, "tag", "-f", f"v{VERSION}")
    assert refused(site, clone) == f'release: refused: CHANGELOG.md has no section "## [{VERSION}]"\n'


def test_a_missing_tag_is_refused(site, clone):
    git(clone, "tag", "-d", f"v{VERSION}")
    assert refused(site, clone) == f"release: refused: the tag v{VERSION} is missing\n"


def test_a_tag_at_another_commit_is_refused(site, clone):
    git(clone, "commit", "-q", "--allow-empty", "-m", "Later")
    assert f"refused: the tag v{VERSION} is at" in refused(site, clone)


def test_a_version_that_is_not_semantic_is_refused(site, clone):
    path = clone / "Makefile"
    path.write_text(path.read_text().replace(f"VERSION := {VERSION}", "VERSION := 01.2"))
    git(clone, "commit", "-qam", "Version")
    assert 'refused: the Makefile\'s VERSION, "01.2", is no semantic version' in refused(site, clone)


def test_without_a_key_it_is_refused(site, clone):
    assert "refused: COSIGN_KEY names no private key" in refused(site, clone, COSIGN_KEY="")
    assert "the private key /nonexistent can't be read" in refused(site, clone, COSIGN_KEY="/nonexistent")


def test_another_toolchain_is_refused(site, clone):
    lock = clone / "release/toolchain.lock"
    lock.write_text(re.sub(r"^(cpp-\S+)  .*", r"\1  0.1", lock.read_text(), flags=re.M))
    git(clone, "commit", "-qam", "Lock")
    git(clone, "tag", "-f", f"v{VERSION}")
    said = refused(site, clone, BINARIES="")
    assert "toolchain: cpp-" in said and "is pinned" in said
    assert "refused: another toolchain gives other bytes" in said


# ---- what it leaves --------------------------------------------------------------------------


def sums(directory):
    return {name: digest for digest, name in (line.split("  ") for line in (directory / "SHA256SUMS").read_text().splitlines())}


@pytest.mark.long
def test_everything_is_there(release):
    names = [f"hello-{VERSION}.tar.gz", PROVENANCE, "images.json"]
    names += [f"hello{kind}-linux-{architecture}" for kind in ("", "-minimal") for architecture in oci.PLATFORMS]
    names += [f"hello-{tag}.{form}.json" for tag in TAGS for form in ("cdx", "spdx")]
    names += ["NOTICE", next(line.split()[2] for line in (ROOT / "deps/deps.lock").read_text().splitlines() if line.startswith("libmicrohttpd "))]
    assert sorted(sums(release)) == sorted(names)
    for name, digest in sums(release).items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest
    assert sorted(oci.Layout(release / "oci").tags()) == sorted(TAGS)
    images = json.loads((release / "images.json").read_text())["images"]
    assert {image["tag"]: image["digest"] for image in images} == oci.Layout(release / "oci").tags()


def test_licences_and_sources_lie_beside_each_image(release):
    """Who pulls an image finds what the LGPL's section 6 asks for in the same place."""
    layout = oci.Layout(release / "oci")
    files = sums(release)
    for image in json.loads((release / "images.json").read_text())["images"]:
        manifest = layout.json(image["notice"])
        assert manifest["subject"]["digest"] == image["digest"]
        beside = {layer["annotations"]["org.opencontainers.image.title"]: layer["digest"] for layer in manifest["layers"]}
        names = ["NOTICE", f"hello-{VERSION}.tar.gz", next(name for name in files if name.startswith("libmicrohttpd-"))]
        assert beside == {name: f"sha256:{files[name]}" for name in names}
        for digest in beside.values():
            assert layout.blob(digest).exists()


def test_the_source_archive_is_the_commit(release, site, tmp_path):
    with tarfile.open(release / f"hello-{VERSION}.tar.gz") as archive:
        members = archive.getmembers()
        assert {member.mtime for member in members} == {EPOCH}
        revision = archive.extractfile(f"hello-{VERSION}/src/revision").read().decode()
    commit = git(site.repository, "rev-parse", "HEAD")
    assert revision == f"{commit} {EPOCH}\n"
    tracked = git(site.repository, "ls-files").splitlines()
    assert {m.name for m in members if not m.isdir()} == {f"hello-{VERSION}/{name}" for name in tracked}


def test_the_notice_has_every_licence(release):
    notice = (release / "NOTICE").read_text()
    for text in (
        (ROOT / "LICENSE").read_text(), "GNU LESSER GENERAL PUBLIC LICENSE", "Apache License\n", "Rich Felker", "Copyright Amazon.com",
        f"hello-{VERSION}.tar.gz", "section 6",
    ):  # fmt: skip
        assert text in notice, text
    inside = {"hello", "musl", "libmicrohttpd", "mbedtls"}
    told = json.loads(run(ROOT / "build/release/hello", "version", "-json").stdout)
    assert inside == set(told) - {"commit", "compiler", "binutils"}, "a new library needs its section in release/notice"


def test_no_path_of_this_machine_is_inside(release, site):
    for path in release.rglob("*"):
        if path.is_file():
            assert str(site.directory).encode() not in path.read_bytes(), path
            assert str(ROOT).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("tag", TAGS)
def test_cyclonedx(release, tag):
    document = json.loads((release / f"hello-{tag}.cdx.json").read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    digest = oci.Layout(release / "oci").tags()[tag].removeprefix("sha256:")
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    components = {component["bom-ref"]: component for component in document["components"]}
    assert len(components) == len(document["components"])
    known = {"image", *components}
    assert {ref for entry in document["dependencies"] for ref in (entry["ref"], *entry.get("dependsOn", []))} <= known
    pins = dict(line.split()[::3][:2] for line in (ROOT / "deps/deps.lock").read_text().splitlines() if line[0] not in "#")
    libraries = {name for name, component in components.items() if component["type"] == "library"}
    assert libraries == (set(pins) if not tag.endswith("-minimal") else {"musl", "libmicrohttpd"})
    for name in libraries:
        component = components[name]
        assert component["hashes"][0]["content"] == pins[name]
        assert component["purl"].startswith(f"pkg:generic/{name}@") and component["cpe"].startswith("cpe:2.3:a:")
        patches = [f"deps/patches/{name}/{patch.name}" for patch in sorted((ROOT / "deps/patches" / name).glob("*.patch"))]
        assert [patch["diff"]["url"] for patch in component.get("pedigree", {}).get("patches", [])] == patches
    for architecture in oci.PLATFORMS:
        files = {path: data for path, (entry, data) in oci.Layout(release / "oci").files(tag, architecture).items() if entry.isfile()}
        listed = {
            component["name"]: component["hashes"][1]["content"]
            for ref, component in components.items() if ref.startswith(f"linux/{architecture}/")
        }  # fmt: skip
        assert listed == {f"/{path}": hashlib.sha256(data).hexdigest() for path, data in files.items()}


def all_files(layout, tag):
    """The bytes of each file of both platforms."""
    return [data for architecture in oci.PLATFORMS for entry, data in layout.files(tag, architecture).values() if entry.isfile()]


@pytest.mark.parametrize("tag", TAGS)
def test_spdx(release, tag):
    document = json.loads((release / f"hello-{tag}.spdx.json").read_text())
    assert (document["spdxVersion"], document["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    identifiers = [element["SPDXID"] for key in ("packages", "files") for element in document[key]] + ["SPDXRef-DOCUMENT"]
    assert len(set(identifiers)) == len(identifiers)
    for relation in document["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(identifiers)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", identifier) for identifier in identifiers)
    layout = oci.Layout(release / "oci")
    for element in document["files"]:
        _, _, architecture, path = element["fileName"].split("/", 3)
        data = layout.files(tag, architecture)[path][1]
        sums_of = {entry["algorithm"]: entry["checksumValue"] for entry in element["checksums"]}
        assert sums_of == {"SHA1": hashlib.sha1(data).hexdigest(), "SHA256": hashlib.sha256(data).hexdigest()}
    # 7.9: the sum of the files' sums.
    code = hashlib.sha1("".join(sorted(hashlib.sha1(data).hexdigest() for data in all_files(layout, tag))).encode()).hexdigest()
    assert document["packages"][0]["packageVerificationCode"] == {"packageVerificationCodeValue": code}
    for package in document["packages"]:
        assert any(reference["referenceType"] == "purl" for reference in package["externalRefs"]), package["name"]


def test_the_two_lists_agree(release):
    for tag in TAGS:
        cyclonedx = json.loads((release / f"hello-{tag}.cdx.json").read_text())
        spdx = json.loads((release / f"hello-{tag}.spdx.json").read_text())
        libraries = {(c["name"], c["version"], c["purl"]) for c in cyclonedx["components"] if c["type"] == "library"}
        purl = {p["name"]: [r["referenceLocator"] for r in p["externalRefs"] if r["referenceType"] == "purl"][0] for p in spdx["packages"]}
        assert libraries == {
            (p["name"], p["versionInfo"], purl[p["name"]]) for p in spdx["packages"] if p["primaryPackagePurpose"] == "LIBRARY"
        }


VALIDATORS = ROOT / "build/tools/sbom"
validators = pytest.mark.skipif(not (VALIDATORS / "spdx_tools").is_dir(), reason="the SBOM formats' validators are missing: ci/setup test")


def faults_of_cyclonedx(document):
    """What CycloneDX's JSON schema has against a document."""
    schemas = {
        f"http://cyclonedx.org/schema/{path.name}": json.loads(path.read_text())
        for path in (VALIDATORS / "cyclonedx/schema/_res").glob("*.SNAPSHOT.schema.json")
    }
    schema = schemas["http://cyclonedx.org/schema/bom-1.6.SNAPSHOT.schema.json"]
    resolver = jsonschema.RefResolver("http://cyclonedx.org/schema/", schema, store=schemas)
    checker = jsonschema.Draft7Validator(schema, resolver=resolver, format_checker=jsonschema.draft7_format_checker)
    return [error.message for error in checker.iter_errors(document)]


def faults_of_spdx(document, directory):
    """What SPDX' own validator has against a document; it also knows what the schema can't say, such as identifiers that lead nowhere."""
    path = directory / "document.spdx.json"
    path.write_text(json.dumps(document))
    environment = {**os.environ, "PYTHONPATH": str(VALIDATORS)}
    done = run("/usr/bin/python3", "-m", "spdx_tools.spdx.clitools.pyspdxtools", "-i", path, check=False, env=environment)
    assert (done.returncode == 0) == (done.stdout + done.stderr == ""), done.stdout + done.stderr
    return done.stdout + done.stderr


@validators
@pytest.mark.parametrize("tag", TAGS)
def test_sboms_are_valid(release, tag, tmp_path):
    assert faults_of_cyclonedx(json.loads((release / f"hello-{tag}.cdx.json").read_text())) == []
    assert faults_of_spdx(json.loads((release / f"hello-{tag}.spdx.json").read_text()), tmp_path) == ""


BROKEN = {
    "CycloneDX without a version": lambda d: d.pop("specVersion"),
    "CycloneDX with an unknown licence": lambda d: d["components"][0].update(licenses=[{"license": {"id": "MITT"}}]),
    "CycloneDX with a short sum": lambda d: d["components"][1]["hashes"][0].update(content="abc"),
    "CycloneDX with an unknown kind of component": lambda d: d["components"][1].update(type="archive"),
    "SPDX without a namespace": lambda d: d.pop("documentNamespace"),
    "SPDX with a relation to nothing": lambda d: d["relationships"][0].update(relatedSpdxElement="SPDXRef-nothing"),
    "SPDX with an unknown licence": lambda d: d["packages"][1].update(licenseDeclared="MITT"),
    "SPDX with a broken CPE": lambda d: d["packages"][2]["externalRefs"][0].update(referenceLocator="cpe:musl"),
}


@validators
@pytest.mark.parametrize("name", BROKEN)
def test_validators_find_what_is_wrong(release, name, tmp_path):
    """So an empty list of faults says something."""
    form, faults = ("cdx", faults_of_cyclonedx) if name.startswith("CycloneDX") else ("spdx", lambda d: faults_of_spdx(d, tmp_path))
    document = json.loads((release / f"hello-{VERSION}.{form}.json").read_text())
    BROKEN[name](document)
    assert faults(document)


def test_provenance(release, site):
    statement = json.loads((release / PROVENANCE).read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    images = {f"hello:{tag}": digest.removeprefix("sha256:") for tag, digest in oci.Layout(release / "oci").tags().items()}
    assert subjects == {name: digest for name, digest in sums(release).items() if name != PROVENANCE} | images
    definition = statement["predicate"]["buildDefinition"]
    commit = git(site.repository, "rev-parse", "HEAD")
    assert definition["externalParameters"]["revision"] == commit
    materials = definition["resolvedDependencies"]
    assert materials[0] == {"uri": f"git+https://example.org/hello@{commit}", "digest": {"gitCommit": commit}}
    found = {material["digest"]["sha256"] for material in materials if "sha256" in material.get("digest", {})}
    pins = {line.split()[3] for line in (ROOT / "deps/deps.lock").read_text().splitlines() if line[0] not in "#"}
    assert found == pins | {site.base.tags()["3"].removeprefix("sha256:")}
    assert set(statement["predicate"]["runDetails"]) == {"builder"}, "a time or a number would differ each time"


@pytest.mark.long
def test_again_elsewhere_and_later_gives_the_same_sums(release, site, tmp_path):
    repository = make_repository(tmp_path / "another-directory-with-a-longer-name" / "repository")
    out = tmp_path / "out"
    site.build(repository, out=out, before=["faketime", "-f", "@2041-05-06 07:08:09"], umask=0o077, LC_ALL="C.UTF-8", TZ="Asia/Kathmandu")
    assert (out / "SHA256SUMS").read_text() == (release / "SHA256SUMS").read_text()
    assert verify(out, site).returncode == 0


# ---- what release/verify notices ---------------------------------------------------------------


def test_a_good_release_is_verified(release, site):
    done = verify(release, site)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert all(line.startswith("verified: ") for line in lines)
    assert lines[0] == "verified: SHA256SUMS is signed by the key"
    for tag, digest in oci.Layout(release / "oci").tags().items():
        line = next(line for line in lines if line.startswith(f"verified: image {tag} is {digest}"))
        manifest = oci.Layout(release / "oci").image(tag, "amd64")[0]
        pulled = manifest["config"]["size"] + sum(layer["size"] for layer in manifest["layers"])
        assert f"linux/amd64 {pulled}" in line
        attached = int(re.search(r"(\d+) bytes of signature", line)[1])
        assert attached > 4000, "it counts what is attached"


def spoil(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def is_refused(twin, site, *named, **options):
    done = verify(twin, site, **options)
    assert done.returncode == 1
    for text in named:
        assert text in done.stderr, done.stderr
    assert "is NOT the release" in done.stderr


def test_another_key(twin, site, tmp_path):
    run("cosign", "generate-key-pair", "--output-key-prefix", tmp_path / "other")
    is_refused(twin, site, "SHA256SUMS is not signed by this key", key=tmp_path / "other.pub")


@pytest.mark.parametrize("name", ["hello-linux-arm64", f"hello-{VERSION}.tar.gz", f"hello-{VERSION}.cdx.json", PROVENANCE])
def test_a_flipped_bit(twin, site, name):
    spoil(twin / name)
    is_refused(twin, site, f"verify: {name} has not the bytes of the release")


def test_sums_that_fit_the_spoiled_file(twin, site):
    old = hashlib.sha256((twin / "hello-linux-arm64").read_bytes()).hexdigest()
    spoil(twin / "hello-linux-arm64")
    new = hashlib.sha256((twin / "hello-linux-arm64").read_bytes()).hexdigest()
    path = twin / "SHA256SUMS"
    path.write_text(path.read_text().replace(old, new))
    is_refused(twin, site, "SHA256SUMS is not signed by this key")


def test_a_missing_file(twin, site):
    (twin / "hello-minimal-linux-amd64").unlink()
    is_refused(twin, site, "verify: hello-minimal-linux-amd64 is missing")


def test_a_file_too_many(twin, site):
    (twin / "install.sh").write_text("#!/bin/sh\n")
    is_refused(twin, site, "verify: install.sh does not belong to the release")


def test_another_provenance(twin, site):
    path = twin / f"{PROVENANCE}.sigstore.json"
    bundle = json.loads(path.read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    statement["predicate"]["buildDefinition"]["externalParameters"]["revision"] = "0" * 40
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    path.write_text(json.dumps(bundle))
    is_refused(twin, site, "the provenance does not vouch for hello-linux-amd64")


def test_a_flipped_bit_in_a_layer(twin, site):
    layout = oci.Layout(twin / "oci")
    layer = layout.image(VERSION, "arm64")[0]["layers"][-1]["digest"]
    spoil(layout.blob(layer))
    is_refused(twin, site, f"the blob {layer.removeprefix('sha256:')} of the layout has other bytes")


def referrers(layout, digest):
    for entry in layout.index()["manifests"]:
        manifest = layout.json(entry["digest"])
        if manifest.get("subject", {}).get("digest") == digest:
            yield entry, manifest


def kind_of(manifest):
    return manifest["annotations"].get("dev.sigstore.bundle.predicateType", manifest["artifactType"])


def test_missing_attestations(twin, site):
    layout = oci.Layout(twin / "oci")
    index = layout.index()
    gone = [entry for entry, _ in referrers(layout, layout.tags()[TAGS[1]])]
    index["manifests"] = [entry for entry in index["manifests"] if entry not in gone]
    (layout.path / "index.json").write_text(json.dumps(index))
    kinds = ("signature", "provenance", "CycloneDX SBOM", "SPDX SBOM")
    kinds += ("licence notices and sources",)
    is_refused(twin, site, *(f"verify: {TAGS[1]} has no {kind}\n" for kind in kinds), "5 fault(s)")


def test_another_notice(twin, site):
    """A manifest that refers to the image, with other licences in it."""
    layout = oci.Layout(twin / "oci")
    index = layout.index()
    image = next(each for each in json.loads((twin / "images.json").read_text())["images"] if each["tag"] == VERSION)
    manifest = layout.json(image["notice"])
    manifest["layers"][0] |= layout.add(b"All rights reserved.\n", "text/plain")
    index["manifests"] = [e for e in index["manifests"] if e["digest"] != image["notice"]] + [layout.add(manifest, oci.MANIFEST)]
    (layout.path / "index.json").write_text(json.dumps(index))
    is_refused(twin, site, f"verify: {VERSION} has no licence notices and sources")


def test_a_missing_source(twin, site):
    layout = oci.Layout(twin / "oci")
    image = next(each for each in json.loads((twin / "images.json").read_text())["images"] if each["tag"] == VERSION)
    source = layout.json(image["notice"])["layers"][2]["digest"]
    layout.blob(source).unlink()
    is_refused(twin, site, f"the blob {source} of the licence notices and sources of {VERSION} is missing")


def test_an_attestation_of_another_image(twin, site):
    """The provenance of one image stands where that of another belongs."""
    layout = oci.Layout(twin / "oci")
    index = layout.index()
    wanted = layout.tags()[VERSION]
    for entry, manifest in list(referrers(layout, layout.tags()[TAGS[1]])):
        if "slsa" in kind_of(manifest):
            manifest["subject"]["digest"] = wanted
            moved = layout.add(manifest, oci.MANIFEST)
    own = [e for e, m in referrers(layout, wanted) if "slsa" in kind_of(m)]
    index["manifests"] = [entry for entry in index["manifests"] if entry not in own] + [moved]
    (layout.path / "index.json").write_text(json.dumps(index))
    is_refused(twin, site, f"the provenance of {VERSION} is not valid")


def test_another_image_under_the_tag(twin, site):
    layout = oci.Layout(twin / "oci")
    index = layout.index()
    key = "org.opencontainers.image.ref.name"
    for entry in index["manifests"]:
        if entry.get("annotations", {}).get(key) in TAGS[:2]:
            entry["annotations"][key] = TAGS[1 - TAGS.index(entry["annotations"][key])]
    (layout.path / "index.json").write_text(json.dumps(index))
    is_refused(twin, site, f"the layout's {VERSION} is {layout.tags()[VERSION]}")


def test_wrong_usage(release, site):
    assert verify(release / "nowhere", site).returncode == 2
    assert run(ROOT / "release/verify", check=False).returncode == 2
