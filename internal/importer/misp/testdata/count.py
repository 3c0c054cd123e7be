#!/usr/bin/env python3
"""Counts what the MISP files of a folder say, independently of the importer.

usage: count.py FOLDER
It shares nothing with the importer; TestRealFiles compares.
Prints the number of records (attributes and objects), of distinct things that are
reported, by kind, of distinct names with their addresses, and of labels.
"""
import collections, ipaddress, json, pathlib, re, sys

VICTIMS = {"victim", "corporate-asset", "person", "employee", "organization", "legal-entity"}
ACTORS = ("threat-actor", "mitre-intrusion-set", "mitre-enterprise-attack-intrusion-set")


def host(s):
    """A domain or an address, refanged."""
    s = s.strip().replace("[.]", ".").lower().rstrip(".")
    try:
        return "ip", str(ipaddress.ip_address(s))
    except ValueError:
        return "domain", s.encode("idna").decode() if not s.isascii() else s


def url(s):
    s = re.sub(r"^hxxp", "http", s.strip().replace("[.]", ".").replace("[:]", ":"))
    m = re.fullmatch(r"(?:(https?)://)?([^/]+)(/.*)?", s, re.I)
    scheme, at, path = m.groups()
    if not scheme and path in (None, "/"):
        return host(at)
    return "url", (scheme or "http").lower() + "://" + at.lower() + (path or "/")


def things(a):
    """What an attribute names: (kind, key)."""
    t, v = a["type"], str(a["value"])
    if t in ("domain", "hostname", "ip-src", "ip-dst"):
        yield host(v)
    elif t == "domain|ip":
        yield from map(host, v.split("|"))
    elif t == "url" or t == "uri" and "://" in v:
        yield url(v)
    elif t in ("md5", "sha1", "sha256"):
        yield "filehash", v.strip().lower()
    elif re.fullmatch(r"filename\|(md5|sha1|sha256)", t):
        yield "filehash", v.rpartition("|")[2].strip().lower()
    elif t == "AS":
        yield "asn", v.strip().upper().removeprefix("AS")
    elif t in ("email", "email-src"):
        yield "email", v.strip().lower()


def flags(event):
    for a in event.get("Attribute", []):
        yield a.get("to_ids")
    for o in event.get("Object", []):
        for a in o.get("Attribute", []):
            yield a.get("to_ids")


def events(doc):
    """Events, and lists as events of which nothing is said."""
    for e in doc.get("response", doc) if isinstance(doc.get("response", {}), list) else [doc.get("response", doc)]:
        if "Event" in e:
            yield e["Event"]
        elif "Attribute" in e or "Object" in e:
            as_list = {k: e[k] if isinstance(e[k], list) else [e[k]] for k in ("Attribute", "Object") if k in e}
            yield as_list


records, reported, resolves, labels = 0, collections.defaultdict(set), set(), set()
for f in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    for e in events(json.loads(f.read_text())):
        flagged = any(flags(e))
        records += len(e.get("Attribute", [])) + len(e.get("Object", []))
        attributes = [a for a in e.get("Attribute", []) if not a.get("deleted")]
        for o in e.get("Object", []):
            if o.get("deleted") or o["name"] in VICTIMS:
                continue
            attributes += o["Attribute"]
            if o["name"] == "domain-ip":
                part = lambda *r: [a["value"] for a in o["Attribute"] if a["object_relation"] in r]
                resolves |= {(host(d), host(i)) for d in part("domain", "hostname") for i in part("ip")}
        said = False
        for a in attributes:
            found = list(things(a))
            if a["type"] == "domain|ip":
                resolves.add(tuple(found))
            if flagged and not a.get("to_ids"):
                continue
            for kind, key in found:
                reported[kind].add(key)
                said = True
        if said:
            labels.add("report:" + " ".join(e.get("info", "misp").casefold().split()))  # a list is named after its source
            for t in e.get("Tag", []):
                m = re.fullmatch(r'misp-galaxy:([^=]+)="(.*)"', t["name"])
                if m and m[1] in ACTORS:
                    labels.add("actor:" + re.sub(r" - G\d+$", "", m[2]).casefold())
print(", ".join([f"records {records}"] + [f"{k} {len(reported[k])}" for k in sorted(reported)] + [f"resolves {len(resolves)}", f"labels {len(labels)}"]))
