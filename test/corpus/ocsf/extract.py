"""Makes schema.json from a checkout of github.com/ocsf/ocsf-schema (Apache-2.0): the classes and objects that our lines use, resolved.

    python3 extract.py <checkout of v1.6.0> > schema.json
"""
import json
import sys
from pathlib import Path

root = Path(sys.argv[1])
CLASSES = ["iam/account_change", "iam/authentication", "iam/entity_management", "application/datastore_activity"]
OBJECTS = [
    "actor", "database", "extension", "group", "managed_entity", "metadata", "network_endpoint", "policy", "product", "query_info",
    "service", "session", "user",
]


def load(path):
    return json.loads((root / path).read_text())


dictionary = load("dictionary.json")
categories = load("categories.json")["attributes"]
everything = {}
for folder in ("events", "objects"):
    for path in (root / folder).rglob("*.json"):
        everything[(folder, json.loads(path.read_text())["name"])] = path.relative_to(root)


def merge(base, more):
    for name, attribute in more.items():
        known = base.setdefault(name, {})
        enum = {**known.get("enum", {}), **attribute.get("enum", {})}
        known.update(attribute)
        if enum:
            known["enum"] = enum
    return base


def included(names, attributes):
    for name in [names] if isinstance(names, str) else names:
        definition = load(name)
        found = own(definition)
        if definition.get("meta") == "profile":
            for attribute in found.values():
                attribute["profile"] = definition["name"]
        merge(attributes, found)


def own(definition):
    attributes = {}
    for name, attribute in definition.get("attributes", {}).items():
        if name == "$include":
            included(attribute, attributes)
    rest = {n: a for n, a in definition.get("attributes", {}).items() if n != "$include"}
    return merge(attributes, {n: dict(a) for n, a in rest.items()})


def resolved(folder, definition):
    attributes = {}
    parent = definition.get("extends")
    constraints = {}
    if parent is not None:
        above = resolved(folder, load(everything[(folder, parent)]))
        attributes, constraints = above["attributes"], above["constraints"]
    merge(attributes, own(definition))
    return {"attributes": attributes, "constraints": definition.get("constraints", constraints)}


def plain(name, attribute):
    known = dictionary["attributes"].get(name, {})
    # What a class is numbered follows from the class; the files list base_event's own numbers.
    computed = name in ("class_uid", "category_uid", "type_uid")
    enum = {} if computed else {**known.get("enum", {}), **attribute.get("enum", {})}
    kind = attribute.get("type", known.get("type"))
    return {
        "type": kind,
        "requirement": attribute.get("requirement", "optional"),
        **({"array": True} if attribute.get("is_array", known.get("is_array")) else {}),
        **({"enum": sorted(enum)} if enum else {}),
        **({"profile": attribute["profile"]} if attribute.get("profile") else {}),
    }


def small(folder, definition):
    whole = resolved(folder, definition)
    attributes = {name: plain(name, a) for name, a in sorted(whole["attributes"].items())}
    return {"attributes": attributes, **({"constraints": whole["constraints"]} if whole["constraints"] else {})}


def category(definition):
    if "category" in definition:
        return definition["category"]
    return category(load(everything[("events", definition["extends"])]))


classes = {}
for path in CLASSES:
    definition = load(f"events/{path}.json")
    of = categories[category(definition)]["uid"]
    uid = of * 1000 + definition["uid"]
    classes[str(uid)] = {"name": definition["name"], "category_uid": of, **small("events", definition)}
objects = {name: small("objects", load(everything[("objects", name)])) for name in OBJECTS}
types = {n: {k: t[k] for k in ("type", "regex", "max_len", "range") if k in t} for n, t in dictionary["types"]["attributes"].items()}
print(json.dumps({"version": load("version.json")["version"], "classes": classes, "objects": objects, "types": types}, indent=1))
