"""Queue: sends the text messages. A message that fails goes back to the queue without its neighbours."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tika.clock import utc_now
from tika.telemetry import observed
from tika.texts import sending

# A batch may be a single message; its failure is one for the queue, not for the function's alarm.
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def send(record: SQSRecord) -> None:
    queued_at = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
    sending.send(record.body, queued_at, now=utc_now())


def send_batch(event: dict[str, Any], context: Any) -> Any:
    return process_partial_response(event=event, record_handler=send, processor=processor, context=context)


lambda_handler = observed(send_batch)
