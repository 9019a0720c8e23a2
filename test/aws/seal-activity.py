"""Seals a text as a database activity stream does, with AWS's own encryption SDK: gzip, then a message under a data key.

seal-activity.py SUITE < {"key": base64 of the data key, "wrapped": the same as KMS gave it, "texts": [...]}   > a JSON text for each: an envelope as Kinesis has it
"""
import base64
import gzip
import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider


class Given(RawMasterKeyProvider):
    """The data key of the stream is the wrapping key of each message."""

    provider_id = "BC"

    def __new__(cls, *_):
        return super().__new__(cls)

    def __init__(self, key):
        super().__init__()
        self.key = WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )

    def _get_raw_key(self, key_id):
        return self.key


asked = json.load(sys.stdin)
provider = Given(base64.b64decode(asked["key"]))
provider.add_master_key("DataKey")
client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
for text in asked["texts"]:
    sealed, _ = client.encrypt(
        source=gzip.compress(text.encode()), key_provider=provider, algorithm=Algorithm[sys.argv[1]], frame_length=512
    )
    envelope = {
        "type": "DatabaseActivityMonitoringRecords",
        "version": "1.1",
        "databaseActivityEvents": base64.b64encode(sealed).decode(),
        "key": asked["wrapped"],
    }
    print(json.dumps(envelope))
