"""The 119 side of a site: its rules, and how links reach phones."""

from __future__ import annotations

from relay.alerts.sms_hook import NoSms, SmsHook
from relay.alerts.sms_port import SmsGateway
from relay.auth.bucket import Buckets
from relay.auth.tokens import SecretTokens
from relay.data_folder import CLIPS
from relay.services.calls.callers import CallerRules
from relay.services.calls.calls import CallRules
from relay.services.calls.wing import CallsRules, Outside
from relay.settings import Settings
from relay.video.port import MediaPlane
from relay.wiring.adapters import Adapters
from relay.wiring.ways_out import sms_hook_of


def calls_rules(settings: Settings) -> CallsRules:
    """What this site decided about calls and callers."""
    shared_s = settings.call_shared_after_end_h * 3600
    return CallsRules(
        settings.call_recording,
        settings.call_clips_keep_h,
        CallRules(settings.site_name, settings.call_end_after_h * 3600, shared_s),
        CallerRules(
            settings.site_name,
            settings.caller_data_cap_mb,
            redeem=Buckets(20, 3.0),
            reports=Buckets(40, 0.4),
        ),
    )


def outside_of(settings: Settings, chosen: Adapters, plane: MediaPlane) -> Outside:
    """The ports of the 119 side."""
    sms = chosen.sms or _sms(settings)
    return Outside(plane, sms, SecretTokens(), settings.data_dir / CLIPS)


def _sms(settings: Settings) -> SmsGateway:
    hook = sms_hook_of(settings)
    return SmsHook(hook, settings.sms_hook_timeout_s) if hook.url else NoSms()
