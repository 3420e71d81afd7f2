"""What subscribes to a topic of SNS."""

_ARN = r"arn:aws(-[a-z-]+)?:{}:[a-z0-9-]+:\d{{12}}:{}"
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]+"

ENDPOINTS = {
    "application": _ARN.format("sns", r"endpoint/.+"),
    "email": _EMAIL,
    "email-json": _EMAIL,
    "firehose": _ARN.format("firehose", r"deliverystream/.+"),
    "http": r"http://\S+",
    "https": r"https://\S+",
    "lambda": _ARN.format("lambda", r"function:.+"),
    "sms": r"\+?([() .-]*[0-9]){1,15}",
    "sqs": _ARN.format("sqs", r"[A-Za-z0-9_-]{1,80}"),
}
"""Protocol -> what its endpoint looks like (SNS API Reference, Subscribe). A queue in the order of arrival (.fifo) takes nothing
from a standard topic; a telephone number has 15 digits at most (E.164)."""
