# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages that the lab's guest is made of: downloaded, their signatures checked by apt, and unpacked
below build/lab/debian/SUITE/ as they would lie in a root file system. Nothing is installed."""

import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "lab"
OWN = "bookworm"    # this machine's suite: apt as it is set up here, security updates and all
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"

# A mirror that does not answer is asked again twice, and given up after minutes.
ASKING = ("-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2",
          "-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30")
LIMIT_S = 600


class PackageError(Exception):
    """A package could not be had; the text says which, and why."""


def run(*argv, cwd=None):
    """Standard output of a program that must succeed within ten minutes."""
    shown = " ".join(word for before, word in zip(("", *argv), argv) if "-o" not in (before, word))
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired as late:
        raise PackageError(f"{shown}: not done within {LIMIT_S} s") from late
    if done.returncode:
        raise PackageError(f"{shown}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def root(suite):
    """Where a suite's packages are unpacked."""
    return BUILD / "debian" / suite


def wanted(suite, use):
    """Names of a suite's packages: the lines `USE SUITE NAME` of packages.txt."""
    lines = (line.split() for line in (ROOT / "packages.txt").read_text().splitlines())
    return [words[2] for words in lines if words[:2] == [use, suite]]


def apt(suite):
    """apt's options for a suite. A newer one than this machine's has sources and state of its own, and
    comes from the mirror that this machine has its own suite from."""
    if suite == OWN:
        return ASKING
    state = BUILD / "apt" / suite
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
                 f"Codename: {OWN}", "Component: main").split()
    if not mirror:
        raise PackageError(f"apt has no source of {OWN} on this machine: no mirror to have {suite} from")
    source = f"deb [signed-by={KEYS} arch=amd64] {mirror[0]} {suite} main\n"
    (state / "sources.list").write_text(source)
    (state / "status").touch()
    return (*ASKING, "-o", f"Dir::State={state}", "-o", f"Dir::Cache={state}/cache",
            "-o", f"Dir::State::status={state}/status",
            "-o", f"Dir::Etc::sourcelist={state}/sources.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", "Dir::Etc::preferencesparts=-", "-o", "Acquire::Languages=none",
            "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false")


def with_kernel(name, options):
    """A package, and if it is a metapackage of a kernel or of its headers, the packages that these are in."""
    kinds = "headers|kbuild" if name.startswith("linux-headers") else "image|binary|modules"
    names = [name]
    for found in names:
        text = run("apt-cache", *options[1:], "depends", found) if found.startswith("linux-") else ""
        kernel = re.findall(rf"^  Depends: (linux-(?:{kinds})-\d\S*)$", text, re.M)
        names += [other for other in kernel if other not in names]
    if name.startswith("linux-") and len(names) == 1:
        raise PackageError(f"{name}: apt knows no kernel package for it (apt-get update?)")
    return names


def unpack(suite, say, use="lab"):
    """Downloads and unpacks every package of a suite that is not there yet. use: what for, see packages.txt."""
    target = root(suite)
    missing = [name for name in wanted(suite, use) if not (target / f".{name}").exists()]
    if not missing:
        return
    say(f"fetching {', '.join(missing)} of {suite}")
    target.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(tempfile.mkdtemp(prefix=f".{suite}-", dir=BUILD))    # another process may do the same
    try:
        options = apt(suite)
        if suite != OWN:
            run("apt-get", *options, "update", "--error-on=any")
        names = [package for name in missing for package in with_kernel(name, options)]
        run("apt-get", *options, "download", *names, cwd=partial)
        for archive in sorted(partial.glob("*.deb")):
            run("dpkg", "-x", str(archive), str(target))
        relocate(target)
        for name in missing:
            (target / f".{name}").touch()
    except PackageError as problem:
        raise PackageError(f"no packages of {suite} for the lab's guest: {problem}") from problem
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def relocate(target):
    """Lets pkg-config find libraries and headers where they were unpacked."""
    for path in target.glob("usr/lib/x86_64-linux-gnu/pkgconfig/*.pc"):
        path.write_text(path.read_text().replace("=/usr", "=${pcfiledir}/../../.."))


def one(suite, pattern):
    """The only path among a suite's unpacked packages that matches."""
    found = sorted(root(suite).glob(pattern))
    if len(found) != 1:
        raise PackageError(f"{len(found)} of {pattern} below {root(suite)}, must be 1")
    return found[0]
