#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""topologies_test.py SALLYPORT DOC [--write]: each topology's ports get the verdicts that were reviewed, nothing
internal is cut off, and DOC (doc/topologies.md) shows what is so; --write renews it."""

import json
import pathlib
import subprocess
import sys
import tempfile

from topology import Topology

MARK = "<!-- below: test/topologies/topologies_test.py --write -->\n"
TOPOLOGIES_MIN = 25


def ask(sallyport, verb, path, *options):
    command = [sallyport, verb, "--from", str(path), "--json", *options]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return next(iter(json.loads(run.stdout).values()))


def complain(topology, text):
    print(f"{topology.name}: {text}")
    return 1


def cut_off(ports, functions):
    """Addresses below external ports, but for those that stay open since dom0 uses what is below."""
    closed = {port["sbdf"] for port in ports if port["external"] and port["state"] != "exposed"}
    return {function["sbdf"] for function in functions if function["port"] in closed}


def judge(topology, ports, functions):
    """How many things are not as expected."""
    wrong = 0
    seen = {port["sbdf"]: port for port in ports}
    expected = {one.address: one for one in topology.functions if one.verdict}
    for address in sorted(seen.keys() | expected.keys()):
        port, one = seen.get(address), expected.get(address)
        said = ("external" if port["external"] else "internal", port["why"]) if port else None
        if not one or said != (one.verdict, one.why):
            wrong += complain(topology, f"{address}: {said}, expected {one and (one.verdict, one.why)}")
    cut, used = cut_off(ports, functions), {port["sbdf"] for port in ports if port["state"] == "exposed"}
    if used != {one.address for one in topology.functions if "exposed" in one.flags}:
        wrong += complain(topology, f"left open for dom0's sake: {sorted(used)}")
    for one in topology.functions:
        if "keep" in one.flags and one.address in cut:
            wrong += complain(topology, f"{one.address} belongs to the machine, and is cut off")
        if "cut-off" in one.flags and one.address not in cut:
            wrong += complain(topology, f"{one.address} is no longer cut off: say keep")
    return wrong


def remedy(sallyport, topology, path, folder):
    """With the line of configuration that it names, nothing of the machine is below an external port."""
    wanted = any(one.flags & {"cut-off", "exposed"} for one in topology.functions)
    if wanted != bool(topology.remedy):
        return complain(topology, "expected a remedy where something is cut off or left open, and only there")
    if not wanted:
        return 0
    config = folder / "sallyport.conf"
    config.write_text(f"[Ports]\n{topology.remedy}\n", encoding="ascii")
    below = {function["sbdf"] for function in ask(sallyport, "list", path, "--config", str(config))}
    inside = {one.address for one in topology.functions if one.flags & {"cut-off", "keep"}}
    return sum(complain(topology, f"{address}: external with the remedy too") for address in sorted(inside & below))


def section(topology, ports):
    """What the document says of a topology."""
    lines = [f"## {topology.name}", "", topology.title, ""]
    lines += [f"- {source}" for source in topology.sources]
    lines += ["", "| port | verdict | why | evidence |", "|---|---|---|---|"]
    for port in ports:
        verdict = "**external**" if port["external"] else "internal"
        lines.append(f"| {port['sbdf'][5:]} | {verdict} | {port['why']} | {' '.join(port['evidence'] or [])} |")
    cut = [one.address[5:] for one in topology.functions if "cut-off" in one.flags]
    if cut:
        lines += ["", f"Cut off: {', '.join(cut)}. What solves it: `{topology.remedy}`."]
    used = [f"{one.address[5:]} ({one.values['use']})" for one in topology.functions if "use" in one.values]
    if used:
        lines += ["", f"Left open, and reported, while dom0 uses {', '.join(used)}. "
                  f"What solves it: `{topology.remedy}`."]
    return "\n".join(lines) + "\n"


def main():
    sallyport, doc, *options = sys.argv[1:]
    topologies = [Topology(path) for path in sorted(pathlib.Path(__file__).parent.glob("*.topology"))]
    wrong, sections = 0, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for topology in topologies:
            path = folder / f"{topology.name}.dump"
            path.write_text(topology.dump(), encoding="ascii")
            ports = ask(sallyport, "ports", path)
            wrong += judge(topology, ports, ask(sallyport, "list", path))
            wrong += remedy(sallyport, topology, path, folder)
            sections.append(section(topology, ports))
    intro, _, shown = pathlib.Path(doc).read_text(encoding="ascii").partition(MARK)
    text = "\n".join(sections)
    if "--write" in options:
        pathlib.Path(doc).write_text(intro + MARK + text, encoding="ascii")
    elif shown != text:
        print(f"{doc}: does not show what is so; renew it: topologies_test.py SALLYPORT DOC --write")
        wrong += 1
    if len(topologies) < TOPOLOGIES_MIN:
        print(f"{len(topologies)} topologies, expected {TOPOLOGIES_MIN}")
        wrong += 1
    print(f"{len(topologies)} topologies, {sum(len(one.functions) for one in topologies)} functions, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
