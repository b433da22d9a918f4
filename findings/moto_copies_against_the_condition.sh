#!/usr/bin/env bash
# moto 5.2.5 (with boto3 1.44.5).
# Expected: CopyObject with CopySourceIfMatch of another ETag ends with PreconditionFailed (412), as S3's own
# reference says and as moto itself answers to IfMatch and IfNoneMatch of PutObject and DeleteObject.
# Seen: the copy is made. A test of "promote this object only if nobody changed it" cannot fail.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' boto3==1.44.5
AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 venv/bin/python -W ignore - <<'PY'
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws


def answer(call, **given):
    try:
        return call(Bucket="models", **given)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as refused:
        return refused.response["Error"]["Code"]


with mock_aws():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="models")
    first = s3.put_object(Bucket="models", Key="candidate", Body=b"one")["ETag"]
    s3.put_object(Bucket="models", Key="candidate", Body=b"two")  # somebody else was quicker
    source = {"Bucket": "models", "Key": "candidate"}
    put = answer(s3.put_object, Key="candidate", Body=b"three", IfMatch=first)
    removed = answer(s3.delete_object, Key="candidate", IfMatch=first)
    copied = answer(s3.copy_object, Key="champion", CopySource=source, CopySourceIfMatch=first)
    held = s3.get_object(Bucket="models", Key="champion")["Body"].read() if copied == 200 else None
print("with the ETag of an older version: PutObject", put, "- DeleteObject", removed, "- CopyObject", copied)
print("what was copied:", held)
if (put, removed, copied, held) != ("PreconditionFailed", "PreconditionFailed", 200, b"two"):
    raise SystemExit("The behaviour has changed.")
PY
