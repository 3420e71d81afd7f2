import pytest

from components.account import Account
from components.logs import Logs
from components.storage import Storage, StorageArgs
from settings.sections.artifacts import ArtifactSettings
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
DATA, LOGS = {"platform-dags", "platform-artifacts"}, "platform-logs"


@pytest.fixture
def buckets(stack: Stack, account: Account, logs: Logs) -> Stack:
    Storage(
        "platform",
        StorageArgs(
            account=account,
            kms_key_arn=KEY,
            settings=ArtifactSettings.model_validate({"retentionDays": 90}),
            logs=logs,
            disposable=True,
        ),
    )
    assert stack.all("aws:s3/bucket:Bucket").keys() == {*DATA, LOGS}
    return stack


def test_no_bucket_can_be_made_public(buckets: Stack):
    """One wrong click in the console would publish compiled SQL and row counts; and MWAA refuses such a bucket."""
    blocks = buckets.all("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")

    assert blocks.keys() == {*DATA, LOGS}
    for block in blocks.values():
        assert all(block[f] for f in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"))


def test_an_overwritten_object_can_be_brought_back(buckets: Stack):
    """A bad DAG upload or a lost manifest is undone in a minute; MWAA needs versions as well."""
    versionings = buckets.all("aws:s3/bucketVersioning:BucketVersioning")

    status = {name: versioning["versioningConfiguration"]["status"] for name, versioning in versionings.items()}
    assert status == dict.fromkeys({*DATA, LOGS}, "Enabled")


def test_objects_are_encrypted_with_our_key_unless_told_otherwise(buckets: Stack):
    """Whoever may not use the key can't read the data, whatever else they may."""
    encryptions = buckets.all("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")

    for name in DATA:
        [rule] = encryptions[name]["rules"]
        assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}


def test_a_request_in_clear_text_is_refused(buckets: Stack):
    """Nobody on the way can read artifacts (FSBP S3.5)."""
    assert buckets.all(POLICY).keys() == {*DATA, LOGS}
    for name in buckets.all(POLICY):
        [statement] = [s for s in buckets.statements(POLICY, name) if "Bool" in s["Condition"]]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
        assert statement["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


def test_an_upload_with_another_encryption_is_refused_and_one_that_names_none_is_not(buckets: Stack):
    """The default only fills in what an upload leaves open: without these, a writer could choose a weaker key."""
    for name in DATA:
        puts = [s for s in buckets.statements(POLICY, name) if s["Action"] == ["s3:PutObject"]]
        assert {tuple(s["Condition"]["StringNotEquals"].values()) for s in puts} == {("aws:kms",), (KEY,)}
        for statement in puts:
            [header] = statement["Condition"]["StringNotEquals"]
            assert statement["Condition"]["Null"] == {header: "false"}


def test_artifacts_and_logs_expire_wherever_they_are_but_dags_do_not(buckets: Stack):
    """Artifacts of every run would pile up for ever; with a rule for each workstream, those of a removed one still would.

    Access logs stay as long as all other logs do.
    """
    lifecycles = buckets.all("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    expiring = {
        name: [(rule["filter"], rule["expiration"]["days"]) for rule in lifecycle["rules"] if "expiration" in rule]
        for name, lifecycle in lifecycles.items()
    }

    assert expiring == {"platform-dags": [], "platform-artifacts": [({}, 90)], "platform-logs": [({}, 30)]}


def test_every_access_to_dags_and_artifacts_is_logged(buckets: Stack):
    """After a leak, nobody could say who had read which artifact, or replaced a DAG (FSBP S3.9)."""
    loggings = buckets.all("aws:s3/bucketLogging:BucketLogging").values()

    assert {(each["bucket"], each["targetBucket"], each["targetPrefix"]) for each in loggings} == {
        ("platform-dags-id", "platform-logs-id", "dags/"),
        ("platform-artifacts-id", "platform-logs-id", "artifacts/"),
    }


def test_access_logs_are_encrypted_with_the_only_key_that_s3_delivers_them_with(buckets: Stack):
    """With our key as default, S3 would drop every log without a word."""
    encryption = buckets.all("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")[LOGS]

    [rule] = encryption["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_only_s3_delivers_logs_and_only_those_of_our_buckets(buckets: Stack):
    """Someone else could make their buckets log into ours, and fill it with what never happened here."""
    allowed = [s for s in buckets.statements(POLICY, LOGS) if s["Effect"] == "Allow"]

    assert [(s["Principal"], s["Action"]) for s in allowed] == [
        ({"Service": "logging.s3.amazonaws.com"}, ["s3:PutObject"]),
        ({"Service": "logging.s3.amazonaws.com"}, ["s3:PutObject"]),
    ]
    assert [(s["Resource"], s["Condition"]["ArnLike"]["aws:SourceArn"]) for s in allowed] == [
        (["arn:aws:s3:::platform-logs/dags/*"], "arn:aws:s3:::platform-dags"),
        (["arn:aws:s3:::platform-logs/artifacts/*"], "arn:aws:s3:::platform-artifacts"),
    ]
    assert {s["Condition"]["StringEquals"]["aws:SourceAccount"] for s in allowed} == {"123456789012"}


def test_nothing_of_the_logs_policy_keeps_deliveries_out(buckets: Stack):
    """S3 tells nobody that a Deny made it drop the logs."""
    denied = [s for s in buckets.statements(POLICY, LOGS) if s["Effect"] == "Deny"]

    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_nothing_costs_money_unseen(buckets: Stack):
    """Abandoned uploads and old versions show up in no listing, only on the bill (FSBP S3.13)."""
    for lifecycle in buckets.all("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").values():
        [tidy_up] = [rule for rule in lifecycle["rules"] if rule["id"] == "tidy-up"]
        assert tidy_up["abortIncompleteMultipartUpload"]["daysAfterInitiation"] == 7
        assert tidy_up["noncurrentVersionExpiration"]["noncurrentDays"] == 90
