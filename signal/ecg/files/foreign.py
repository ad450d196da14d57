"""Which other format a file is of, by its first bytes: what cannot be read is at least called by its name."""

from __future__ import annotations

HEAD_BYTES = 4096
"""So many first bytes tell every format here."""
FORMATS_READ = "WFDB (a .hea header with its signal file)"

_BEGINNINGS = (
    (b"ISHNE1.0", "an ISHNE Holter recording"),
    (b"\xffBIOSEMI", "a BDF recording"),
    (b"0       ", "an EDF recording"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
    (b"MSH|", "an HL7 v2 message"),
    (b"@  MFER", "an MFER recording"),
)
_MARKUP = (
    (b"restingecgdata", "a Philips ECG (Sierra XML)"),
    (b"<RestingECG", "a GE MUSE ECG (XML)"),
    (b"AnnotatedECG", "an HL7 annotated ECG (aECG)"),
    (b"<sapphire", "a GE Sapphire ECG (XML)"),
    (b"CardiologyXML", "a GE CardioSoft ECG (XML)"),
    (b"resourceType", "a FHIR document"),
    (b"<?xml", "an XML file"),
)
_SUFFIXES = {
    ".dcm": "a DICOM file", ".scp": "an SCP-ECG recording", ".ecg": "an ECG recording of another format",
    ".mwf": "an MFER recording", ".edf": "an EDF recording", ".bdf": "a BDF recording",
    ".xml": "an XML file", ".pdf": "a PDF document", ".csv": "a table (CSV)", ".txt": "a text file",
    ".jpg": "a JPEG picture", ".jpeg": "a JPEG picture", ".png": "a PNG picture", ".zip": "a ZIP archive",
    ".json": "a JSON file",
}  # fmt: skip


def foreign_format(name: str, head: bytes) -> str | None:
    """What the file is ("a DICOM file"), None where it may belong to a WFDB record.

    Args:
        name: with its suffix.
        head: the first ``HEAD_BYTES`` of it, or all it has.
    """
    if head[128:132] == b"DICM":
        return "a DICOM file"
    if head[16:22] == b"SCPECG":
        return "an SCP-ECG recording"
    for beginning, words in _BEGINNINGS:
        if head.startswith(beginning):
            return words
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith((b"<", b"{")):
        plain = head.replace(b"\0", b"")
        found = next((words for mark, words in _MARKUP if mark in plain), None)
        if found is not None:
            return found
    dot = name.rfind(".")
    return _SUFFIXES.get(name[dot:].lower()) if dot > 0 else None


def foreign_words(name: str, words: str) -> str:
    """One sentence for the person who gave such a file."""
    return (
        f"{name} is {words}, which cannot be read here; what is read: {FORMATS_READ}. "
        "Export the ECG in that format."
    )
