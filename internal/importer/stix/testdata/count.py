#!/usr/bin/env python3
"""Counts what the bundles in a folder report: records, and distinct pairs of a
thing and a label, by kind and type. It shares nothing with the importer: whole
files in memory, patterns by one regular expression. TestRealFiles compares.

    python3 count.py ../../../../shared/data/stix/unit42
"""
import collections, ipaddress, json, pathlib, re, sys, urllib.parse

KINDS = {"domain-name:value": "domain", "ipv4-addr:value": "ip", "ipv6-addr:value": "ip", "url:value": "url",
         "email-addr:value": "email", "app:id": "fingerprint"}
LABELS = {"malware": "malware", "tool": "tool", "threat-actor": "actor", "intrusion-set": "actor",
          "campaign": "campaign", "report": "report", "grouping": "report", "infrastructure": "tag"}
TYPES = {"malicious-activity", "anomalous-activity", "anonymization", "benign", "compromised", "attribution"}
EQUALS = re.compile(r"([a-z0-9-]+:[\w.'-]+)\s*=\s*'((?:[^'\\]|\\.)*)'")
HASH = re.compile(r"file:hashes\.'?(md5|sha-?1|sha-?256|sha-?512)'?$", re.I)


def address(v):
    try:
        return bool(ipaddress.ip_address(v))
    except ValueError:
        return False


def value(kind, v):
    if kind == "url":
        bare = urllib.parse.urlsplit(v if "://" in v else "//" + v)
        host = (bare.hostname or "").lower()
        found = [("ip" if address(host) else "domain", host)] if "." in host else []
        if "://" in v or bare.path:  # else only a host with a port
            found.append(("url", v))
        return found
    if kind == "ip" and "/" in v:
        return [("prefix", v)]
    if kind == "domain" and address(v):
        kind = "ip"
    return [(kind, v.strip().split(" ")[-1].lower())]  # poisonivy.json: "domain autuo.xicp.net"


def things(o, ids):
    """What an object stands for."""
    if o["type"] == "indicator":
        found = [("cert", m) for m in re.findall(r"serial_number = '([^']*)'", o["pattern"])]
        for path, v in EQUALS.findall(o["pattern"]):
            kind = "filehash" if HASH.match(path) else KINDS.get(path)
            if kind:
                found += value(kind, re.sub(r"\\(.)", r"\1", v))
        return found
    if o["type"] == "file":
        return [("filehash", h) for h in o.get("hashes", {}).values()]
    if o["type"] == "observed-data":
        return [t for r in o.get("object_refs", []) for m in ids[r] for t in things(m, ids)]
    if o["type"] in LABELS and o.get("name"):
        return [("label", LABELS[o["type"]] + ":" + o["name"].lower())]
    return []


def say(pairs, ids, ref, typ, name):
    for o in ids[ref]:
        if not o.get("revoked"):
            for kind, v in things(o, ids):
                if v != typ + ":" + name.lower():
                    pairs[kind + " " + typ].add((v, name.lower()))


def relate(pairs, ids, o):
    for s in ids[o["source_ref"]]:
        for t in ids[o["target_ref"]]:
            if s.get("revoked") or t.get("revoked"):
                continue
            if o["relationship_type"] in ("indicates", "attributed-to") and t["type"] in LABELS:
                say(pairs, ids, s["id"], LABELS[t["type"]], t["name"])
            if o["relationship_type"] == "uses" and s["type"] in LABELS:
                say(pairs, ids, t["id"], LABELS[s["type"]], s["name"])


def count(objects, pairs):
    ids = collections.defaultdict(list)
    for o in objects:
        ids[o["id"]].append(o)
    for o in objects:
        if o.get("revoked"):
            continue
        if o["type"] == "indicator":
            types = set(o.get("indicator_types", [])) | TYPES & set(o.get("labels", []))
            for typ in types - {"unknown"}:
                for kind, v in things(o, ids):
                    pairs[kind + " tag"].add((v, typ))
            if not types - {"unknown"}:
                say(pairs, ids, o["id"], "report", "stix")
        elif o["type"] == "observed-data":
            say(pairs, ids, o["id"], "report", "stix")
        elif o["type"] in ("report", "grouping") and o.get("name"):
            for r in o.get("object_refs", []):
                say(pairs, ids, r, "report", o["name"])
        elif o["type"] == "relationship":
            relate(pairs, ids, o)
        elif o["type"] == "sighting":
            of = ids[o["sighting_of_ref"]][0]
            if of["type"] in LABELS:
                for r in o.get("observed_data_refs", []):
                    say(pairs, ids, r, LABELS[of["type"]], of["name"])
            else:
                say(pairs, ids, of["id"], "report", "stix")


records, pairs = 0, collections.defaultdict(set)
for f in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    objects = json.loads(f.read_text())["objects"]
    records += len(objects)
    count(objects, pairs)
print("records", records)
for k in sorted(pairs):
    print(k, len(pairs[k]))
