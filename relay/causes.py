"""Every failure the program can tell apart: what happened, and what the person who can act reads.

One table for both ends. The id stands in the log line, in ``docs/causes.md`` and beside the words on the
screen, so that the person at the telephone and the engineer at the log speak of the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reader = Literal["crew", "hospital", "administrator", "engineer", "person"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One failure.

    Attributes:
        id: stable; ``docs/causes.md``.
        reader: who can act, and on whose screen it stands.
        ja / en: one sentence with what to do; ``{name}`` is filled in.
    """

    id: str
    reader: Reader
    ja: str
    en: str


_KEEPS = "（波形は保存中）"
_TABLE = (
    # the tablet's link: every one of these once read 圏外・保存中
    Cause("link-certificate-untrusted", "crew",
          f"サーバーの証明書を信頼できません。電波の問題ではありません。管理者に電話してください{_KEEPS}",
          "The relay's certificate is not trusted by this tablet. Moving will not help: phone the administrator (ECG is kept)."),
    Cause("link-certificate-expired", "crew",
          f"サーバーの証明書の期限が切れています（端末の日付 {{today}}）。日付が正しければ管理者に電話してください{_KEEPS}",
          "The relay's certificate has expired (this tablet's date is {today}). If the date is right, phone the administrator (ECG is kept)."),
    Cause("link-certificate-early", "crew",
          f"サーバーの証明書はまだ有効ではありません。端末の日付 {{today}} を確かめ、正しければ管理者に電話してください{_KEEPS}",
          "The relay's certificate is not valid yet. Check this tablet's date ({today}); if it is right, phone the administrator (ECG is kept)."),
    Cause("link-certificate-other-host", "crew",
          f"接続先の証明書は別のサーバーのものです。電波の問題ではありません。管理者に電話してください{_KEEPS}",
          "The certificate at this address belongs to another server. Moving will not help: phone the administrator (ECG is kept)."),
    Cause("link-no-tls", "crew",
          f"接続先と暗号化通信ができません。電波の問題ではありません。管理者に電話してください{_KEEPS}",
          "The address does not speak this tablet's encryption (TLS 1.3). Moving will not help: phone the administrator (ECG is kept)."),
    Cause("link-name-unknown", "crew",
          f"サーバーの名前が見つかりません。電波があれば管理者に電話してください{_KEEPS}",
          "The relay's name is not found. If there is a signal, phone the administrator (ECG is kept)."),
    Cause("link-not-answering", "crew",
          f"サーバーが応答しません。電波の問題ではありません。続くときは管理者に電話してください{_KEEPS}",
          "The relay does not answer although the network does. If it goes on, phone the administrator (ECG is kept)."),
    Cause("link-not-storing", "crew",
          f"サーバーが今は心電図を保存できません。電波の問題ではありません。続くときは管理者に電話してください{_KEEPS}",
          "The relay cannot store ECG now. Moving will not help: if it goes on, phone the administrator (ECG is kept)."),
    Cause("sends-too-much", "crew",
          f"この端末が短い間に多く送りすぎているため、サーバーはゆっくり受け取っています。続くときは管理者に電話してください{_KEEPS}",
          "This tablet sends very much in a short time; the relay takes it more slowly. If it goes on, phone the administrator (ECG is kept)."),
    Cause("cases-too-many", "crew",
          f"この端末が新しい傷病者を短い間に多く登録したため、次の登録は少し待ちます。操作していないときは管理者に電話してください{_KEEPS}",
          "This tablet has opened very many cases in a short time; the next one has to wait a little. If nobody did that, phone the administrator (ECG is kept)."),
    Cause("link-not-a-relay", "crew",
          f"接続先が救命リレーではありません。管理者に電話してください{_KEEPS}",
          "What answers at this address is not a relay. Phone the administrator (ECG is kept)."),
    Cause("link-token-unknown", "crew",
          f"この端末の登録がサーバーにありません。管理者に電話してください{_KEEPS}",
          "The relay does not know this tablet. Phone the administrator (ECG is kept)."),
    Cause("link-device-revoked", "crew",
          "この端末は使用を止められています（心電図はこの端末に残っています）。病院へは届きません。電話で伝え、管理者に電話してください",
          "This tablet was taken out of service: nothing reaches the hospital, the ECG stays on this tablet. Phone the hospital, and phone the administrator."),
    Cause("link-device-replaced", "crew",
          "この端末の登録は新しいものに替わりました（心電図はこの端末に残っています）。新しい登録を入れるまで病院へは届きません。電話で伝え、管理者に電話してください",
          "This tablet's registration was replaced by a new one: until that is entered nothing reaches the hospital, the ECG stays on this tablet. Phone the hospital, and phone the administrator."),
    Cause("link-not-allowed", "crew",
          f"この端末は許可されていません。管理者に電話してください{_KEEPS}",
          "This tablet is not allowed. Phone the administrator (ECG is kept)."),
    Cause("link-no-relay-here", "crew",
          f"接続先にサーバーがありません。管理者に電話してください{_KEEPS}",
          "There is no relay at this address. Phone the administrator (ECG is kept)."),
    Cause("link-refused", "crew",
          f"サーバーがこの端末を受け付けません（{{status}}）。管理者に電話してください{_KEEPS}",
          "The relay does not take this tablet ({status}). Phone the administrator (ECG is kept)."),
    # clocks
    Cause("clock-off", "crew",
          "端末の時計が{min}分ずれています（{way}）。この画面と病院の時刻はサーバーの時計で示します。端末の時刻を自動設定にしてください。",
          "This tablet's clock is {min} min {way_en}. Times here and at the hospital are the relay's. Switch the automatic time of the tablet on."),
    # files of an ECG cart
    Cause("file-other-format", "crew",
          "{file}：この形式は読めません（{what}）。WFDB形式で出力するか、紙を見せてください。",
          "{file} is {what} and cannot be read here. Export it as WFDB, or show the paper."),
    Cause("file-not-calibrated", "crew",
          "{file}：感度（1mVの大きさ）が書かれていないので送れません。心電計の出力設定を確かめるか、紙を見せてください。",
          "{file} does not say how large 1 mV is, so it was not sent. Check the device's export, or show the paper."),
    Cause("file-no-lead-names", "crew",
          "{file}：誘導の名前が書かれていないので送れません。心電計の出力設定を確かめるか、紙を見せてください。",
          "{file} does not name its leads, so it was not sent. Check the device's export, or show the paper."),
    Cause("file-incomplete", "crew",
          "{file}：ファイルが途中で切れているか、足りません。心電計からもう一度出力してください。",
          "{file} is cut off or a part of it is missing. Export it from the device again."),
    Cause("file-unusable", "crew",
          "{file}：読めないので送れません。心電計からもう一度出力するか、紙を見せてください。",
          "{file} cannot be read and was not sent. Export it again, or show the paper."),
    Cause("file-alone", "crew",
          "{file}：対になるファイルが届かないので送れません。心電計からもう一度出力してください。",
          "{file} lies alone: the file that belongs to it has not come. Export it from the device again."),
    Cause("file-not-moved", "crew",
          "{file}：取り込みましたが、フォルダから移せません。フォルダの書き込みを許可するよう管理者に知らせてください。",
          "{file} was taken but cannot be moved away. Ask the administrator to make the folder writable."),
    Cause("folder-unreadable", "crew",
          "心電計のフォルダ {file} が読めません。接続を確かめ、続くときは管理者に電話してください。",
          "The ECG device's folder {file} cannot be read. Check its connection; if it goes on, phone the administrator."),
    Cause("file-left-out", "crew",
          "{file}：12誘導のほかの信号は送りません（{what}）。",
          "{file}: signals that are no ECG leads were left out ({what})."),
    Cause("file-of-somebody-else", "crew",
          "{file}：別の人の心電図かもしれません：{doubts}。患者を確かめ、病院に伝えてください。",
          "{file} may be somebody else's ECG: {doubts_en}. Check the patient and tell the hospital."),
    Cause("devices-of-one-name", "crew",
          "「{name}」という名前の心電計が複数あります（{devices}）。管理者に電話し、どれを使うか設定してもらってください。",
          "There are several ECG devices named {name} ({devices}). Phone the administrator: one must be chosen (source_id)."),
    Cause("device-without-serial", "crew",
          "心電計「{name}」は製造番号を送らないので、同じ装置か分かりません。新しい記録を始めます。装置を確かめてください。",
          "The ECG device {name} sends no serial number, so nobody knows whether it is the same. A new recording begins: check the device."),
    Cause("device-another", "crew",
          "同じ名前の別の心電計があります。この記録の装置ではないので使いません。自分の装置なら「次の傷病者」を押してください。",
          "Another ECG device of the same name is there; it is not this recording's and is not used. If it is yours, press 'next patient'."),
    Cause("source-failed", "crew",
          "心電図の取り込みが止まりました。続けて試しています。続くときは管理者に電話してください。",
          "Taking the ECG failed; it is being tried again. If it goes on, phone the administrator."),
    # who is there to read
    Cause("nobody-can-read", "administrator",
          "この端末の送り先 {hospitals} には波形を判読できる利用者がいません。送る前に医師を登録してください。",
          "No hospital this tablet sends to ({hospitals}) has an account that may read an ECG. Add a physician: kyumei users add."),
    Cause("nobody-can-read-here", "crew",
          "送り先の病院に、画面で心電図を読める医師がまだ登録されていません。電話で伝え、管理者に知らせてください。",
          "The hospital this tablet sends to has no physician who could read the ECG on a screen. Phone the hospital, and tell the administrator."),
    # people's pages
    Cause("page-other-origin", "administrator",
          "サーバーの前の中継（プロキシ）が接続先の名前を変えています。管理者は KYUMEI_ORIGINS に {origin} を加えてください。",
          "A proxy before the relay changes the name pages come from. Add {origin} to KYUMEI_ORIGINS."),
    Cause("page-feed-blocked", "administrator",
          "サーバーの前の中継（プロキシ）がライブの通信を通していません。この画面は鳴りません。電話で受け、管理者に /feed/v1（WebSocket）を通すよう伝えてください。",
          "A proxy before the relay does not let the live connection through. This page cannot ring: use the phone, and tell the administrator to let /feed/v1 (WebSocket) through."),
    # passwords
    Cause("password-short", "person",
          "パスワードは13文字以上256文字までです。長い文にしてください。",
          "A password has 13 to 256 characters; choose a longer sentence."),
    Cause("password-guessable", "person",
          "推測されやすいパスワードです（よくある言葉、名前、日付、並んだキー）。自分だけの言葉を入れてください。",
          "This password is easily guessed: it is made of common words, names, dates or keys in a row. Put in words of your own."),
    Cause("password-same", "person",
          "今と同じパスワードです。新しいものにしてください。",
          "This is the password you have; choose a new one."),
    Cause("password-old-wrong", "person",
          "今のパスワードが違います。もう一度入力してください。",
          "The old password is wrong; try again."),
    # the store
    Cause("store-full", "hospital",
          "サーバーのディスクに空きがありません。新しい記録は保存されていません。読むことはできます。管理者に電話してください。",
          "The relay's disk is full: nothing new is being stored. Reading goes on. Phone the administrator to free space."),
    Cause("store-read-only", "hospital",
          "サーバーのディスクに書き込めません。新しい記録は保存されていません。読むことはできます。管理者に電話してください。",
          "The relay's disk takes no writes: nothing new is being stored. Reading goes on. Phone the administrator."),
    Cause("store-locked", "hospital",
          "サーバーのデータベースがほかの処理に使われています。新しい記録は保存されていません。続くときは管理者に電話してください。",
          "Another program holds the relay's database: nothing new is being stored. Reading goes on. If it lasts, phone the administrator."),
    Cause("store-failing", "hospital",
          "サーバーのディスクに異常があります。新しい記録は保存されていません。管理者に電話してください。",
          "The relay's disk is failing: nothing new is being stored. Phone the administrator."),
    Cause("ecg-not-stored", "hospital",
          "サーバーのディスクに空きがなく、新しい心電図は保存も表示もされません（救急車の端末には残ります）。判断の記録は続けられます。管理者に電話してください。",
          "The relay's disk has no room for ECG: new ECG is neither stored nor shown (the tablets keep it). Decisions are stored. Phone the administrator."),
    Cause("data-damaged", "administrator",
          "保存されたデータの一部が失われたか、変わっています。管理者はサーバーで kyumei verify を実行してください。",
          "Part of what was kept is gone or altered. The administrator runs kyumei verify on the relay's machine."),
    Cause("database-damaged", "administrator",
          "データベース {file} が壊れています。サービスを止め、{file} を別名で残し、バックアップから戻してください。",
          "The database {file} is damaged. Stop the relay, keep {file} under another name, and restore the backup (docs/ops/running.md)."),
    Cause("database-not-one", "administrator",
          "{file} はデータベースではありません。KYUMEI_DATA_DIR が正しいか確かめてください。",
          "{file} is not a database of ours. Check KYUMEI_DATA_DIR."),
    # ways by which alarms are told outside the pages
    Cause("way-slow", "administrator",
          "送信先が10秒以内に応答しません。送信先のサーバーと回線を確かめてください。",
          "The other side did not answer within ten seconds. Look whether its server is up and the line is free."),
    Cause("way-no-answer", "administrator",
          "送信先に接続できないか、途中で切れました。アドレス、ポート、ファイアウォールを確かめてください。",
          "Nobody answers at the address, or the connection was cut. Check address, port and firewall."),
    Cause("way-no-name", "administrator",
          "送信先の名前が見つかりません。つづりと DNS を確かめてください。",
          "The name of the other side is not found. Check its spelling and the name server (DNS)."),
    Cause("way-certificate", "administrator",
          "送信先の証明書を信頼できません。期限、名前、発行元を確かめてください。院内の認証局なら SSL_CERT_FILE で加えます。",
          "The certificate of the other side is not trusted. Check its date, name and issuer; an authority of your own is added with SSL_CERT_FILE."),
    Cause("way-no-tls", "administrator",
          "送信先と暗号化通信ができません。ポートと TLS の方式（STARTTLS か暗黙の TLS か）を確かめてください。",
          "The other side does not speak TLS as it should. Check the port, and whether it wants STARTTLS or implicit TLS."),
    Cause("way-password", "administrator",
          "送信先がこのサーバーを受け付けません。ユーザー名、パスワード、トークンを確かめてください。",
          "The other side does not accept this relay. Check name, password or token."),
    Cause("way-refused", "administrator",
          "送信先がこのメッセージを拒みました。送信先の設定とログを確かめてください。",
          "The other side refuses the message. Look at its settings and its log."),
    Cause("way-redirect", "administrator",
          "アドレスが別の場所へ転送しています。警報は転送先へ送りません。最終のアドレスを設定してください。",
          "The address points elsewhere, and an alarm is not sent after it. Set the final address."),
    Cause("way-gone", "administrator",
          "この宛先はもうありません。宛先を設定し直してください。通知の端末なら、その端末でもう一度登録してください。",
          "There is no such address any more. Set it anew; on a device that was to ring, press the button there once more."),
    Cause("way-busy", "administrator",
          "送信先が今は受け付けていません。時間をおいて自動で再送します。",
          "The other side takes nothing now. It is tried again by itself."),
    Cause("way-not-set-up", "administrator",
          "この方法はまだ設定されていません。docs/settings.md にある設定を入れてください。",
          "This way is not set up. Give the settings that docs/settings.md names for it."),
    Cause("way-unknown", "administrator",
          "この方法はこのサーバーにありません。設定を確かめてください。",
          "This relay has no such way. Check the settings."),
    Cause("way-too-late", "administrator",
          "サーバーが止まっていたため、間に合いませんでした。",
          "The relay was not running while there was still time to send it. Look at its log."),
    Cause("way-broke", "administrator",
          "送信中にサーバーの内部で異常が起きました。ログを確かめてください。",
          "Something broke inside the relay while it was sending. Look at its log."),
)  # fmt: skip
CAUSES: dict[str, Cause] = {cause.id: cause for cause in _TABLE}


def words(cause: str, **filled: object) -> dict[str, str]:
    """The words of a cause in both languages, with its id: ``cause``, ``words_ja``, ``words_en``.

    Raises:
        KeyError: there is no such cause, or a part to fill in is missing.
    """
    row = CAUSES[cause]
    return {
        "cause": row.id,
        "words_ja": row.ja.format(**filled),
        "words_en": row.en.format(**filled),
    }
