import pytest

from components.storage import Storage, StorageArgs
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


@pytest.fixture
def buckets(stack: Stack) -> Stack:
    Storage("platform", StorageArgs(kms_key_arn=KEY, workstreams=["sales"], run_retention_days=30, disposable=True))
    assert stack.all("aws:s3/bucket:Bucket").keys() == {"platform-dags", "platform-artifacts"}
    return stack


def test_no_bucket_can_be_made_public(buckets: Stack):
    """One wrong click in the console would publish compiled SQL and row counts; and MWAA refuses such a bucket."""
    blocks = buckets.all("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")

    assert len(blocks) == 2
    for block in blocks.values():
        assert all(block[f] for f in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"))


def test_an_overwritten_object_can_be_brought_back(buckets: Stack):
    """A bad DAG upload or a lost manifest is undone in a minute; MWAA needs versions as well."""
    versionings = buckets.all("aws:s3/bucketVersioning:BucketVersioning")

    assert [versioning["versioningConfiguration"]["status"] for versioning in versionings.values()] == ["Enabled", "Enabled"]


def test_objects_are_encrypted_with_our_key_unless_told_otherwise(buckets: Stack):
    """Whoever may not use the key can't read the data, whatever else they may."""
    encryptions = buckets.all("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")

    assert len(encryptions) == 2
    for encryption in encryptions.values():
        [rule] = encryption["rules"]
        assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}


def test_a_request_in_clear_text_is_refused(buckets: Stack):
    """Nobody on the way can read artifacts (FSBP S3.5)."""
    for name in buckets.all(POLICY):
        [statement] = [s for s in buckets.statements(POLICY, name) if "Bool" in s["Condition"]]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
        assert statement["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


def test_an_upload_with_another_encryption_is_refused_and_one_that_names_none_is_not(buckets: Stack):
    """The default only fills in what an upload leaves open: without these, a writer could choose a weaker key."""
    for name in buckets.all(POLICY):
        puts = [s for s in buckets.statements(POLICY, name) if s["Action"] == ["s3:PutObject"]]
        assert {tuple(s["Condition"]["StringNotEquals"].values()) for s in puts} == {("aws:kms",), (KEY,)}
        for statement in puts:
            [header] = statement["Condition"]["StringNotEquals"]
            assert statement["Condition"]["Null"] == {header: "false"}


def test_runs_expire_but_state_and_dags_do_not(buckets: Stack):
    """Artifacts of every run would pile up for ever; the manifest that slim CI compares with must stay."""
    lifecycles = buckets.all("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    expiring = {
        name: {rule["filter"]["prefix"]: rule["expiration"]["days"] for rule in lifecycle["rules"] if "expiration" in rule}
        for name, lifecycle in lifecycles.items()
    }

    assert expiring == {"platform-dags": {}, "platform-artifacts": {"sales/runs/": 30}}


def test_nothing_costs_money_unseen(buckets: Stack):
    """Abandoned uploads and old versions show up in no listing, only on the bill (FSBP S3.13)."""
    for lifecycle in buckets.all("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").values():
        [tidy_up] = [rule for rule in lifecycle["rules"] if rule["id"] == "tidy-up"]
        assert tidy_up["abortIncompleteMultipartUpload"]["daysAfterInitiation"] == 7
        assert tidy_up["noncurrentVersionExpiration"]["noncurrentDays"] == 90
