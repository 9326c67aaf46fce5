"""The table of one-time codes and of texts on their way. Its rows expire by themselves."""

import os

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from tika.tables.rows import share_client


class OtpRow(Model):
    class Meta:
        table_name = os.environ.get("OTP_TABLE", "otp")

    pk = UnicodeAttribute(hash_key=True)
    kind = DiscriminatorAttribute()
    expires_at = NumberAttribute()  # time to live, and for a challenge also the instant its code expires


class Challenge(OtpRow, discriminator="CHALLENGE"):
    """A code that was sent. Only the keyed hash of the code is kept."""

    mobile = UnicodeAttribute()
    code_hash = UnicodeAttribute()
    attempts = NumberAttribute(default=0)
    used_by = UnicodeAttribute(null=True)  # the request whose right guess used the code up

    @staticmethod
    def key(txn_id: str) -> str:
        return f"CHALLENGE#{txn_id}"


class Mobile(OtpRow, discriminator="MOBILE"):
    """What one mobile number asked for and got wrong, counted across its challenges."""

    txn_id = UnicodeAttribute(null=True)  # the last challenge asked for
    resend_at = NumberAttribute(null=True)
    sends = NumberAttribute(null=True)
    day_ends = NumberAttribute(null=True)  # `sends` counts until then
    failures = NumberAttribute(null=True)
    hour_ends = NumberAttribute(null=True)  # `failures` counts until then

    @staticmethod
    def key(mobile_hash: str) -> str:
        return f"MOBILE#{mobile_hash}"


class Sending(OtpRow, discriminator="SENDING"):
    """A text message on its way, so that a queue message delivered twice sends one text."""

    lease_until = NumberAttribute(null=True)
    holder = UnicodeAttribute(null=True)  # of the lease
    told = UnicodeAttribute(null=True)  # what the last text was about: an appointment that moves is told of again
    sent_at = NumberAttribute(null=True)

    @staticmethod
    def key(subject: str) -> str:
        """`subject` is the id of a challenge or of an appointment."""
        return f"SENDING#{subject}"


share_client(OtpRow)
