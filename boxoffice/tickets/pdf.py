"""A ticket as a PDF of one A6 page, written directly: some lines of text and a QR code of squares.

The text is in Helvetica, which every reader has, so no font is embedded. It knows the letters of
western Europe (cp1252); others are written in Latin letters. The page in the browser shows all.
"""

from __future__ import annotations

from collections.abc import Sequence

from anyascii import anyascii

WIDTH, HEIGHT = 298, 420  # A6 in points
MARGIN = 24
CODE = 190  # side of the code, in points
TITLE, TEXT = 17, 10
WIDE = 0.55  # of the size, a letter on average


def page(lines: Sequence[str], modules: Sequence[bytes]) -> bytes:
    """Return the PDF: the first line large, the others below it, then the code."""
    drawn = [*_text(lines), *_code(modules)]
    content = "\n".join(drawn).encode("cp1252")
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 6 0 R "
                "/Resources << /Font << /B 4 0 R /R 5 0 R >> >> >>"
            ).encode(),
            _font("Helvetica-Bold"),
            _font("Helvetica"),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    )


def _text(lines: Sequence[str]) -> list[str]:
    drawn, y = list[str](), HEIGHT - MARGIN
    for n, line in enumerate(lines):
        font, size = ("B", TITLE) if n == 0 else ("R", TEXT)
        for part in _wrapped(_latin(line), int((WIDTH - 2 * MARGIN) / (WIDE * size))):
            y -= round(size * 1.35)
            drawn.append(f"BT /{font} {size} Tf {MARGIN} {y} Td ({_escaped(part)}) Tj ET")
    return drawn


def _wrapped(text: str, width: int) -> list[str]:
    parts = [""]
    for word in text.split():
        longer = f"{parts[-1]} {word}".strip()
        if len(longer) <= width or not parts[-1]:
            parts[-1] = longer
        else:
            parts.append(word)
    return parts[:3]


def _code(modules: Sequence[bytes]) -> list[str]:
    side = CODE / len(modules)
    left, top = (WIDTH - CODE) / 2, MARGIN + CODE
    return [
        f"{left + x * side:.3f} {top - (y + 1) * side:.3f} {side:.3f} {side:.3f} re f"
        for y, row in enumerate(modules)
        for x, dark in enumerate(row)
        if dark
    ]


def _latin(text: str) -> str:
    return "".join(c if _is_western(c) else anyascii(c) for c in text)


def _is_western(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return char.isprintable()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _font(name: str) -> bytes:
    kind = "/Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding"
    return f"<< {kind} /BaseFont /{name} >>".encode()


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), list[int]()
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
