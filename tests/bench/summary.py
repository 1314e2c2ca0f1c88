#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""summary.py RESULTS.md README.md PLOT.svg

Five figures of RESULTS.md, as the table between "<!-- bench -->" and "<!-- end -->" in README.md, and as PLOT.svg. It
uses only RESULTS.md, so the same results give the same bytes.
"""
import html
import math
import re
import sys

# figure, case and unit as in RESULTS.md; what the reader gets; is less better; logarithmic
ROWS = (
    ('open', 'last hit to element', 'us', 'from the last hit to the open door', 'us', True, True),
    ('hits', 'handled', 'hits/s', 'hits handled', '/s', False, False),
    ('flood', '20000 hits/s', '% open', 'knocks that open during 20,000 forged hits/s', '%', False, False),
    ('idle', 'smallest packets, firewall', '% of without', 'rate of the smallest packets through a gateway', '%', False, False),
    ('memory', 'idle', 'KiB', 'memory of an idle daemon', 'KiB', True, False),
)
# as in RESULTS.md, and for the reader
CONTESTANTS = (
    ('knockd-nft', 'knockd-nft', '#2a6f97'),
    ('knockd 0.8', 'knockd 0.8', '#a9a9a9'),
    ('fwknopd', 'fwknop 2.6', '#a9a9a9'),
    ('nftables alone', 'rules of nft alone', '#d0d0d0'),
)


def medians(text):
    """(figure, case, unit, contestant): median, for each line of each table."""
    found = {}
    for figure, part in re.findall(r'<!-- (\w+) -->\n(.*?)<!-- end -->', text, re.S):
        for line in part.splitlines():
            cells = [cell.strip() for cell in line.strip('|').split('|')]
            if len(cells) == 7 and re.fullmatch(r'[0-9.,]+', cells[2]):
                case, contestant, median, unit = cells[:4]
                found[figure, case, unit, contestant] = float(median.replace(',', ''))
    return found


def number(value):
    return f'{value:,.0f}' if value >= 100 or value == int(value) else f'{value:.1f}'


def cell(value, unit):
    if value is None:
        return '–'
    return number(value) + (unit if unit in ('%', '/s') else f' {unit}')


def pick(found):
    """[(text, unit, logarithmic, [value or None for each contestant])]"""
    rows = []
    for figure, case, unit, text, shown, less, logarithmic in ROWS:
        values = [found.get((figure, case, unit, name)) for name, _, _ in CONTESTANTS]
        if values[0] is None:
            sys.exit(f'summary.py: no line "{case}" ({unit}) of {CONTESTANTS[0][0]} in figure {figure}')
        rows.append((f'{text} ({"less" if less else "more"} is better)', shown, logarithmic, values))
    return rows


def table(rows):
    lines = ['| | ' + ' | '.join(shown for _, shown, _ in CONTESTANTS) + ' |', '|---|' + '---:|' * len(CONTESTANTS)]
    for text, unit, _, values in rows:
        lines.append(f'| {text} | ' + ' | '.join(cell(value, unit) for value in values) + ' |')
    return '\n'.join(lines)


def plot(rows):
    out, y = [], 28
    for text, unit, logarithmic, values in rows:
        top = max(value for value in values if value is not None)
        least = min(value for value in values if value)
        decades = math.log10(top / least) + 0.5

        def width(value):
            share = value / top
            if logarithmic and value:
                share = 1 + math.log10(share) / decades
            return 420 * share

        scale = ', logarithmic scale' if logarithmic else ''
        out.append(f'<text x="10" y="{y}" font-weight="bold">{html.escape(text + scale)}</text>')
        for (_, shown, color), value in zip(CONTESTANTS, values):
            y += 19
            out.append(f'<text x="150" y="{y}" text-anchor="end">{html.escape(shown)}</text>')
            if value is not None:
                out.append(f'<rect x="160" y="{y - 11}" width="{width(value):.1f}" height="14" fill="{color}"/>')
            label = cell(value, unit)
            out.append(f'<text x="{168 + (width(value) if value else 0):.1f}" y="{y}">{html.escape(label)}</text>')
        y += 32
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="{y - 10}" font-family="sans-serif" '
            'font-size="12"><title>knockd-nft beside others, from tests/bench/RESULTS.md</title>'
            '<rect width="100%" height="100%" fill="white"/>')
    return '\n'.join([head] + out + ['</svg>', ''])


def main():
    results, readme, picture = sys.argv[1:4]
    with open(results, encoding='utf-8') as file:
        rows = pick(medians(file.read()))
    with open(readme, encoding='utf-8') as file:
        text = file.read()
    text, n = re.subn('<!-- bench -->.*?<!-- end -->', lambda _: f'<!-- bench -->\n{table(rows)}\n<!-- end -->', text,
                      flags=re.S)
    if n != 1:
        sys.exit(f'summary.py: {readme} has {n} places for the table')
    with open(readme, 'w', encoding='utf-8') as file:
        file.write(text)
    with open(picture, 'w', encoding='utf-8') as file:
        file.write(plot(rows))


main()
