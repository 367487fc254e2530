"""Who is like whom, and what follows for one reader: rules without rows.

`attributes` turns situations into codes and distances, `estimates` weighs the reviews of people like the reader,
`intervals` says how sure that is, `ordering` puts the reviews in order, `learning` finds the bandwidths. Only the last
one needs numpy, and no page imports it. The formulae are explained in docs/fit.md.
"""
