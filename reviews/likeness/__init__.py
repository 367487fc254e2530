"""Who is like whom, and what follows for one reader: rules without rows.

`attributes` turns situations into codes and distances, `estimates` weighs the reviews of people like the reader,
`intervals` says how sure that is, `cells` adds reviews up, `ordering` puts them in order. `learning` finds the
bandwidths; it and what it stands on (`sampling`, `blocks`, `widths`), and `expecting`, need numpy, and no page imports
them. The formulae are explained in docs/fit.md.
"""
