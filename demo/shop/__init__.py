"""Larkfell, a shop like any other: it stands on its own origin and reaches Touchstone only over HTTP.

catalogue.py  what it sells, from demo/data/catalogue.json
art.py        the product pictures, drawn
setting.py    where Touchstone is, and the keys, from .demo/info.json
markup.py     HTML without a template engine: everything that is not Html is escaped
pages.py      the pages
server.py     WSGI: requests, the cookies of the shop, headers
"""
