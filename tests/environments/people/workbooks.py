"""Workbooks made by hand, as small as a spreadsheet still opens them. No library that writes them is needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
ODS_NAMES = " ".join(
    [
        *(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")),
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)

HIDDEN_SHEET, OUTSIDE = ' state="hidden"', ' TargetMode="External"'

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Formula:
    """With what it came to when the workbook was stored."""

    text: str
    value: str


@dataclass(frozen=True)
class Day:
    """Counted as Excel does: days since 30 December 1899."""

    number: int


@dataclass(frozen=True)
class Sheet:
    """``hidden_rows``, ``links`` and ``merged`` name places as Excel does: 2, "B2", "C2:C3"."""

    name: str
    rows: Sequence[Sequence[Value | Formula | Day]]
    hidden: bool = False
    hidden_rows: Sequence[int] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    merged: Sequence[str] = ()
    extra: str = ""  # raw rows behind the others


def pack(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def letter(column: int) -> str:
    left, right = divmod(column, 26)
    return (chr(64 + left) if left else "") + chr(65 + right)


def xlsx(*sheets: Sheet, **more: str | bytes) -> bytes:
    numbers = range(1, len(sheets) + 1)
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": HEAD
        + f'<Types xmlns="{PACKAGE}/content-types">'
        + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + f'<Override PartName="/xl/workbook.xml" ContentType="{SPREADSHEET}.sheet.main+xml"/></Types>',
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml", False)]),
        "xl/workbook.xml": HEAD
        + f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="rId{number}"'
            f"{HIDDEN_SHEET if sheet.hidden else ''}/>"
            for number, sheet in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [(f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml", False) for number in numbers]
            + [("rId900", "styles", "styles.xml", False)]
        ),
        "xl/styles.xml": HEAD
        + f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    for number, sheet in zip(numbers, sheets, strict=True):
        files[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheet)
        if sheet.links:
            found = [(f"rId{place}", "hyperlink", target, True) for place, target in enumerate(sheet.links.values(), 1)]
            files[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = _relations(found)
    return pack(files | more)


def _relations(found: Sequence[tuple[str, str, str, bool]]) -> str:
    rows = (
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target={quoteattr(target)}{OUTSIDE if outside else ""}/>'
        for key, kind, target, outside in found
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{"".join(rows)}</Relationships>'


def _sheet(sheet: Sheet) -> str:
    rows = ""
    for number, cells in enumerate(sheet.rows, 1):
        hidden = ' hidden="1"' if number in sheet.hidden_rows else ""
        inside = "".join(_cell(f"{letter(place)}{number}", value) for place, value in enumerate(cells))
        rows += f'<row r="{number}"{hidden}>{inside}</row>'
    links = "".join(f'<hyperlink ref="{place}" r:id="rId{number}"/>' for number, place in enumerate(sheet.links, 1))
    merged = "".join(f'<mergeCell ref="{place}"/>' for place in sheet.merged)
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheetData>{rows}{sheet.extra}</sheetData>'
        + (f"<mergeCells>{merged}</mergeCells>" if merged else "")
        + (f"<hyperlinks>{links}</hyperlinks>" if links else "")
        + "</worksheet>"
    )


def _cell(place: str, value: Value | Formula | Day) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{value}</v></c>'
        case Day():
            return f'<c r="{place}" s="1"><v>{value.number}</v></c>'
        case Formula():
            return f'<c r="{place}" t="str"><f>{escape(value.text)}</f><v>{escape(value.value)}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def ods(*sheets: Sheet, **more: str | bytes) -> bytes:
    """As LibreOffice writes it, with the rest of the sheet as one repeated empty row."""
    hidden = (
        '<office:automatic-styles><style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
        "</office:automatic-styles>"
    )
    tables = "".join(_table(sheet) for sheet in sheets)
    content = (
        f'{HEAD}<office:document-content {ODS_NAMES} office:version="1.3">{hidden}'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'{HEAD}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return pack({"mimetype": ODS, "content.xml": content, "META-INF/manifest.xml": manifest} | more)


def _table(sheet: Sheet) -> str:
    rows = ""
    for number, cells in enumerate(sheet.rows, 1):
        hidden = ' table:visibility="filter"' if number in sheet.hidden_rows else ""
        inside = "".join(_ods_cell(sheet, f"{letter(place)}{number}", value) for place, value in enumerate(cells))
        rows += f"<table:table-row{hidden}>{inside}{_empty(1000)}</table:table-row>"
    style = ' table:style-name="ta2"' if sheet.hidden else ""
    rest = f'<table:table-row table:number-rows-repeated="1048000">{_empty(1024)}</table:table-row>'
    return f"<table:table table:name={quoteattr(sheet.name)}{style}>{rows}{sheet.extra}{rest}</table:table>"


def _empty(columns: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{columns}"/>'


def _ods_cell(sheet: Sheet, place: str, value: Value | Formula | Day) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        about = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {about}><text:p>{value}</text:p></table:table-cell>"
    if isinstance(value, Formula):
        formula, value = f" table:formula={quoteattr('of:' + value.text)}", value.value
    else:
        formula = ""
    inside = "".join(f"<text:p>{escape(part)}</text:p>" for part in str(value).split("\n"))
    if target := sheet.links.get(place):
        inside = f"<text:p><text:a xlink:href={quoteattr(target)}>{escape(str(value))}</text:a></text:p>"
    span = next((one for one in sheet.merged if one.startswith(place + ":")), "")
    rows = (
        int("".join(filter(str.isdigit, span.partition(":")[2])) or 0) - int("".join(filter(str.isdigit, place))) + 1
        if span
        else 0
    )
    spanned = f' table:number-rows-spanned="{rows}" table:number-columns-spanned="1"' if rows else ""
    return f'<table:table-cell office:value-type="string"{formula}{spanned}>{inside}</table:table-cell>'
