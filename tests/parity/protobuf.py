"""Reads the protobuf of Kubernetes' API servers, as a Python value with the fields' JSON names. Only by the tables below: a field
that they don't have is an error, so that what a server sends is known to the byte."""
import struct

MAGIC = b"k8s\0"

S, B, I, L, MAP = "string", "bool", "int", "list", "map"
MESSAGES = {  # message: {field number: (name, type)}; type: S, B, I, a message, (L, type), (MAP, type of the values)
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes"), 3: ("contentEncoding", S), 4: ("contentType", S)},
    "TypeMeta": {1: ("apiVersion", S), 2: ("kind", S)},
    "Time": {1: ("seconds", I), 2: ("nanos", I)},
    "Duration": {1: ("duration", I)},
    "Quantity": {1: ("string", S)},
    "ListMeta": {1: ("selfLink", S), 2: ("resourceVersion", S), 3: ("continue", S), 4: ("remainingItemCount", I), 5: ("shardInfo", "bytes")},
    "ObjectMeta": {1: ("name", S), 2: ("generateName", S), 3: ("namespace", S), 4: ("selfLink", S), 5: ("uid", S),
                   6: ("resourceVersion", S), 7: ("generation", I), 8: ("creationTimestamp", "Time"), 9: ("deletionTimestamp", "Time"),
                   10: ("deletionGracePeriodSeconds", I), 11: ("labels", (MAP, S)), 12: ("annotations", (MAP, S)),
                   14: ("finalizers", (L, S))},
    "NodeMetrics": {1: ("metadata", "ObjectMeta"), 2: ("timestamp", "Time"), 3: ("window", "Duration"), 4: ("usage", (MAP, "Quantity"))},
    "PodMetrics": {1: ("metadata", "ObjectMeta"), 2: ("timestamp", "Time"), 3: ("window", "Duration"),
                   4: ("containers", (L, "ContainerMetrics"))},
    "ContainerMetrics": {1: ("name", S), 2: ("usage", (MAP, "Quantity"))},
    "NodeMetricsList": {1: ("metadata", "ListMeta"), 2: ("items", (L, "NodeMetrics"))},
    "PodMetricsList": {1: ("metadata", "ListMeta"), 2: ("items", (L, "PodMetrics"))},
    "PartialObjectMetadata": {1: ("metadata", "ObjectMeta")},
    "PartialObjectMetadataList": {1: ("metadata", "ListMeta"), 2: ("items", (L, "PartialObjectMetadata"))},
    "Status": {1: ("metadata", "ListMeta"), 2: ("status", S), 3: ("message", S), 4: ("reason", S), 5: ("details", "StatusDetails"),
               6: ("code", I)},
    "StatusDetails": {1: ("name", S), 2: ("group", S), 3: ("kind", S), 4: ("causes", (L, "StatusCause")), 5: ("retryAfterSeconds", I),
                      6: ("uid", S)},
    "StatusCause": {1: ("reason", S), 2: ("message", S), 3: ("field", S)},
    "APIGroupList": {1: ("groups", (L, "APIGroup"))},
    "APIGroup": {1: ("name", S), 2: ("versions", (L, "GroupVersionForDiscovery")), 3: ("preferredVersion", "GroupVersionForDiscovery"),
                 4: ("serverAddressByClientCIDRs", (L, "ServerAddress"))},
    "GroupVersionForDiscovery": {1: ("groupVersion", S), 2: ("version", S)},
    "ServerAddress": {1: ("clientCIDR", S), 2: ("serverAddress", S)},
    "APIResourceList": {1: ("groupVersion", S), 2: ("resources", (L, "APIResource"))},
    "APIResource": {1: ("name", S), 2: ("namespaced", B), 3: ("kind", S), 4: ("verbs", "Verbs"), 5: ("shortNames", (L, S)),
                    6: ("singularName", S), 7: ("categories", (L, S)), 8: ("group", S), 9: ("version", S), 10: ("storageVersionHash", S)},
    "Verbs": {1: ("items", (L, S))},
    "WatchEvent": {1: ("type", S), 2: ("object", "RawExtension")},
    "RawExtension": {1: ("raw", "bytes")},
}


class ProtobufError(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ProtobufError(f"a varint ends at {at}")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of each field: an int or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if at > len(data):
                raise ProtobufError(f"field {number} is cut off")
        elif wire == 1:
            value, at = struct.unpack_from("<q", data, at)[0], at + 8
        else:
            raise ProtobufError(f"field {number} has wire type {wire}")
        yield number, value


def value_of(kind, value):
    if kind == S:
        return value.decode()
    if kind == B:
        return bool(value)
    if kind == I:
        return value - 2**64 if value >= 2**63 else value
    if kind == "bytes":
        return value
    return message(kind, value)


def message(name, data):
    out, last = {}, 0
    for number, value in fields(data):
        if number not in MESSAGES[name]:
            raise ProtobufError(f"{name} has no field {number}")
        if number < last:
            raise ProtobufError(f"{name}: field {number} comes after {last}")
        last = number
        key, kind = MESSAGES[name][number]
        if isinstance(kind, tuple) and kind[0] == L:
            out.setdefault(key, []).append(value_of(kind[1], value))
        elif isinstance(kind, tuple):
            entry = dict(fields(value))
            if list(entry) != [1, 2]:
                raise ProtobufError(f"{name}.{key}: an entry has the fields {list(entry)}")
            out.setdefault(key, {})[entry[1].decode()] = value_of(kind[1], entry[2])
        elif key in out:
            raise ProtobufError(f"{name}: {key} is there twice")
        else:
            out[key] = value_of(kind, value)
    return out


def document(body):
    """What a body of application/vnd.kubernetes.protobuf says: {"kind", "apiVersion", ...} as its JSON would be named."""
    if body[:4] != MAGIC:
        raise ProtobufError(f"the body starts with {body[:4]!r}")
    envelope = message("Unknown", body[4:])
    kind = envelope["typeMeta"]["kind"]
    if kind not in MESSAGES:
        raise ProtobufError(f"unknown kind {kind!r}")
    return {**envelope["typeMeta"], **message(kind, envelope.get("raw", b"")),
            "envelope": sorted(k for k in envelope if k not in ("typeMeta", "raw"))}
