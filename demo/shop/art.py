"""Pictures of the products, drawn as SVG in each product's three colours: (main, accent, light)."""

from __future__ import annotations

from collections.abc import Callable

Colours = tuple[str, str, str]


def picture(art: str, colours: Colours, *, title: str) -> str:
    """A whole SVG document, 480 × 360; `title` must be escaped already."""
    main, accent, _ = colours
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 360" role="img">'
        f"<title>{title}</title>"
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{main}" '
        f'stop-opacity=".10"/><stop offset="1" stop-color="{main}" stop-opacity=".24"/></linearGradient>'
        f'<linearGradient id="m" x1="0" y1="0" x2=".4" y2="1"><stop offset="0" stop-color="{main}"/>'
        f'<stop offset="1" stop-color="{main}" stop-opacity=".82"/></linearGradient></defs>'
        '<rect width="480" height="360" fill="#fbfaf7"/><rect width="480" height="360" fill="url(#g)"/>'
        f'<path d="M0 292 C90 262 150 284 236 266 S400 240 480 270 V360 H0Z" fill="{accent}" opacity=".10"/>'
        f"{DRAWN[art](colours)}</svg>"
    )


def shoe(colours: Colours) -> str:
    return _shadow(240, 288, 168) + _sole(colours) + _upper(colours)


def trail_shoe(colours: Colours) -> str:
    main, accent, light = colours
    lugs = "".join(
        f'<path d="M{x} 277 l4 13 h12 l4 -13Z" fill="{light}"/>'
        for x in (100, 130, 160, 190, 222, 254, 286, 318, 350, 376)
    )
    guard = (
        f'<path d="M356 226 C384 232 402 242 404 258 L372 256 C366 244 360 236 356 226Z" fill="{accent}"/>'
    )
    return _shadow(240, 294, 168) + lugs + _sole((main, accent, light)) + _upper(colours) + guard


def _sole(colours: Colours) -> str:
    _, accent, light = colours
    return (
        f'<path d="M76 246 C70 232 80 226 100 230 L290 246 C340 250 392 246 406 254 C418 '
        f"262 412 280 392 282 L112 282 "
        f'C90 282 80 264 76 246Z" fill="{light}" stroke="#00000022" stroke-width="2"/>'
        f'<path d="M82 266 C180 276 320 274 412 264 C410 276 404 282 392 282 L112 282 C96 282 88 276 82 266Z" '
        f'fill="{accent}" opacity=".85"/>'
    )


def _upper(colours: Colours) -> str:
    _, accent, light = colours
    laces = "".join(
        f'<path d="M{x} {y} q14 -4 22 -18" stroke="{light}" stroke-width="6" '
        f'stroke-linecap="round" fill="none"/>'
        for x, y in ((214, 160), (232, 178), (252, 194), (274, 207))
    )
    return (
        '<path d="M94 234 C82 196 84 148 98 122 C104 110 118 108 126 118 C138 134 152 138 170 132 L206 116 '
        'C216 112 226 116 232 124 C258 160 294 186 340 200 C382 212 404 226 406 252 C330 252 180 244 94 234Z" '
        'fill="url(#m)"/>'
        f'<path d="M98 122 C104 110 118 108 126 118 C138 134 152 138 170 132 L176 150 '
        f'C150 158 124 150 108 128Z" '
        f'fill="{accent}" opacity=".9"/>'
        f'<path d="M92 200 C90 214 92 226 94 234 L150 240 C146 216 126 200 92 200Z" fill="{accent}"/>'
        f'<path d="M166 238 C196 226 214 206 222 182 C236 214 264 232 300 246 C252 246 206 243 166 238Z" '
        f'fill="{light}" opacity=".55"/>'
        f'<path d="M198 120 C212 142 262 196 300 208" stroke="#00000030" stroke-width="3" fill="none"/>{laces}'
    )


def jacket(colours: Colours) -> str:
    _, accent, light = colours
    return (
        _shadow(240, 316, 110)
        + '<path d="M176 92 L118 118 C104 150 92 214 88 268 L124 278 L148 196 L148 306 '
        "C206 316 274 316 332 306 "
        'L332 196 L356 278 L392 268 C388 214 376 150 362 118 L304 92Z" fill="url(#m)"/>'
        f'<path d="M176 92 C178 56 204 38 240 38 C276 38 302 56 304 92 C288 114 264 124 '
        f'240 124 C216 124 192 114 176 92Z" '
        f'fill="{accent}"/>'
        f'<path d="M198 90 C202 68 218 58 240 58 C262 58 278 68 282 90 C270 106 256 112 '
        f'240 112 C224 112 210 106 198 90Z" '
        f'fill="#00000038"/>'
        f'<path d="M240 122 V312" stroke="{light}" stroke-width="5" stroke-dasharray="7 4"/>'
        f'<path d="M148 168 C176 182 206 188 240 188 M332 168 C304 182 274 188 240 188" stroke="#00000022" '
        'stroke-width="3" fill="none"/>'
        f'<path d="M172 262 l34 -26 M308 262 l-34 -26" stroke="{light}" stroke-width="6" '
        f'stroke-linecap="round"/>'
        f'<path d="M88 258 L124 268 L124 278 L88 268Z M392 258 L356 268 L356 278 L392 268Z" fill="{accent}"/>'
    )


def headlamp(colours: Colours) -> str:
    main, accent, light = colours
    return (
        f'<path d="M262 190 L470 96 V300 L262 214Z" fill="{light}" opacity=".75"/>'
        f'<path d="M120 214 C92 160 132 96 214 92 C262 90 296 116 304 150" stroke="{accent}" stroke-width="26" '
        'fill="none" stroke-linecap="round"/>'
        f'<path d="M120 214 C132 250 178 268 226 258" stroke="{accent}" stroke-width="26" fill="none" '
        'stroke-linecap="round"/>'
        f'<path d="M124 168 C140 128 180 106 226 106" stroke="#ffffff55" stroke-width="5" fill="none" '
        'stroke-dasharray="12 9"/>'
        f'<rect x="212" y="142" width="92" height="116" rx="26" fill="{main}"/>'
        f'<rect x="212" y="142" width="92" height="116" rx="26" fill="none" '
        f'stroke="#00000028" stroke-width="3"/>'
        f'<circle cx="262" cy="198" r="34" fill="#fff"/><circle cx="262" cy="198" r="34" fill="{light}"/>'
        f'<circle cx="262" cy="198" r="21" fill="#fff"/><circle cx="262" cy="198" r="9" fill="{light}"/>'
        f'<rect x="240" y="130" width="36" height="14" rx="6" fill="{accent}"/>'
    )


def belt_lamp(colours: Colours) -> str:
    main, accent, light = colours
    return (
        f'<path d="M196 214 L60 344 H420 L284 214Z" fill="{light}" opacity=".8"/>'
        f'<ellipse cx="240" cy="168" rx="160" ry="62" fill="none" stroke="{accent}" stroke-width="24"/>'
        f'<ellipse cx="240" cy="160" rx="160" ry="60" fill="none" stroke="#ffffff30" stroke-width="4"/>'
        f'<rect x="182" y="192" width="116" height="62" rx="22" fill="{main}"/>'
        f'<circle cx="218" cy="223" r="17" fill="#fff"/><circle cx="262" cy="223" r="17" fill="#fff"/>'
        f'<circle cx="218" cy="223" r="8" fill="{light}"/><circle cx="262" cy="223" r="8" fill="{light}"/>'
    )


def vest(colours: Colours) -> str:
    _, accent, light = colours
    flask = (
        '<rect x="{x}" y="176" width="42" height="92" rx="18" fill="{light}" '
        'stroke="#00000022" stroke-width="2"/>'
        '<path d="M{m} 176 v-18 q0 -8 -8 -14" stroke="{light}" stroke-width="9" '
        'fill="none" stroke-linecap="round"/>'
    )
    return (
        _shadow(240, 318, 110)
        + '<path d="M170 54 C128 92 120 176 130 292 C164 306 200 306 226 296 L222 168 C204 136 192 96 196 56Z" '
        'fill="url(#m)"/>'
        '<path d="M310 54 C352 92 360 176 350 292 C316 306 280 306 254 296 L258 168 C276 136 288 96 284 56Z" '
        'fill="url(#m)"/>'
        f'<path d="M170 54 C196 70 284 70 310 54 L304 84 C270 100 210 100 176 84Z" fill="{accent}"/>'
        + flask.format(x=146, m=167, light=light)
        + flask.format(x=292, m=313, light=light)
        + f'<path d="M140 218 H208 V286 C180 294 156 292 136 284Z" fill="{accent}" opacity=".92"/>'
        f'<path d="M340 218 H272 V286 C300 294 324 292 344 284Z" fill="{accent}" opacity=".92"/>'
        f'<path d="M212 150 H268 M214 196 H266" stroke="{accent}" stroke-width="8" stroke-linecap="round"/>'
        f'<circle cx="240" cy="150" r="6" fill="{light}"/><circle cx="240" cy="196" r="6" fill="{light}"/>'
    )


def belt(colours: Colours) -> str:
    main, accent, light = colours
    return (
        _shadow(240, 282, 150)
        + f'<ellipse cx="240" cy="190" rx="172" ry="66" fill="none" stroke="{accent}" stroke-width="22"/>'
        f'<path d="M92 206 C120 246 180 260 240 260 S360 246 388 206 L392 238 C352 284 '
        f'290 292 240 292 S128 284 88 238Z" '
        f'fill="{main}"/>'
        f'<rect x="128" y="150" width="58" height="122" rx="20" fill="{light}" '
        f'stroke="#00000022" stroke-width="2" '
        'transform="rotate(-14 157 211)"/>'
        f'<rect x="140" y="128" width="30" height="26" rx="8" fill="{accent}" transform="rotate(-14 157 211)"/>'
        f'<path d="M226 270 h96" stroke="{light}" stroke-width="5" stroke-dasharray="8 5"/>'
    )


def pack(colours: Colours) -> str:
    _, accent, light = colours
    return (
        _shadow(240, 318, 116)
        + f'<path d="M206 58 C206 30 274 30 274 58" stroke="{accent}" stroke-width="12" fill="none"/>'
        f'<path d="M148 120 C116 150 112 220 126 270 M332 120 C364 150 368 220 354 270" stroke="{accent}" '
        'stroke-width="20" fill="none" stroke-linecap="round"/>'
        '<path d="M150 128 C150 78 184 54 240 54 S330 78 330 128 V276 C330 302 312 312 '
        "286 312 H194 C168 312 150 302 150 "
        '276Z" fill="url(#m)"/>'
        f'<path d="M150 128 C176 148 304 148 330 128 V150 C300 170 180 170 150 150Z" fill="{accent}"/>'
        f'<rect x="176" y="196" width="128" height="92" rx="18" fill="{accent}" opacity=".5"/>'
        f'<path d="M188 216 H292" stroke="{light}" stroke-width="5" stroke-dasharray="7 4"/>'
        f'<path d="M240 92 v28" stroke="{light}" stroke-width="6" stroke-linecap="round"/>'
    )


def bottle(colours: Colours) -> str:
    main, accent, light = colours
    return (
        _shadow(240, 318, 76) + f'<rect x="212" y="44" width="56" height="44" rx="10" fill="{accent}"/>'
        f'<path d="M206 88 H274 L286 122 C300 136 304 150 304 168 V288 C304 306 292 316 '
        f"276 316 H204 C188 316 176 306 176 "
        f'288 V168 C176 150 180 136 194 122Z" fill="{main}"/>'
        f'<rect x="192" y="170" width="96" height="104" rx="12" fill="{light}"/>'
        f'<path d="M240 186 C222 212 216 224 216 236 A24 24 0 0 0 264 236 C264 224 258 '
        f'212 240 186Z" fill="{accent}"/>'
    )


def sock(colours: Colours) -> str:
    _, accent, light = colours
    return (
        _shadow(236, 304, 110)
        + '<path d="M186 58 H262 V184 C262 206 280 216 302 222 C340 232 352 256 338 278 '
        "C330 292 314 296 292 296 H214 "
        'C190 296 178 280 178 256 C178 220 186 200 186 170Z" fill="url(#m)"/>'
        f'<path d="M186 58 H262 V92 H186Z" fill="{accent}"/>'
        f'<path d="M302 222 C340 232 352 256 338 278 C330 292 314 296 292 296 C284 270 '
        f'288 242 302 222Z" fill="{accent}"/>'
        f'<path d="M178 252 C200 250 216 262 222 296 H214 C190 296 178 280 178 256Z" fill="{accent}"/>'
        f'<path d="M186 108 H262 M186 122 H262" stroke="{light}" stroke-width="5"/>'
    )


def _shadow(x: int, y: int, width: int) -> str:
    return f'<ellipse cx="{x}" cy="{y}" rx="{width}" ry="13" fill="#1d2a33" opacity=".13"/>'


DRAWN: dict[str, Callable[[Colours], str]] = {
    "shoe": shoe,
    "trail_shoe": trail_shoe,
    "jacket": jacket,
    "headlamp": headlamp,
    "belt_lamp": belt_lamp,
    "vest": vest,
    "belt": belt,
    "pack": pack,
    "bottle": bottle,
    "sock": sock,
}
