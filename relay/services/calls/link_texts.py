"""A caller's link: its address, its QR code, and the SMS that carries it."""

from __future__ import annotations

import io

LANGUAGES = ("ja", "ja-easy", "en", "zh-Hans", "ko", "vi", "pt-BR")
"""Languages of the caller's page."""
SMS = {
    "ja": "【{site}】119番の映像通報です。リンクを開き、大きなボタンを押してください。",
    "ja-easy": "【{site}】119ばんです。したの リンクを おして ください。",
    "en": "{site} (119): open this link and press the big button.",
    "zh-Hans": "【{site}】119视频报警：请打开链接，点击大按钮。",
    "ko": "[{site}] 119 영상 신고: 링크를 열고 큰 버튼을 누르세요.",
    "vi": "{site} (119): hãy mở liên kết và nhấn nút lớn.",
    "pt-BR": "{site} (119): abra o link e toque no botão grande.",
}


def link_of(base_url: str, token: str, language: str) -> str:
    """The link; its secret stands behind ``#``, which no browser sends and no log holds."""
    tail = f"~{language}" if language else ""
    return f"{base_url}/live#{token}{tail}"


def sms_text(site_name: str, url: str, language: str) -> str:
    """Who sends it, what to do, and one link."""
    return f"{SMS.get(language, SMS['ja']).format(site=site_name)}\n{url}"


def qr_svg(url: str) -> str:
    """The link as a QR code, to be shown on another screen."""
    import segno

    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=4, scale=8, dark="#000", light="#fff"
    )
    return out.getvalue().decode()
