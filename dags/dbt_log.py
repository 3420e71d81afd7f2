"""The log of a container in airflow, as a person reads it."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.providers.amazon.aws.utils.task_log_fetcher import AwsTaskLogFetcher
from dbt_lines import shown


class CompleteLogFetcher(AwsTaskLogFetcher):
    """Forwards every line of the container as a person reads it, the last ones too.

    The provider's fetcher (9.34.0) ends once its stop flag is set, also when it has just fetched: what the container
    printed after that is lost. This one ends only after a fetch that began after the stop and found nothing new.
    """

    _drained = False

    def stop(self) -> None:
        self.fetch_interval = timedelta(seconds=2)
        super().stop()

    def is_stopped(self) -> bool:
        return super().is_stopped() and self._drained

    def _get_log_events(self, skip_token: AwsLogsHook.ContinuationToken | None = None) -> Generator:
        last = super().is_stopped()
        for event in super()._get_log_events(skip_token):
            last = False
            if shown(event["message"]) is not None:
                yield event  # as it is: the provider takes a line's level from the JSON
        self._drained = last

    @staticmethod
    def event_to_str(event: dict[str, Any]) -> str:
        return shown(event["message"]) or ""
