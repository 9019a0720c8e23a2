"""What the client programs written in Python share: each prints one line of JSON for every step."""

import datetime
import decimal
import hashlib
import ipaddress
import json
import os
import pathlib
import uuid

PART = os.environ["CONFORMANCE_PART"]
FOLDER = pathlib.Path(__file__).parent.parent / "sql"


def sql(name):
    """Statements that all clients run, from the folder `sql`."""
    return (FOLDER / f"{name}.sql").read_text().strip()


def setup():
    """The statements of setup.sql, one by one."""
    return sql("setup").split(";\n")


def failing():
    """The lines of errors.sql: a name and a statement that fails."""
    return [line.split(": ", 1) for line in sql("errors").splitlines()]


def digest(value):
    data = value.encode() if isinstance(value, str) else bytes(value)
    return f"{len(value)} {hashlib.sha256(data).hexdigest()}"


def plain(value):
    """Values of clients as JSON."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(of) for key, of in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(of) for of in value]
    if isinstance(value, (int, float, decimal.Decimal, uuid.UUID, datetime.timedelta)):
        return str(value)
    if isinstance(value, (ipaddress._IPAddressBase,)):
        return str(value)
    return repr(value)


def emit(name, value):
    print(json.dumps({"step": name, "value": plain(value)}), flush=True)
