"""The ways that notices take, as this deployment is set."""

from __future__ import annotations

from email.utils import parseaddr

from boxoffice.notices.aws import SesSender, SnsSender
from boxoffice.notices.channels import Channel, Sender
from boxoffice.notices.model import MAIL, PUSH, SMS
from boxoffice.notices.push import PushSender
from boxoffice.notices.sealing import Voucher
from boxoffice.notices.smtp import SmtpSender
from workers.settings import Settings


def of(its: Settings) -> dict[str, Channel]:
    """Return the ways by name: mail always, by SES when it has a region; the others if set."""
    post: Sender = SmtpSender(its.smtp_url, its.mail_from)
    if its.ses_region:
        post = SesSender(its.ses_region, its.mail_from, events=its.ses_configuration_set)
    ways = {MAIL: Channel(post, its.mail_per_s)}
    if its.sns_region:
        ways[SMS] = Channel(SnsSender(its.sns_region, name=its.sms_name), its.sms_per_s)
    if its.push_key:
        ways[PUSH] = Channel(PushSender(voucher(its), its.pushed_by))
    return ways


def voucher(its: Settings) -> Voucher:
    """Return what says to push services, and to browsers, that it is us; its.push_key is set."""
    return Voucher(its.push_key, f"mailto:{parseaddr(its.mail_from)[1]}")


def domain_of(mail_from: str) -> str:
    """Return the domain of an address, for the ids of mails."""
    return parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
